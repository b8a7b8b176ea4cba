"""Addresses of the models that run on GKE, and who may call them. Pure; Cloud Run gives its own address."""

from __future__ import annotations

from components.naming import Scope, Service, cloud_name
from components.served_endpoint import NO_AUTHENTICATION, TOKEN, Endpoint, make_endpoint
from components.served_model import served_name
from stacks.planned_deployment import PlannedDeployment
from stacks.serving_settings import IngressSettings
from stacks.settings import EnvironmentSettings

#: What Knative calls the domain of a cluster; routes below it are not published anywhere else.
CLUSTER_DOMAIN = "svc.cluster.local"


def namespace_of(team: str, settings: EnvironmentSettings, environment: str) -> str:
    """Namespace of a team."""
    return cloud_name(Service.NAMESPACE, Scope(settings.project, environment), team)


def cluster_host(planned: PlannedDeployment, namespace: str) -> str:
    """Host inside the cluster: the Service that KServe makes of the predictor, in either mode."""
    return f"{planned.wish.name}-predictor.{namespace}.{CLUSTER_DOMAIN}"


def public_host(planned: PlannedDeployment, namespace: str, domain: str) -> str:
    """Host at the gateway, by Knative's domain template: one label, so that one wildcard certificate covers all."""
    return f"{planned.wish.name}-predictor-{namespace}.{domain}"


def endpoint_on_gke(planned: PlannedDeployment, namespace: str, ingress: IngressSettings) -> Endpoint:
    """How a deployment on GKE is called. One in Standard mode stays inside: no ingress leads to it."""
    inside = f"http://{cluster_host(planned, namespace)}"
    cold = planned.limits.cold_start if planned.record.min_replicas == 0 else 0
    if planned.standard_mode:
        allowed = [namespace, *planned.wish.caller_namespaces]
        origin, authentication = inside, NO_AUTHENTICATION
        reachable_from = f"pods of the cluster in {', '.join(allowed)}"
    else:
        origin, reachable_from = inside, "pods of the cluster"
        authentication = TOKEN if ingress.authentication else NO_AUTHENTICATION
        if ingress.domain is not None:
            origin = f"https://{public_host(planned, namespace, ingress.domain)}"
            reachable_from = "the internet" if ingress.exposure == "external" else "the organisation's networks"
    return make_endpoint(
        origin,
        served_name(planned.model["arguments"]),
        authentication=authentication,
        reachable_from=reachable_from,
        inputs=list(planned.wish.inputs),
        expected_cold_start_seconds=cold,
    )
