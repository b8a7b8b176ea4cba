"""What GKE brings into a cluster, and the switch of the Google cluster that it hangs on."""

from __future__ import annotations

from typing import Any

from sandbox.providers.cloud import Cloud
from sandbox.providers.cluster_link import cluster_of_endpoint
from sandbox.providers.values import at

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")

GOOGLE_CLUSTER = "gcp:container/cluster:Cluster"
GATEWAY = (("gatewayApiConfig", "channel"), ("CHANNEL_STANDARD", "CHANNEL_EXPERIMENTAL"))
#: By group of kinds: the switch, and the values with which it is on (None: left out). Without a switch they are always there.
#: Sources: cloud.google.com/kubernetes-engine/docs/how-to/deploying-gateways,
#: cloud.google.com/stackdriver/docs/managed-prometheus/setup-managed,
#: cloud.google.com/secret-manager/docs/secret-manager-managed-csi-component (2026).
GROUPS: dict[str, tuple[tuple[str, ...], tuple[Any, ...]] | None] = {
    "cloud.google.com": None,
    "gateway.networking.k8s.io": GATEWAY,
    "networking.gke.io": GATEWAY,
    "monitoring.googleapis.com": (("monitoringConfig", "managedPrometheus", "enabled"), (True, None)),
    "secrets-store.csi.x-k8s.io": (("secretManagerConfig", "enabled"), (True,)),
}


def brings(cloud: Cloud, cluster: str, group: str) -> bool:
    """True when the cluster has the kinds of a group from GKE; so has one that no Google cluster is known for."""
    if group not in GROUPS:
        return False
    switch, google = GROUPS[group], _google_cluster(cloud, cluster)
    return switch is None or google is None or at(google, *switch[0]) in switch[1]


def _google_cluster(cloud: Cloud, cluster: str) -> dict[str, Any] | None:
    """The inputs of the Google cluster whose endpoint the kubeconfig names."""
    for record in cloud.all(GOOGLE_CLUSTER):
        endpoint = at(record["outputs"], "controlPlaneEndpointsConfig", "dnsEndpointConfig", "endpoint")
        if endpoint and cluster_of_endpoint(endpoint) == cluster:
            return record["inputs"]
    return None
