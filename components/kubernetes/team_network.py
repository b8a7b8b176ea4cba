"""Who may talk to a team's pods, and whom they may talk to: all is denied, then each need is let through with its ports. Pure.

Engines reach DNS, Google's APIs and the metadata server, and nothing else, no other engine either: the ranks of a replica share
one pod. In come Knative's data path, the metrics collectors, and in Standard mode the callers that a team names. A kubelet's
probes need no rule. Pods that are no engine, such as a test job, may call models and resolve names.
A namespace that calls and denies what goes out must itself let it out, which team namespaces do.
Dataplane V2 enforces this and judges services by the pods behind them, so the ports are those of pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.team_namespace import TEAM_LABEL
from components.kubernetes.team_quota import TeamWorkload
from components.sizing.engine_arguments import PORT

#: Label that every namespace bears with its own name (kubernetes.io/docs/reference/labels-annotations-taints, 2026).
NAMESPACE_NAME = "kubernetes.io/metadata.name"

#: Ports of queue-proxy: HTTP/1, HTTP/2 and TLS; what the autoscaler reads; what a Prometheus reads.
#: Source: knative.dev/serving v0.50.0 pkg/networking/constants.go (2026).
QUEUE_PROXY_PORTS, AUTOSCALER_PORT, QUEUE_PROXY_METRICS_PORT = (8012, 8013, 8112), 9090, 9091
#: Kourier's port for requests from inside the cluster (kourier.yaml of Knative 1.23: targetPort of `kourier-internal`).
KOURIER_INTERNAL_PORT = 8081
#: The pods of Knative 1.23 that reach into team namespaces: (namespace, labels) by the release's own manifests (2026).
KOURIER_GATEWAY = ("knative-serving", {"app": "3scale-kourier-gateway"})
ACTIVATOR = ("knative-serving", {"app": "activator"})
AUTOSCALER = ("knative-serving", {"app": "autoscaler"})
#: Collectors of Managed Prometheus, one a node, in the pod network (GoogleCloudPlatform/prometheus-engine v0.17.3, 2026-07).
COLLECTOR = ("gmp-system", {"app.kubernetes.io/name": "collector"})

#: Cluster DNS: kube-dns, the cache on each node (its pods, or its address), and the address at which Cloud DNS answers where the
#: cluster uses that. Sources: docs.cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache, on by default since 1.34.1
#: (2026); tektoncd/operator#4000 (2026): only an address block matches the latter two.
DNS_PODS = ("kube-dns", "node-local-dns")
DNS_ADDRESSES = ("169.254.20.10/32", "169.254.169.254/32")
#: GKE's metadata server, by which Workload Identity gives out tokens: what Dataplane V2 judges, and where other dataplanes have
#: rewritten it to, which Google advises to allow too. Sources: docs.cloud.google.com/kubernetes-engine/docs/how-to/network-policy
#: (2026); measured in gke-labs/kube-agents pull requests 777 and 805 (2026-08): Dataplane V2 judges the address before rewriting.
METADATA_SERVERS = (("169.254.169.254/32", 80), ("169.254.169.252/32", 988))

#: Addresses that are no public ones: private (RFC 1918), shared (RFC 6598), link-local (RFC 3927), reserved (RFC 1112).
NOT_PUBLIC = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4")

ENGINES: dict[str, Any] = {"matchExpressions": [{"key": INFERENCE_SERVICE_LABEL, "operator": "Exists"}]}
OTHERS: dict[str, Any] = {"matchExpressions": [{"key": INFERENCE_SERVICE_LABEL, "operator": "DoesNotExist"}]}
TEAM_NAMESPACES: dict[str, Any] = {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]}


def make_policies(workloads: Sequence[TeamWorkload], google_apis_range: str | None) -> dict[str, dict[str, Any]]:
    """Specs of the NetworkPolicies by their names.

    `google_apis_range` is the block to which the network's DNS resolves Google's APIs: private.googleapis.com is 199.36.153.8/30.
    Without such a zone Private Google Access uses Google's public addresses, which have no fixed list. Then every public address
    is allowed on port 443, and an engine could send anything anywhere through the NAT unless the network's firewall forbids it.
    Source: docs.cloud.google.com/vpc/docs/configure-private-google-access (2026).
    """
    apis = _block(google_apis_range) if google_apis_range else {"cidr": "0.0.0.0/0", "except": list(NOT_PUBLIC)}
    return {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "dns": _out_of({}, _dns()),
        "google-apis": _out_of(
            ENGINES,
            _rule("to", [{"ipBlock": apis}], 443),
            *(_rule("to", [{"ipBlock": {"cidr": address}}], port) for address, port in METADATA_SERVERS),
        ),
        "knative": _into(
            ENGINES,
            _rule("from", [_pods(*KOURIER_GATEWAY), _pods(*ACTIVATOR)], *QUEUE_PROXY_PORTS),
            _rule("from", [_pods(*AUTOSCALER)], AUTOSCALER_PORT),
        ),
        "metrics": _into(ENGINES, _rule("from", [_pods(*COLLECTOR)], PORT, QUEUE_PROXY_METRICS_PORT)),
        "clients": _out_of(
            OTHERS,
            _rule("to", [_pods(*KOURIER_GATEWAY)], KOURIER_INTERNAL_PORT),
            # the other side decides whom it lets in
            _rule("to", [{"namespaceSelector": TEAM_NAMESPACES, "podSelector": ENGINES}], PORT),
        ),
        **{f"callers-{one['name']}": _callers(one) for one in workloads if one["standard_mode"]},
    }


def _callers(workload: TeamWorkload) -> dict[str, Any]:
    """Who reaches an engine without Knative: pods of its own namespace that are no engine, and the namespaces named."""
    peers: list[dict[str, Any]] = [{"podSelector": OTHERS}]
    if named := sorted(workload["caller_namespaces"]):
        chosen = {"key": NAMESPACE_NAME, "operator": "In", "values": named}
        peers.append({"namespaceSelector": {"matchExpressions": [chosen]}})
    return _into({"matchLabels": {INFERENCE_SERVICE_LABEL: workload["name"]}}, _rule("from", peers, PORT))


def _dns() -> dict[str, Any]:
    cluster_dns = {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": list(DNS_PODS)}]}
    peers = [
        {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}}, "podSelector": cluster_dns},
        *({"ipBlock": {"cidr": address}} for address in DNS_ADDRESSES),
    ]
    return {"to": peers, "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}


def _pods(namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}, "podSelector": {"matchLabels": labels}}


def _rule(direction: str, peers: list[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {direction: peers, "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def _into(pods: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": list(rules)}


def _out_of(pods: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    return {"podSelector": pods, "policyTypes": ["Egress"], "egress": list(rules)}


def _block(text: str) -> dict[str, Any]:
    try:
        return {"cidr": str(IPv4Network(text))}
    except ValueError as error:
        raise ValueError(
            f"google_apis_range is '{text}' ({error}); write an IPv4 block such as 199.36.153.8/30"
        ) from None
