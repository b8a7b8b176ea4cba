"""A cluster's objects belong to the Google cluster behind the kubeconfig: they go with it, and its switches bring kinds."""

from __future__ import annotations

from typing import Any

import pytest

from components.google.kubeconfig import make_kubeconfig
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.custom_objects import OBJECTS
from tests.sandbox.providers.examples import CLUSTER, NETWORK, SUBNETWORK, create_all, example
from tests.sandbox.providers.objects import NAMESPACE, TEAM, refusals
from tests.sandbox.providers.serving_objects import create, install, token_of

ON = {"gatewayApiConfig": {"channel": "CHANNEL_STANDARD"}, "secretManagerConfig": {"enabled": True}}


def reached(google: GoogleApi, cloud: Cloud, **settings: Any) -> tuple[str, KubernetesApi]:
    """(id of a new Google cluster with these settings, its API as the project's kubeconfig reaches it)."""
    create_all(google, NETWORK, SUBNETWORK)
    cluster_id, outputs = google.create(CLUSTER, {**example(CLUSTER), **settings})
    endpoint = outputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["endpoint"]
    api = KubernetesApi(cloud)
    api.configure({"kubeconfig": make_kubeconfig("models", endpoint)})
    return cluster_id, api


def test_a_cluster_takes_everything_in_it_along_and_nothing_of_another_cluster(google: GoogleApi, cloud: Cloud) -> None:
    cluster_id, api = reached(google, cloud)
    other = KubernetesApi(cloud)
    other.configure({"kubeconfig": "another"})
    other.create(NAMESPACE, TEAM)
    install(api, "keda")
    create(api, OBJECTS["ScaledObject"])
    google.delete(CLUSTER, cluster_id)
    assert api.read(NAMESPACE, "team-a") is None
    assert [
        path.parent.name for path in cloud.folder.rglob("*.json") if path.parent.name.startswith("kubernetes_")
    ] == [f"kubernetes_{other.cluster.key}_core_v1_Namespace"]


def test_any_kubeconfig_that_names_the_server_reaches_the_cluster(google: GoogleApi, cloud: Cloud) -> None:
    _, api = reached(google, cloud)
    api.create(NAMESPACE, TEAM)
    [record] = cloud.all(CLUSTER)
    endpoint = record["outputs"]["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["endpoint"]
    written = "clusters:\n- name: other\n  cluster:\n    server: https://{}\n"
    for server, there in ((endpoint, True), (f"x{endpoint}", False)):
        other = KubernetesApi(cloud)
        other.configure({"kubeconfig": written.format(server)})
        assert (other.read(NAMESPACE, "team-a") is not None) is there


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (ON, []),
        ({**ON, "gatewayApiConfig": {"channel": "CHANNEL_DISABLED"}}, ["Gateway", "HealthCheckPolicy"]),
        ({**ON, "secretManagerConfig": {"enabled": False}}, ["SecretProviderClass"]),
        ({**ON, "monitoringConfig": {"managedPrometheus": {"enabled": False}}}, ["PodMonitoring"]),
        ({**ON, "monitoringConfig": {"managedPrometheus": {"enabled": True}}}, []),
        ({}, ["Gateway", "HealthCheckPolicy", "SecretProviderClass"]),
    ],
)
def test_gke_brings_the_kinds_that_the_cluster_switches_on(
    google: GoogleApi, cloud: Cloud, settings: dict[str, Any], missing: list[str]
) -> None:
    _, api = reached(google, cloud, **settings)
    kinds = ("ComputeClass", "Gateway", "HealthCheckPolicy", "PodMonitoring", "SecretProviderClass")
    found = {kind: refusals(api, token_of(OBJECTS[kind]), OBJECTS[kind]) for kind in kinds}
    assert [kind for kind, reasons in found.items() if reasons] == missing
    for kind in missing:
        with pytest.raises(CloudError, match=f'no matches for kind "{kind}"'):
            create(api, OBJECTS[kind])
