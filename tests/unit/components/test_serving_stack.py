"""The serving stack as a whole: its order, what every release and namespace of it has, and what it refuses.

That the values mean something to the charts is decided in tests/tools/test_charts.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components.kubernetes.cert_manager import CertManager
from components.kubernetes.keda import Keda
from components.kubernetes.knative_serving import KnativeServing
from components.kubernetes.kserve import KServe
from components.kubernetes.priority_classes import PriorityClasses
from components.kubernetes.serving_stack import ServingStack
from components.kubernetes.versions import CHARTS
from tests.unit.components.registering import Program, registered
from tests.unit.components.serving import (
    KNATIVE,
    LABELS,
    NAMESPACE,
    RELEASE,
    part_of,
    stack_args,
    stack_of,
)

ORDER = ["PriorityClasses", "CertManager", "Keda", "KnativeServing", "KServe"]


def positions(program: Program, part: str) -> list[int]:
    """Where the resources of a part come in the order of registration."""
    return [place for place, resource in enumerate(program.resources) if part_of(resource) == part]


@pytest.mark.parametrize("high_availability", [False, True])
def test_each_part_begins_when_all_of_the_one_before_is_there(high_availability: bool) -> None:
    program = stack_of(high_availability=high_availability)
    for before, after in pairwise(ORDER):
        assert max(positions(program, before)) < min(positions(program, after)), (before, after)


def test_the_engine_knows_the_order_too_so_that_it_takes_down_in_reverse() -> None:
    program = stack_of()
    parts = {
        resource.type.rpartition(":")[2]: resource
        for resource in program.resources
        if part_of(resource) == "ServingStack"
    }
    for before, after in pairwise(ORDER):
        waited_for = {urn.rpartition("::")[2] for urn in parts[after].dependencies}
        assert waited_for == {r.name for r in program.resources if part_of(r) == before}, (before, after)


def test_inside_kserve_definitions_come_first_and_runtimes_last() -> None:
    releases = [r for r in stack_of().of(RELEASE) if part_of(r) == "KServe"]
    assert [r.inputs["name"] for r in releases] == ["kserve-crd", "kserve-resources", "kserve-runtime-configs"]
    for before, after in pairwise(releases):
        assert any(urn.endswith(f"::{before.name}") for urn in after.dependencies)


def test_pulumi_never_uninstalls_kserves_definitions_and_everything_else() -> None:
    """All InferenceServices of the cluster would go with them, and the chart has no value that keeps them."""
    assert [r.name for r in stack_of().resources if r.retained] == ["serving-kserve-definitions"]


def test_knative_is_asked_for_when_its_operator_runs() -> None:
    (serving,) = stack_of().of(KNATIVE)
    assert any(urn.endswith("helm.sh/v3:Release::serving-knative-operator") for urn in serving.dependencies)


@pytest.mark.parametrize("high_availability", [False, True])
def test_every_release_waits_until_it_is_ready_and_is_taken_back_when_it_fails(high_availability: bool) -> None:
    releases = stack_of(high_availability=high_availability).of(RELEASE)
    for release in releases:
        inputs = release.inputs
        assert (inputs["atomic"], inputs["skipAwait"], inputs["waitForJobs"]) == (True, False, True), release.name
        assert inputs["createNamespace"] is False, "the namespace needs its labels first"
        assert inputs["timeout"] >= 300
    of_others = {"kyverno", "opencost"}  # which come after the stack
    assert {(r.inputs["name"], r.inputs["version"]) for r in releases} == {
        (c.name, c.version) for c in CHARTS if c.name not in of_others
    }


def test_every_namespace_is_restricted_and_there_before_what_is_in_it() -> None:
    program = stack_of()
    named = {resource.inputs["metadata"]["name"]: resource for resource in program.of(NAMESPACE)}
    for resource in named.values():
        labels = resource.inputs["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert labels.items() >= LABELS.items()
    for resource in (*program.of(RELEASE), *program.of(KNATIVE)):
        inside = resource.inputs.get("namespace") or resource.inputs["metadata"]["namespace"]
        assert any(urn.endswith(f"Namespace::{named[inside].name}") for urn in resource.dependencies), resource.name


def test_every_object_carries_the_platforms_labels() -> None:
    program = stack_of(high_availability=True)
    objects = [r for r in program.children if r.type.startswith("kubernetes:") and r.type != RELEASE]
    assert len(objects) > 10
    for resource in objects:
        assert resource.inputs["metadata"]["labels"].items() >= LABELS.items(), resource.name


def test_charts_come_from_their_own_address_or_all_from_the_mirror() -> None:
    public = {r.inputs["name"]: r.inputs for r in stack_of().of(RELEASE)}
    assert public["cert-manager"]["chart"] == "oci://quay.io/jetstack/charts/cert-manager"
    assert "repositoryOpts" not in public["cert-manager"]
    assert public["keda"]["chart"] == "keda"
    assert public["keda"]["repositoryOpts"] == {"repo": "https://kedacore.github.io/charts"}
    for release in stack_of(mirror={"charts": "oci://registry.example.com/charts"}).of(RELEASE):
        assert release.inputs["chart"] == f"oci://registry.example.com/charts/{release.inputs['name']}"
        assert "repositoryOpts" not in release.inputs


def test_a_preview_shows_the_same_resources() -> None:
    seen = [
        sorted((r.type, r.name) for r in stack_of(preview, high_availability=True).resources)
        for preview in (True, False)
    ]
    assert seen[0] == seen[1]


def test_ready_is_known_only_when_the_last_part_is_there() -> None:
    seen: list[str] = []

    def build() -> pulumi.Resource:
        stack = ServingStack("serving", stack_args())
        stack.ready.apply(seen.append)
        return stack

    registered(build)
    assert seen == ["kserve"]
    seen.clear()
    registered(build, preview=True)
    assert seen == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"longest_request_seconds": 599}, "longest_request_seconds is 599; at least 600"),
        ({"progress_deadline_seconds": 0}, "progress_deadline_seconds is 0; at least 1"),
        ({"domain": "https://models.example.com"}, "domain is 'https://models.example.com'; a domain name"),
        ({"engine_image": "docker.io/vllm/vllm-openai"}, "engine_image is .*; a tag that does not move"),
        ({"engine_image": "docker.io/vllm/vllm-openai:latest"}, "a tag that does not move"),
        ({"engine_image": f"docker.io/vllm/vllm-openai@sha256:{'0' * 64}"}, "a tag that does not move"),
        ({"external_authorization": {"host": "authorization"}}, "host and port are needed"),
        ({"external_authorization": {"host": "authorization:99999"}}, "host and port are needed"),
        ({"external_authorization": {"host": "a:1", "timeout_milliseconds": 0}}, "timeout_milliseconds is 0"),
        ({"mirror": {"charts": "https://charts.example.com"}}, "mirror.charts is .*; a folder of an OCI registry"),
        ({"mirror": {"charts": "oci://charts.example.com/"}}, "mirror.charts is"),
        ({"mirror": {"digests": {"ghcr.io/kedacore/keda": "sha256:1"}}}, r"mirror.digests\['ghcr.io/kedacore/keda'\]"),
        ({"mirror": {"images": {"docker.io": "m/d", "quay.io": "m/q"}}}, "comes from ghcr.io, which has no mirror"),
        ({"mirror": {"images": {"docker.io": "m/d", "quay.io": "m/q", "ghcr.io": "m/g"}}}, "comes from gcr.io"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        # outside a program nothing could be registered: any attempt would fail otherwise
        ServingStack("serving", stack_args(**changes))


def test_other_languages_can_use_every_part() -> None:
    parts = [PriorityClasses, CertManager, Keda, KnativeServing, KServe, ServingStack]
    schema = ComponentProvider(parts, "gemma-platform").schema
    assert schema is not None
    assert all(f"gemma-platform:index:{part.__name__}" in schema for part in parts)
