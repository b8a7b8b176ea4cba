"""Where an environment's models on GKE are found: its namespaces, and its ways in. Pure."""

from __future__ import annotations

from components.kubernetes.cluster_endpoint import WaysIn, cluster_endpoint
from components.naming import Scope, Service, cloud_name
from components.served_endpoint import Endpoint
from stacks.planned_deployment import PlannedDeployment
from stacks.serving_settings import IngressSettings
from stacks.settings import EnvironmentSettings


def namespace_of(team: str, settings: EnvironmentSettings, environment: str) -> str:
    """Namespace of a team."""
    return cloud_name(Service.NAMESPACE, Scope(settings.project, environment), team)


def endpoint_on_gke(planned: PlannedDeployment, namespace: str, ingress: IngressSettings) -> Endpoint:
    """How a deployment on GKE is called."""
    ways_in = WaysIn(ingress.domain, ingress.exposure == "external", ingress.authentication is not None)
    return cluster_endpoint(planned, namespace, ways_in)
