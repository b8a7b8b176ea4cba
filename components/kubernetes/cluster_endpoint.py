"""Addresses of the models that run in a cluster, and who may call them. Pure; Cloud Run gives its own address."""

from __future__ import annotations

from dataclasses import dataclass

from components.planned_model import PlannedModel
from components.served_endpoint import NO_AUTHENTICATION, TOKEN, Endpoint, make_endpoint
from components.served_model import served_name

#: What Knative calls the domain of a cluster; routes below it are not published anywhere else.
CLUSTER_DOMAIN = "svc.cluster.local"


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How a cluster's models in Knative mode are reached: at names of a domain or from inside only, with tokens or without."""

    domain: str | None = None
    external: bool = False
    tokens: bool = False


def cluster_host(deployment: str, namespace: str) -> str:
    """Host inside the cluster: the Service that KServe makes of the predictor, in either mode."""
    return f"{deployment}-predictor.{namespace}.{CLUSTER_DOMAIN}"


def public_host(deployment: str, namespace: str, domain: str) -> str:
    """Host at the gateway, by Knative's domain template: one label, so that one wildcard certificate covers all."""
    return f"{deployment}-predictor-{namespace}.{domain}"


def cluster_endpoint(planned: PlannedModel, namespace: str, ways_in: WaysIn) -> Endpoint:
    """How a deployment on GKE is called. One in Standard mode stays inside: no ingress leads to it."""
    name = planned.wish.name
    origin = f"http://{cluster_host(name, namespace)}"
    cold = planned.limits.cold_start if planned.record.min_replicas == 0 else 0
    if planned.standard_mode:
        allowed = [namespace, *planned.wish.caller_namespaces]
        authentication = NO_AUTHENTICATION
        reachable_from = f"pods of the cluster in {', '.join(allowed)}"
    else:
        reachable_from = "pods of the cluster"
        authentication = TOKEN if ways_in.tokens else NO_AUTHENTICATION
        if ways_in.domain is not None:
            origin = f"https://{public_host(name, namespace, ways_in.domain)}"
            reachable_from = "the internet" if ways_in.external else "the organisation's networks"
    return make_endpoint(
        origin,
        served_name(planned.model["arguments"]),
        authentication=authentication,
        reachable_from=reachable_from,
        inputs=list(planned.wish.inputs),
        expected_cold_start_seconds=cold,
    )
