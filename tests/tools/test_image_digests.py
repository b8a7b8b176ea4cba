"""What the charts render with prod's own digests: every image by digest, but for those that the rule about images names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from components.kubernetes import cert_manager, kyverno
from components.kubernetes.chart_release import Mirror
from components.kubernetes.knative_serving import make_operator_values
from components.kubernetes.kserve_values import make_controller_values, make_runtime_values
from components.kubernetes.versions import (
    CERT_MANAGER,
    KNATIVE_OPERATOR,
    KSERVE_RESOURCES,
    KSERVE_RUNTIMES,
    KYVERNO,
    Chart,
)
from policy.rules.allowed_images import BY_DIGEST, WITHOUT_DIGEST
from sandbox.paths import ROOT
from sandbox.upstream.helm import rendered
from stacks.environment import read_environment
from stacks.installed_images import digests_by_name, installed_images
from tests.tools.charts.cases import ENGINE
from tests.tools.charts.objects import images

pytestmark = pytest.mark.tools

VALUES: dict[Chart, Callable[[Mirror], dict[str, Any]]] = {
    CERT_MANAGER: lambda mirror: cert_manager.make_values(True, mirror),
    KNATIVE_OPERATOR: make_operator_values,
    KSERVE_RESOURCES: lambda mirror: make_controller_values("models.example.com", True, mirror),
    KSERVE_RUNTIMES: lambda mirror: make_runtime_values(ENGINE, mirror),
    KYVERNO: lambda mirror: kyverno.make_values(True, mirror),
}


def prods() -> Mirror:
    """The digests that prod's settings name."""
    environment, _ = read_environment(ROOT, "prod")
    return Mirror(digests=digests_by_name(environment.settings, environment.catalogue))


@pytest.mark.parametrize("chart", VALUES, ids=lambda chart: chart.name)
def test_every_image_of_a_chart_is_named_by_digest_or_exempt_by_name(chart: Chart) -> None:
    found = images(rendered(chart, VALUES[chart](prods())))
    assert found
    by_tag = {image for image in found if not re.fullmatch(BY_DIGEST, image)}
    exempt = {image for image in by_tag if any(f"{one}:" in f"/{image}" for one in WITHOUT_DIGEST)}
    assert by_tag - exempt == set()


@pytest.mark.parametrize("chart", VALUES, ids=lambda chart: chart.name)
def test_what_the_list_names_are_the_references_that_the_chart_renders_by_itself(chart: Chart) -> None:
    environment, _ = read_environment(ROOT, "prod")
    listed = set(installed_images(environment.settings, environment.catalogue))
    by_tag = {image for image in images(rendered(chart, VALUES[chart](Mirror()))) if "@" not in image}
    unlisted = {image if "." in image.partition("/")[0] else f"docker.io/{image}" for image in by_tag} - listed
    # the chart's address of the project's leads to the registry that is listed
    unlisted = {image for image in unlisted if image.replace("reg.kyverno.io/", "ghcr.io/") not in listed}
    assert {image for image in unlisted if not any(f"{one}:" in image for one in WITHOUT_DIGEST)} == set()
