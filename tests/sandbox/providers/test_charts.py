"""Releases of Helm: what a chart must say of itself, which kinds it brings and needs, and what goes with it."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.charts import CHARTS
from sandbox.providers.kubernetes.kind_tables import definitions_of_groups
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.custom_objects import OBJECTS
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.objects import NAMESPACE, RELEASE, refusals
from tests.sandbox.providers.serving_objects import (
    KNATIVE,
    RELEASES,
    create,
    install,
    install_stack,
    make_namespace,
    release,
    token_of,
)

CERT_MANAGER, KEDA, RESOURCES = RELEASES["cert-manager"], RELEASES["keda"], RELEASES["kserve-resources"]
SCALED, ISSUER = OBJECTS["ScaledObject"], OBJECTS["Issuer"]


def has_kind(cluster: KubernetesApi, value: dict[str, Any]) -> bool:
    """True when a cluster takes objects of the kind."""
    return "kind" not in refusals(cluster, token_of(value), value)


@pytest.mark.parametrize("chart", CHARTS)
def test_each_chart_is_installed_with_what_helm_says_of_it(cluster: KubernetesApi, chart: str) -> None:
    install(cluster, *list(CHARTS)[: list(CHARTS).index(chart)])
    inputs = RELEASES[chart]
    assert refusals(cluster, RELEASE, inputs) == {}
    release_id = install(cluster, chart)[chart]
    found = cluster.read(RELEASE, release_id)
    assert found is not None
    assert found[0] == inputs
    assert found[1]["status"] == {
        "name": chart,
        "namespace": inputs["namespace"],
        "chart": chart,
        "version": inputs["version"],
        "appVersion": CHARTS[chart].app_version,
        "revision": 1,
        "status": "deployed",
    }
    assert cluster.update(RELEASE, release_id, inputs, found[1])["status"]["revision"] == 2


@pytest.mark.parametrize(
    ("inputs", "at", "reason"),
    [
        ({**KEDA, "createNamespaces": True}, "createNamespaces", "did you mean 'createNamespace'?"),
        (changed(KEDA, "chart", None), "chart", "is missing"),
        (changed(KEDA, "version", None), "version", "Helm would take the newest, the sandbox knows 2.20.2"),
        ({**KEDA, "version": "2.20.9"}, "version", 'chart "keda" version "2.20.9" not found'),
        ({**RESOURCES, "version": "0.20.0"}, "version", "not found; the sandbox knows v0.20.0"),
        ({**KEDA, "chart": "kedda"}, "chart", "does not know kedda: add it to sandbox/providers/kubernetes/charts.py"),
        ({**KEDA, "chart": "./charts/keda"}, "chart", "oci://<registry>/<path>/<chart>, or a chart's name with"),
        ({**KEDA, "chart": "https://x.example/keda-2.20.2.tgz"}, "chart", "oci://<registry>/<path>/<chart>"),
        (changed(KEDA, "repositoryOpts", None), "repositoryOpts.repo", 'chart "keda" not found'),
        (
            changed(KEDA, "repositoryOpts.repo", "oci://x.example/charts"),
            "repositoryOpts.repo",
            "not a valid chart repo",
        ),
        (changed(KEDA, "repositoryOpts.repo", "charts.example"), "repositoryOpts.repo", "not a valid chart repository"),
    ],
)
def test_a_release_that_names_no_known_chart_in_full_is_refused(
    cluster: KubernetesApi, inputs: dict[str, Any], at: str, reason: str
) -> None:
    found = refusals(cluster, RELEASE, inputs)
    assert list(found) == [at]
    assert reason in found[at]


def test_a_chart_may_come_from_a_mirror_and_what_is_not_known_yet_passes(cluster: KubernetesApi) -> None:
    mirrored = release("keda", "keda", "2.20.2") | {"chart": "oci://mirror.example/charts/keda"}
    assert refusals(cluster, RELEASE, mirrored) == {}
    # an index of the web finds a version with and without its v
    assert refusals(cluster, RELEASE, {**CERT_MANAGER, "version": "1.21.1"}) == {}
    for path in ("chart", "version", "namespace", "values", "values.crds", "repositoryOpts", "repositoryOpts.repo"):
        assert refusals(cluster, RELEASE, changed(CERT_MANAGER, path, UNKNOWN)) == {}, path


def test_a_release_needs_its_namespace_or_makes_it(cluster: KubernetesApi) -> None:
    with pytest.raises(CloudError, match='namespaces "keda" not found'):
        cluster.create(RELEASE, KEDA)
    assert cluster.create(RELEASE, {**KEDA, "createNamespace": True})[0] == "keda/keda"
    assert cluster.read(NAMESPACE, "keda") is not None
    with pytest.raises(CloudError, match="already exists"):
        cluster.create(RELEASE, KEDA)


def test_a_kind_comes_and_goes_with_the_release_that_brings_it(cluster: KubernetesApi) -> None:
    assert not has_kind(cluster, SCALED)
    with pytest.raises(CloudError, match=r'no matches for kind "ScaledObject" in version "keda\.sh/v1alpha1"'):
        create(cluster, SCALED)
    release_id = install(cluster, "keda")["keda"]
    object_id = create(cluster, SCALED)
    cluster.delete(RELEASE, release_id)
    assert cluster.read(token_of(SCALED), object_id) is None
    assert not has_kind(cluster, SCALED)


def test_in_a_preview_the_kinds_of_a_release_of_the_same_run_count_but_not_at_create(cluster: KubernetesApi) -> None:
    assert refusals(cluster, RELEASE, KEDA) == {}
    assert has_kind(cluster, SCALED)
    assert list(refusals(cluster, token_of(SCALED), changed(SCALED, "spec.trigger", []))) == ["spec.trigger"]
    with pytest.raises(CloudError, match="ensure CRDs are installed first"):
        create(cluster, SCALED)


@pytest.mark.parametrize(
    ("chart", "values", "value"),
    [
        ("cert-manager", {}, ISSUER),
        ("cert-manager", {"crds": {"enabled": False}}, ISSUER),
        ("keda", {"crds": {"install": False}}, SCALED),
    ],
)
def test_a_chart_whose_definitions_are_off_brings_no_kind(
    cluster: KubernetesApi, chart: str, values: dict[str, Any], value: dict[str, Any]
) -> None:
    make_namespace(cluster, chart)
    cluster.create(RELEASE, {**RELEASES[chart], "values": values})
    assert not has_kind(cluster, value)


def test_definitions_that_are_to_be_kept_stay_with_their_objects_and_a_new_release_takes_them_over(
    cluster: KubernetesApi,
) -> None:
    make_namespace(cluster, "cert-manager")
    kept = {**CERT_MANAGER, "values": {"crds": {"enabled": True}}}  # the chart keeps them unless told otherwise
    release_id, _ = cluster.create(RELEASE, kept)
    object_id = create(cluster, ISSUER)
    cluster.delete(RELEASE, release_id)
    assert cluster.read(token_of(ISSUER), object_id) is not None
    with pytest.raises(CloudError, match="invalid ownership metadata"):
        cluster.create(RELEASE, {**kept, "name": "other"})
    cluster.create(RELEASE, CERT_MANAGER)
    cluster.delete(RELEASE, release_id)
    assert cluster.read(token_of(ISSUER), object_id) is None


def test_an_update_that_switches_definitions_off_takes_them_and_their_objects(cluster: KubernetesApi) -> None:
    release_id = install(cluster, "keda")["keda"]
    object_id = create(cluster, SCALED)
    cluster.update(RELEASE, release_id, {**KEDA, "values": {"crds": {"install": False}}}, {})
    assert cluster.read(token_of(SCALED), object_id) is None
    assert not has_kind(cluster, SCALED)
    cluster.update(RELEASE, release_id, KEDA, {})
    assert has_kind(cluster, SCALED)


@pytest.mark.parametrize(
    ("chart", "before", "lacking"),
    [
        (
            "kserve-resources",
            ("kserve-crd",),
            'name: "serving-cert" namespace: "kserve" from "": no matches for kind "Cert',
        ),
        ("kserve-resources", ("cert-manager",), 'no matches for kind "ClusterStorageContainer"'),
        ("kserve-runtime-configs", ("cert-manager",), 'no matches for kind "ClusterServingRuntime"'),
    ],
)
def test_a_chart_with_objects_of_kinds_that_the_cluster_lacks_is_refused_in_helms_words(
    cluster: KubernetesApi, chart: str, before: tuple[str, ...], lacking: str
) -> None:
    install(cluster, *before)
    make_namespace(cluster, "kserve")
    [reason] = refusals(cluster, RELEASE, RELEASES[chart]).values()
    assert reason.startswith("unable to build kubernetes objects from release manifest: ")
    assert lacking in reason
    assert reason.rstrip("]").endswith("\nensure CRDs are installed first")
    with pytest.raises(CloudError, match="unable to build kubernetes objects"):
        cluster.create(RELEASE, RELEASES[chart])
    assert cluster.read(RELEASE, f"kserve/{chart}") is None


def test_what_a_chart_needs_depends_on_its_values(cluster: KubernetesApi) -> None:
    assert refusals(cluster, RELEASE, {**RELEASES["kserve-runtime-configs"], "values": {}}) == {}
    certified = {"certificates": {"certManager": {"enabled": True}}}
    assert "Certificate" in refusals(cluster, RELEASE, {**KEDA, "values": certified})[""]
    # Gateway is there: GKE brings it
    install(cluster, "cert-manager", "kserve-crd")
    gateway = {"gateway": {"ingressGateway": {"enableGatewayApi": True, "createGateway": True}}}
    with_gateway = {**RESOURCES, "values": {"kserve": {"controller": gateway}}}
    assert refusals(cluster, RELEASE, with_gateway) == {}
    llm = {**RELEASES["kserve-runtime-configs"], "values": {"kserve": {"llmisvcConfigs": {"enabled": True}}}}
    assert "LLMInferenceServiceConfig" in refusals(cluster, RELEASE, llm)[""]


def test_an_update_needs_the_kinds_too(cluster: KubernetesApi) -> None:
    ids = install(cluster, "cert-manager", "kserve-crd", "kserve-resources")
    cluster.delete(RELEASE, ids["cert-manager"])
    with pytest.raises(CloudError, match='no matches for kind "Certificate"'):
        cluster.update(RELEASE, ids["kserve-resources"], RESOURCES, {})


def test_knative_comes_with_its_object_into_its_namespace_and_its_definitions_stay(cluster: KubernetesApi) -> None:
    assert "kind" in refusals(cluster, token_of(KNATIVE), KNATIVE)
    install(cluster, "knative-operator")
    object_id = create(cluster, KNATIVE)
    service = {**OBJECTS["Issuer"], "apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": {"any": 1}}
    assert has_kind(cluster, service)
    # the operator puts Kourier beside Knative
    assert cluster.read(NAMESPACE, "kourier-system") is None
    cluster.delete(token_of(KNATIVE), object_id)
    assert has_kind(cluster, service)


def test_the_whole_stack_goes_as_it_came(cluster: KubernetesApi) -> None:
    install_stack(cluster)
    for chart in reversed(RELEASES):
        cluster.delete(RELEASE, f"{RELEASES[chart]['namespace']}/{chart}")
        brought = definitions_of_groups(*CHARTS[chart].groups)
        kinds = [
            {"apiVersion": f"{one['spec']['group']}/{one['spec']['versions'][0]['name']}"} | one["spec"]["names"]
            for one in brought
        ]
        assert not any(has_kind(cluster, {**kind, "metadata": {"name": "x"}, "spec": {}}) for kind in kinds)
