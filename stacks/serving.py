"""What serves models in the cluster: the serving stack, and what guards the teams' namespaces.

Part of the composer: wires components as the settings ask for them and decides nothing.
"""

from __future__ import annotations

import pulumi

from components.google.registry_references import mirror_prefixes
from components.kubernetes.authorization_service import HOST as AUTHORIZATION_HOST
from components.kubernetes.chart_release import Mirror
from components.kubernetes.keda import AUTHENTICATION
from components.kubernetes.knative_config import ExternalAuthorization
from components.kubernetes.on_call_guard import OnCallGuard, OnCallGuardArgs
from components.kubernetes.serving_stack import ServingStack, ServingStackArgs
from components.time_limits import LONGEST_REQUEST_SECONDS, NODE_SECONDS
from stacks.installed_images import digests_by_name
from stacks.plan import Plan

#: How long a revision may take that does not say so itself; those of the platform all do. A model's longest start, and a node.
PROGRESS_DEADLINE_SECONDS = 1800 + NODE_SECONDS


class Serving:
    """The serving stack, registered on construction."""

    def __init__(self, plan: Plan, on_cluster: pulumi.ResourceOptions) -> None:
        self.plan, self.settings = plan, plan.environment.settings
        self.labels = plan.shared_labels.kubernetes()
        self.stack = self._stack(on_cluster)
        self.on_call_guard = OnCallGuard("on-call-guard", OnCallGuardArgs(labels=self.labels), on_cluster)

    @property
    def high_availability(self) -> bool:
        """True where every controller has two replicas or more."""
        wanted = self.settings.serving.high_availability
        return self.settings.cluster.location == "regional" if wanted is None else wanted

    @property
    def metrics(self) -> dict[str, str]:
        """Where KEDA finds the engines' metrics."""
        address = f"https://monitoring.googleapis.com/v1/projects/{self.settings.project}/location/global/prometheus"
        return {"address": address, "authentication": AUTHENTICATION}

    @property
    def mirror(self) -> Mirror:
        """Where charts and images come from."""
        mirror = Mirror()
        if self.plan.mirror_repositories:
            mirror["images"] = mirror_prefixes(
                self.settings.project, self.settings.region, self.plan.mirror_repositories
            )
        if self.settings.mirror and self.settings.mirror.charts:
            mirror["charts"] = self.settings.mirror.charts
        if digests := digests_by_name(self.settings, self.plan.environment.catalogue):
            mirror["digests"] = digests
        return mirror

    def _stack(self, on_cluster: pulumi.ResourceOptions) -> ServingStack:
        args = ServingStackArgs(
            project=self.settings.project,
            project_number=self.settings.project_number,
            high_availability=self.high_availability,
            longest_request_seconds=LONGEST_REQUEST_SECONDS,
            progress_deadline_seconds=PROGRESS_DEADLINE_SECONDS,
            engine_image=self.plan.environment.catalogue.engine(self.settings.engine_version).image.reference,
            mirror=self.mirror,
            labels=self.labels,
        )
        if self.settings.ingress.domain is not None:
            args["domain"] = self.settings.ingress.domain
        if self.settings.ingress.authentication is not None:
            args["external_authorization"] = ExternalAuthorization(host=AUTHORIZATION_HOST)
        return ServingStack("serving", args, on_cluster)
