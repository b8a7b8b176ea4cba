"""OpenCost as it is declared: prices from the file alone, its Prometheus, and who reaches it."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes import kyverno, opencost
from components.kubernetes.chart_release import Mirror
from components.kubernetes.controllers import RESTRICTED
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.opencost import OpenCost, OpenCostArgs, make_network_policy, make_values
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.versions import OPENCOST
from components.kubernetes.workload_identity import member_of
from sandbox.providers.kubernetes import schemas
from sandbox.providers.kubernetes.kind_tables import known_definition
from tests.unit.components.models import model_of
from tests.unit.components.registering import Program, registered
from tests.unit.components.serving import LABELS, NAMESPACE, RELEASE
from tests.unit.sizing.test_placement import PAYMENTS

GRANT = "gcp:projects/iAMMember:IAMMember"
CONFIG_MAP, POLICY = "kubernetes:core/v1:ConfigMap", "kubernetes:networking.k8s.io/v1:NetworkPolicy"
PRICES = "# USD\n,e2-standard-4_us-central1_on-demand,,node,metadata.labels.gemma-platform/price-class,,0.134023,\n"
OWN = "http://prometheus.monitoring.svc:9090"


def program(preview: bool = False, **changes: Any) -> Program:
    given: dict[str, Any] = {
        "project": "p",
        "project_number": "123",
        "cluster_name": "gemma-dev",
        "prices": PRICES,
        "labels": LABELS,
    }
    return registered(lambda: OpenCost("costs", OpenCostArgs(**{**given, **changes})), preview)


def values(url: str | None = None, prices: str = PRICES, mirror: Mirror | None = None) -> dict[str, Any]:
    return make_values("p", "gemma-dev", prices, url, mirror or Mirror())


def environment(url: str | None = None) -> dict[str, str]:
    return values(url)["opencost"]["exporter"]["extraEnv"]


def test_every_object_is_its_child_and_as_its_schema_says() -> None:
    seen = program()
    assert len(seen.children) == 5
    for resource in seen.children:
        assert resource.parent.endswith("OpenCost::costs")
        if resource.type.startswith("kubernetes:") and resource.type != RELEASE:
            value = {key: member for key, member in resource.inputs.items() if not key.startswith("__")}
            group = value["apiVersion"].partition("/")[0]
            assert schemas.failures(value, known_definition(group, value["kind"])) == [], resource.name
            assert value["metadata"]["labels"].items() >= LABELS.items()


@pytest.mark.parametrize("preview", [False, True])
def test_the_price_file_is_there_before_the_release_that_mounts_it(preview: bool) -> None:
    seen = program(preview)
    prices, release = seen.one(CONFIG_MAP), seen.one(RELEASE)
    assert prices.inputs["data"] == {"prices.csv": PRICES}
    mounted = release.inputs["values"]["extraVolumes"][0]
    assert mounted == {"name": "prices", "configMap": {"name": prices.inputs["metadata"]["name"]}}
    waited_for = {urn.rpartition("::")[2] for urn in release.dependencies}
    assert waited_for >= {"costs-prices", "costs-reads-metrics", "costs"}
    assert (release.inputs["version"], release.inputs["atomic"]) == (OPENCOST.version, True)


def test_it_prices_nodes_from_that_file_and_nothing_else() -> None:
    (mount,) = [m for m in values()["opencost"]["exporter"]["extraVolumeMounts"] if m["name"] == "prices"]
    assert environment()["CSV_PATH"] == f"{mount['mountPath']}/prices.csv"
    assert mount["readOnly"] is True
    assert (environment()["USE_CSV_PROVIDER"], environment()["USE_CUSTOM_PROVIDER"]) == ("true", "true")
    assert environment()["ASSET_INCLUDE_LOCAL_DISK_COST"] == "false"
    assert values()["opencost"]["customPricing"] == {"enabled": False, "createConfigmap": False}
    assert "cloudProviderApiKey" not in values()["opencost"]["exporter"]


def test_other_prices_start_the_pod_anew_and_the_same_ones_do_not() -> None:
    first, same, other = (values(prices=text)["podAnnotations"] for text in (PRICES, PRICES, PRICES + "\n"))
    assert first == same
    assert first.keys() == other.keys()
    assert first != other


def test_tokens_are_joined_by_the_label_whose_value_is_the_models_name_in_vllms_series() -> None:
    assert environment()["INFERENCE_COST_ENABLED"] == "true"
    assert environment()["INFERENCE_MODEL_LABEL"] == INFERENCE_SERVICE_LABEL == "serving.kserve.io/inferenceservice"
    # KServe writes the InferenceService's name there, which is the deployment's
    assert f"--served-model-name={PAYMENTS.name}" in model_of(PAYMENTS)["arguments"]


def test_nothing_but_its_api_is_on() -> None:
    given = values()["opencost"]
    assert given["mcp"] == {"enabled": False}
    assert given["ui"] == {"enabled": False}


def test_managed_prometheus_is_asked_through_googles_frontend_in_the_same_pod() -> None:
    given = values()["opencost"]
    (frontend,) = given["extraContainers"]
    assert given["prometheus"] == {
        "internal": {"enabled": False},
        "external": {"enabled": True, "url": "http://127.0.0.1:9090"},
    }
    # nobody else could ask it, which asks nobody who they are
    assert frontend["args"] == ["--web.listen-address=127.0.0.1:9090", "--query.project-id=p"]
    assert "ports" not in frontend
    assert frontend["image"] == "gke.gcr.io/prometheus-engine/frontend:v0.15.3-gke.0"
    assert environment()["PROM_CLUSTER_ID_LABEL"] == "cluster"
    assert environment()["CURRENT_CLUSTER_ID_FILTER_ENABLED"] == "true"
    assert given["exporter"]["defaultClusterId"] == "gemma-dev"
    grant = program().one(GRANT).inputs
    assert grant == {
        "project": "p",
        "role": "roles/monitoring.viewer",
        "member": member_of("p", "123", "opencost", "opencost"),
    }
    assert values()["serviceAccount"] == {"name": "opencost"}


def test_a_prometheus_of_ones_own_is_asked_directly_and_needs_no_right() -> None:
    given = values(OWN)["opencost"]
    assert given["prometheus"]["external"] == {"enabled": True, "url": OWN}
    assert "extraContainers" not in given
    assert "PROM_CLUSTER_ID_LABEL" not in environment(OWN)
    assert not [one for one in program(prometheus_url=OWN).resources if one.type == GRANT]


@pytest.mark.parametrize("url", ["prometheus:9090", "http://prometheus/", "ftp://p", "http://a b"])
def test_an_address_that_is_none_is_refused_before_anything_is_made(url: str) -> None:
    with pytest.raises(ValueError, match="prometheus_url is"):
        program(prometheus_url=url)


def test_only_the_collector_reaches_it_and_teams_never_do() -> None:
    (rule,) = make_network_policy(of_google=True)["ingress"]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "gmp-system"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "collector"}
    assert rule["ports"] == [{"port": 9003, "protocol": "TCP"}]
    (rule,) = make_network_policy(of_google=False)["ingress"]
    (peer,) = rule["from"]
    (expression,) = peer["namespaceSelector"]["matchExpressions"]
    assert expression == {"key": "gemma-platform/team", "operator": "DoesNotExist"}
    assert program().one(POLICY).inputs["spec"]["policyTypes"] == ["Ingress"]


def test_its_namespace_is_restricted_and_left_alone_by_the_policies_at_admission() -> None:
    namespace = program().one(NAMESPACE).inputs["metadata"]
    assert namespace["name"] == opencost.NAMESPACE
    assert namespace["labels"].items() >= {**LABELS, **RESTRICTED}.items()
    assert opencost.NAMESPACE in kyverno.PLATFORM_NAMESPACES


def test_its_pod_has_the_platforms_priority_and_writes_into_volumes_only() -> None:
    given = values()
    assert given["priorityClassName"] == PLATFORM
    containers = [given["opencost"]["exporter"], *given["opencost"]["extraContainers"]]
    assert all(one["securityContext"]["readOnlyRootFilesystem"] is True for one in containers)
    written = {mount["mountPath"] for mount in given["opencost"]["exporter"]["extraVolumeMounts"]}
    assert written == {"/var/prices", "/var/configs", "/tmp"}  # noqa: S108
    assert {volume["name"] for volume in given["extraVolumes"]} == {"prices", "configuration", "temporary"}


def test_a_mirror_stands_for_its_registry_and_a_mirror_without_it_is_refused() -> None:
    given = values(mirror=Mirror(images={"ghcr.io": "us-central1-docker.pkg.dev/p/ghcr"}))
    assert given["opencost"]["exporter"]["image"] == {"registry": "us-central1-docker.pkg.dev/p/ghcr"}
    # of GKE's own registry there is no mirror: the nodes' own pods come from there too
    assert given["opencost"]["extraContainers"][0]["image"].startswith("gke.gcr.io/")
    with pytest.raises(ValueError, match=r"ghcr\.io, which has no mirror"):
        values(mirror=Mirror(images={"quay.io": "x/quay"}))
