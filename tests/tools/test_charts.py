"""The charts of the serving stack with our values, rendered by the real Helm: every key that we set exists and does something,
images can be mirrored, pods are harmless and sized. The charts of KEDA and OpenCost cannot be had here: their keys are held
against tables.

What a cluster makes of it (readiness, webhooks, upgrades) is not decided here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.serving_stack import WEBHOOK_PORTS
from components.kubernetes.versions import (
    CERT_MANAGER,
    CHARTS,
    KEDA,
    KNATIVE_OPERATOR,
    KSERVE_RESOURCES,
    KSERVE_RUNTIMES,
    Chart,
)
from sandbox.upstream.helm import HelmError, rendered, rendered_text, templates_of, version_of
from sandbox.upstream.knative import manifests
from tests.kubernetes_api.kubeconform import validate
from tests.tools.charts.cases import CASES, HOST, OPENCOST_CASE, TABLED, WITH_DIGEST, Case, case_of
from tests.tools.charts.keys import leaves, tabled_defaults, unknown_keys, without
from tests.tools.charts.objects import called_ports, images, not_restricted, of_kind, pods, without_size

pytestmark = pytest.mark.tools

ALL = (*CASES, *TABLED)
#: Those that are more than definitions.
WITH_VALUES = [case for case in CASES if case.large]
#: Keys that say what the chart would do anyway, with the reason for saying it.
AS_SHIPPED: dict[str, dict[tuple[str, ...], str]] = {
    "kserve-resources": {
        ("kserve", "controller", *path): "a size is stated whole"
        for path in (
            ("resources", "requests", "cpu"),
            ("resources", "requests", "memory"),
            ("rbacProxy", "resources", "limits", "cpu"),
        )
    },
    "opencost": {("opencost", "customPricing", "enabled"): "the switch of placeholder prices is stated"},
}
#: Charts whose pods cannot name a priority class; the cluster's default class is there for them.
WITHOUT_PRIORITY = (KNATIVE_OPERATOR, KSERVE_RESOURCES)


def named(case: Case) -> str:
    return case.chart.name


@pytest.mark.parametrize("case", ALL, ids=named)
def test_every_key_that_we_set_is_one_that_the_chart_has(case: Case) -> None:
    assert unknown_keys(case.chart, case.small) == []
    assert unknown_keys(case.chart, case.large) == []


@pytest.mark.parametrize("case", [case for case in ALL if case.large], ids=named)
def test_a_misspelt_key_is_found_wherever_it_stands(case: Case) -> None:
    for path, _ in leaves(case.chart, case.large):
        problems = unknown_keys(case.chart, misspelt(case.large, path))
        assert problems, path
        assert all(f"{path[-1]}s" in problem for problem in problems)


def misspelt(values: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """The values with one letter too many at the end of one key."""
    key, *rest = path
    if not rest:
        return {(f"{name}s" if name == key else name): value for name, value in values.items()}
    return {**values, key: misspelt(values[key], tuple(rest))}


def test_helm_itself_takes_no_notice_of_a_misspelt_key_in_most_charts() -> None:
    """Why the test above is there."""
    wrong = {"kserve": {"controler": {"image": "x"}}}
    assert rendered(KSERVE_RESOURCES, wrong) == rendered(KSERVE_RESOURCES, {})
    with pytest.raises(HelmError, match="replicaCounts"):
        rendered(CERT_MANAGER, {"replicaCounts": 2})


@pytest.mark.parametrize("case", WITH_VALUES, ids=named)
def test_every_key_that_we_set_changes_what_is_installed(case: Case) -> None:
    whole = rendered_text(case.chart, case.large, case.namespace)
    idle = {
        path
        for path, _ in leaves(case.chart, case.large)
        if rendered_text(case.chart, without(case.large, path), case.namespace) == whole
    }
    assert idle == AS_SHIPPED.get(case.chart.name, {}).keys()


@pytest.mark.parametrize("case", TABLED, ids=named)
def test_every_key_that_we_set_of_a_tabled_chart_differs_from_its_default(case: Case) -> None:
    same = set()
    for path, value in leaves(case.chart, case.large):
        default: Any = tabled_defaults(case.chart)
        for key in path:
            default = default[key]
        if value == default:
            same.add(path)
    assert same == AS_SHIPPED.get(case.chart.name, {}).keys()


def test_opencosts_pod_is_harmless_and_sized_and_its_images_have_digests_where_the_mirror_names_them() -> None:
    """The chart hands these values on as they are: put together here as its template does."""
    for values in (OPENCOST_CASE.small, OPENCOST_CASE.large):
        exporter = values["opencost"]["exporter"]
        own = {"name": "opencost", "securityContext": exporter["securityContext"], "resources": exporter["resources"]}
        pod = {
            "securityContext": values["podSecurityContext"],
            "containers": [own, *values["opencost"].get("extraContainers", [])],
        }
        assert not_restricted(pod) == []
        assert without_size(pod) == []
    (frontend,) = OPENCOST_CASE.large["opencost"]["extraContainers"]
    assert "@sha256:" in frontend["image"]
    image = OPENCOST_CASE.large["opencost"]["exporter"]["image"]
    assert image["registry"] == f"{HOST}/ghcr"
    assert "@sha256:" in image["tag"]
    # without a mirror the digest is the chart's own
    assert "image" not in OPENCOST_CASE.small["opencost"]["exporter"]
    assert "@sha256:" in tabled_defaults(OPENCOST_CASE.chart)["opencost"]["exporter"]["image"]["tag"]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_charts_that_are_rendered_are_those_that_are_installed(case: Case) -> None:
    assert version_of(case.chart).removeprefix("v") == case.chart.version.removeprefix("v")


def test_every_chart_is_looked_at() -> None:
    assert {case.chart for case in ALL} == set(CHARTS)


@pytest.mark.parametrize("case", WITH_VALUES, ids=named)
def test_every_image_comes_from_the_mirror_and_with_the_digest_that_it_names(case: Case) -> None:
    public = images(rendered(case.chart, case.small, case.namespace))
    mirrored = images(rendered(case.chart, case.large, case.namespace))
    assert public
    assert len(mirrored) == len(public)
    for reference in mirrored:
        assert reference.startswith(f"{HOST}/"), f"{reference} is still pulled from its public registry"
        path = reference.removeprefix(f"{HOST}/").partition("/")[2]
        name = re.split("[:@]", path)[0]
        assert ("@sha256:" in reference) == any(one.endswith(f"/{name}") for one in WITH_DIGEST), reference


@pytest.mark.parametrize("case", WITH_VALUES, ids=named)
def test_no_image_has_a_tag_that_moves(case: Case) -> None:
    for reference in images(rendered(case.chart, case.small, case.namespace)):
        tag = reference.rpartition("/")[2].partition(":")[2]
        assert tag, f"{reference} has no tag"
        assert "latest" not in tag, reference


@pytest.mark.parametrize("case", WITH_VALUES, ids=named)
def test_every_pod_passes_pod_security_restricted_and_has_a_size(case: Case) -> None:
    for values in (case.small, case.large):
        for name, pod in pods(rendered(case.chart, values, case.namespace)):
            assert not_restricted(pod) == [], name
            assert without_size(pod) == [], name


@pytest.mark.parametrize("case", WITH_VALUES, ids=named)
def test_every_object_is_as_its_schema_says(case: Case) -> None:
    for values in (case.small, case.large):
        objects = rendered(case.chart, values, case.namespace)
        # no schema here: definitions themselves, and the one kind of KServe's that nothing of ours names
        unknown = ("CustomResourceDefinition", "ClusterStorageContainer")
        assert [str(found) for found in validate([made for made in objects if made["kind"] not in unknown])] == []


def test_what_pod_security_refuses_is_found() -> None:
    """The Knative operator's pods name no seccomp profile by themselves."""
    found = [not_restricted(pod) for _, pod in pods(rendered(KNATIVE_OPERATOR, {}))]
    assert found == [["operator-webhook: seccompProfile"], ["knative-operator: seccompProfile"]]


def test_controllers_have_the_platforms_priority_wherever_the_chart_can_say_so() -> None:
    case = case_of(CERT_MANAGER)
    for name, pod in pods(rendered(case.chart, case.small, case.namespace)):
        assert pod["priorityClassName"] == PLATFORM, name
    for tabled in TABLED:
        assert tabled.small["priorityClassName"] == PLATFORM
    for chart in WITHOUT_PRIORITY:
        assert "priorityClassName" not in templates_of(chart), f"{chart.name} can name a class now: let it"


def test_with_high_availability_there_are_two_of_each_part_and_one_may_go() -> None:
    case = case_of(CERT_MANAGER)
    for values, replicas in ((case.small, 1), (case.large, 2)):
        objects = rendered(case.chart, values, case.namespace)
        assert {made["spec"]["replicas"] for made in of_kind(objects, "Deployment")} == {replicas}
        budgets = [made["spec"] for made in objects if made["kind"] == "PodDisruptionBudget"]
        assert [budget["minAvailable"] for budget in budgets] == ([1] * 3 if replicas == 2 else [])
    # KServe's chart sets no replicas, so that our autoscaler can
    (controller,) = of_kind(rendered(KSERVE_RESOURCES, {}), "Deployment")
    assert "replicas" not in controller["spec"]


def test_spread_constraints_select_the_pods_that_they_stand_in() -> None:
    for chart, parts in ((CERT_MANAGER, 3), (KSERVE_RESOURCES, 1)):
        case = case_of(chart)
        spread = [
            (made["spec"]["template"]["metadata"]["labels"], constraint["labelSelector"]["matchLabels"])
            for made in of_kind(rendered(chart, case.large, case.namespace), "Deployment")
            for constraint in made["spec"]["template"]["spec"]["topologySpreadConstraints"]
        ]
        assert len(spread) == 2 * parts
        for labels, selected in spread:
            assert selected.items() <= labels.items()


def test_the_ports_for_the_firewall_are_those_that_the_api_server_calls() -> None:
    called = {
        KEDA.name: {tabled_defaults(KEDA)["service"]["portHttpsTarget"], 9443},
        "knative": called_ports(list(manifests())),
    }
    for chart in (CERT_MANAGER, KNATIVE_OPERATOR, KSERVE_RESOURCES):
        case = case_of(chart)
        called[chart.name] = called_ports(rendered(chart, case.small, case.namespace))
    # GKE opens the kubelet's port by itself, which cert-manager uses for that reason
    assert called[CERT_MANAGER.name] == {10250}
    assert set().union(*called.values()) - {10250} == WEBHOOK_PORTS.keys()


@pytest.mark.parametrize("chart", [CERT_MANAGER, KNATIVE_OPERATOR], ids=lambda chart: chart.name)
def test_definitions_come_with_the_charts_that_bring_their_own(chart: Chart) -> None:
    case = case_of(chart)
    definitions = {
        made["spec"]["names"]["kind"] for made in of_kind(rendered(chart, case.small), "CustomResourceDefinition")
    }
    assert definitions >= {CERT_MANAGER: {"Certificate", "Issuer"}, KNATIVE_OPERATOR: {"KnativeServing"}}[chart]


def test_the_runtimes_chart_installs_nothing_unless_it_is_told() -> None:
    assert rendered(KSERVE_RUNTIMES, {}) == []
