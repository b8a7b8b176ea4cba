"""Examples of the rule private-by-default: what could open a way into the cluster, and Google resources."""

from __future__ import annotations

from typing import Any

from components.exposures import GATEWAY_CLASSES
from policy.examples.engine_objects import NAMESPACE_NAME, Content, namespace, service
from policy.examples.google_privacy import GOOGLE
from policy.rules.private_by_default import ANYBODY, OPEN_SERVICE, OPEN_WAY
from policy.rules.rule import UNKNOWN, Context, Example, Resource


def _object(api_version: str, kind: str, spec: dict[str, Any], team: str = "search") -> Content:
    """An object in a team's namespace; of the platform where `team` says so."""
    metadata = {
        "name": "ranker",
        "namespace": NAMESPACE_NAME,
        "labels": {**service()["metadata"]["labels"], "team": team},
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _cluster_example(shows: str, content: Content, denied: str | None = None) -> Example:
    return Example(shows, Resource.of_object(content), denied, beside=(namespace(),))


def _gateway(shows: str, class_name: Any, denied: str | None = None, *, authenticated: bool = False) -> Example:
    """The platform's own gateway, which stands in a namespace that is no team's."""
    spec = {"gatewayClassName": class_name, "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS"}]}
    content = _object("gateway.networking.k8s.io/v1", "Gateway", spec, team="platform")
    context = Context(authenticated_ingress=authenticated)
    return Example(shows, Resource.of_object(content), denied, context, admission=False)


PORTS = [{"name": "http", "port": 80, "protocol": "TCP"}]
SELECTOR = {"serving.knative.dev/service": "ranker-predictor"}
#: As Knative 1.23 makes them: without labels of the platform.
OF_KNATIVE = {
    "name": "ranker-predictor",
    "namespace": NAMESPACE_NAME,
    "labels": {"networking.internal.knative.dev/serviceType": "Private"},
}
ROUTE = {"rules": [{"backendRefs": [{"name": "ranker", "port": 80}]}], "parentRefs": [{"name": "gemma-internal"}]}
INGRESS = {"defaultBackend": {"service": {"name": "ranker", "port": {"number": 80}}}}
GATEWAY = {
    "gatewayClassName": GATEWAY_CLASSES["internal"],
    "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
}
GATEWAY_API = "gateway.networking.k8s.io/v1"

IN_THE_CLUSTER: tuple[Example, ...] = (
    _cluster_example(
        "the name that Knative gives a model",
        {
            **_object(
                "v1",
                "Service",
                {
                    "type": "ExternalName",
                    "externalName": "kourier-internal.knative-serving.svc.cluster.local",
                    "ports": PORTS,
                },
            ),
            "metadata": OF_KNATIVE,
        },
    ),
    _cluster_example(
        "the Service of a revision",
        {
            **_object("v1", "Service", {"type": "ClusterIP", "ports": PORTS, "selector": SELECTOR}),
            "metadata": OF_KNATIVE,
        },
    ),
    _cluster_example("a Service of no stated type", _object("v1", "Service", {"ports": PORTS, "selector": SELECTOR})),
    _cluster_example(
        "a load balancer",
        _object("v1", "Service", {"type": "LoadBalancer", "ports": PORTS, "selector": SELECTOR}),
        OPEN_SERVICE,
    ),
    _cluster_example(
        "a port of every node",
        _object("v1", "Service", {"type": "NodePort", "ports": PORTS, "selector": SELECTOR}),
        OPEN_SERVICE,
    ),
    _cluster_example(
        "an inner Service with an address outside",
        _object(
            "v1", "Service", {"type": "ClusterIP", "ports": PORTS, "selector": SELECTOR, "externalIPs": ["192.0.2.7"]}
        ),
        OPEN_SERVICE,
    ),
    _cluster_example("an Ingress", _object("networking.k8s.io/v1", "Ingress", INGRESS), OPEN_WAY),
    _cluster_example("a gateway of a team, if only inside", _object(GATEWAY_API, "Gateway", GATEWAY), OPEN_WAY),
    _cluster_example("a route at the platform's gateway", _object(GATEWAY_API, "HTTPRoute", ROUTE), OPEN_WAY),
    Example(
        "a Service whose type is not known",
        Resource.of_object(_object("v1", "Service", {"type": UNKNOWN, "ports": PORTS})),
        OPEN_SERVICE,
        admission=False,
    ),
    _gateway("the platform's gateway inside the network", GATEWAY_CLASSES["internal"]),
    _gateway(
        "the platform's gateway to the internet, which asks who calls", GATEWAY_CLASSES["external"], authenticated=True
    ),
    _gateway("a gateway to the internet that asks nobody", GATEWAY_CLASSES["external"], ANYBODY),
    _gateway("a class that nobody knows", "gke-l7-rilb-mine", ANYBODY),
    _gateway("a class that is not known", UNKNOWN, ANYBODY),
)

EXAMPLES: tuple[Example, ...] = (*GOOGLE, *IN_THE_CLUSTER)
