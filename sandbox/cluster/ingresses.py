"""Stands in for Kourier's controller: says of each Ingress of Knative whether it is served. No request is served by it.

Knative's own controllers make the Ingresses, and wait for their status; an Ingress is Ready here when Kourier's Services and all
Services that it leads to exist.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cluster.api_server import ApiServer, Object
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.mirror import Mirror, for_each, key_of
from sandbox.cluster.tls_secrets import condition

INGRESS, SERVICE = ("networking.internal.knative.dev/v1alpha1", "Ingress"), ("v1", "Service")
#: Annotation that says whose an Ingress is, in both spellings, and Kourier's value of it.
CLASS_ANNOTATIONS = ("networking.knative.dev/ingress.class", "networking.knative.dev/ingress-class")
KOURIER = "kourier.ingress.networking.knative.dev"
#: Kourier's Services, for requests from outside and from inside; they are in whatever namespace Kourier was put into.
PUBLIC, PRIVATE = "kourier", "kourier-internal"
MANAGER = "sandbox-kourier"
ROUND_SECONDS = 30.0


def is_kouriers(ingress: Mapping[str, Any]) -> bool:
    """True for an Ingress that Kourier looks after."""
    annotations = ingress["metadata"].get("annotations", {})
    return next((annotations[key] for key in CLASS_ANNOTATIONS if key in annotations), None) == KOURIER


def missing_services(ingress: Mapping[str, Any], exists: Callable[[str, str], bool]) -> list[str]:
    """NAMESPACE/NAME of the Services that an Ingress leads to and that do not exist."""
    splits = [
        split
        for rule in ingress["spec"].get("rules", [])
        for path in rule.get("http", {}).get("paths", [])
        for split in path["splits"]
    ]
    wanted = {(split["serviceNamespace"], split["serviceName"]) for split in splits}
    return sorted(f"{namespace}/{name}" for namespace, name in wanted if not exists(namespace, name))


def make_status(
    ingress: Mapping[str, Any], missing: list[str], gateway: str | None, now: datetime.datetime
) -> dict[str, Any]:
    """Status of an Ingress; `gateway` is the namespace of Kourier's Services, None without them.

    What is not there yet makes it Unknown, as with Kourier: a route takes False for a failure that stays.
    """
    network = balancer = ("True", "", "")
    if missing:
        network = ("Unknown", "MissingServices", f"waits for Services that do not exist: {', '.join(missing)}")
    if gateway is None:
        balancer = ("Unknown", "Uninitialized", f"waits for Kourier: there is no Service {PRIVATE}")
    ready = next((one for one in (network, balancer) if one[0] != "True"), network)
    parts = {"LoadBalancerReady": balancer, "NetworkConfigured": network, "Ready": ready}
    found = [condition(ingress, kind, state, why, text, now) for kind, (state, why, text) in parts.items()]
    status: dict[str, Any] = {
        "observedGeneration": ingress["metadata"]["generation"],
        "conditions": [{key: value for key, value in one.items() if value} for one in found],
    }
    if gateway is not None:
        status |= {"publicLoadBalancer": _address(PUBLIC, gateway), "privateLoadBalancer": _address(PRIVATE, gateway)}
    return status


def _address(service: str, namespace: str) -> dict[str, Any]:
    return {"ingress": [{"domainInternal": f"{service}.{namespace}.svc.cluster.local"}]}


class Ingresses:
    """The Ingresses of one cluster, whose status `reconcile` keeps."""

    def __init__(self, api: ApiServer, mirror: Mirror) -> None:
        self.api, self.mirror = api, mirror

    def reconcile(self) -> None:
        """One round; raises ApiError and UnreachableError."""
        for_each(filter(is_kouriers, self.mirror.all(*INGRESS)), self._judge)

    def _judge(self, ingress: Object) -> None:
        missing = missing_services(ingress, lambda *key: self.mirror.get(*SERVICE, key) is not None)
        status = make_status(ingress, missing, self._gateway(), datetime.datetime.now(datetime.UTC))
        self.api.set_status(ingress, status, MANAGER)

    def _gateway(self) -> str | None:
        keys = map(key_of, self.mirror.all(*SERVICE))
        return next((namespace for namespace, name in keys if name == PRIVATE), None)


def main() -> None:
    """Runs until it is ended."""
    api = ApiServer.of(ClusterLayout.of_command_line().inside_kubeconfig)
    mirror = Mirror(api, (INGRESS, SERVICE))
    mirror.wait_filled(*SERVICE)
    mirror.loop(Ingresses(api, mirror).reconcile, ROUND_SECONDS)


if __name__ == "__main__":
    main()
