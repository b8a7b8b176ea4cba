"""What a preview warns of: it does not stop the update, but should be read. Pure."""

from __future__ import annotations

import datetime
from decimal import Decimal

from components.sizing.legality import bugs_of
from stacks.environment import Environment
from stacks.planned_deployment import PlannedDeployment

#: Days before `expires_on` from which a preview warns.
EXPIRY_WARNING_DAYS = 14


def warnings_about(deployments: list[PlannedDeployment], environment: Environment, today: datetime.date) -> list[str]:
    """What does not stop the update but should be read."""
    warnings = _canaries(deployments)
    for planned in deployments:
        end = planned.wish.expires_on
        if end is not None and end <= today + datetime.timedelta(days=EXPIRY_WARNING_DAYS):
            warnings.append(f"{planned.key} expires on {end}; previews fail after that day")
        if idle := [kind for kind in planned.wish.max_items if kind not in planned.wish.inputs]:
            warnings.append(
                f"{planned.key}: max_items for {', '.join(idle)} has no effect, since inputs does not list it"
            )
        for bug in bugs_of(planned.record.budget.config, environment.catalogue):
            warnings.append(f"{planned.key}: {bug.title} ({bug.issue or bug.id}); {bug.avoid}")
        if planned.record.runs_on == "gke" and planned.wish.callers:
            warnings.append(
                f"{planned.key} runs on GKE and is reached from inside the cluster only: callers have no effect there"
            )
    for allowance in environment.settings.allow_unknown:
        if allowance.expires <= today + datetime.timedelta(days=EXPIRY_WARNING_DAYS):
            warnings.append(f"allow_unknown for {allowance.deployment} ends on {allowance.expires}: {allowance.reason}")
    placed = {planned.key: planned for planned in deployments}
    for override in environment.settings.overrides:
        if override.expires < today:
            warnings.append(
                f"overrides for {override.deployment} ended on {override.expires}; remove it from the settings"
            )
        elif override.deployment not in placed:
            warnings.append(f"overrides for {override.deployment} has no effect: there is no such deployment")
        else:
            decided = ", ".join(f"{name} {value}" for name, value in override.override.values.items())
            warnings.append(
                f"{override.deployment}: {decided} by the platform's engineers until {override.expires}: {override.reason}"
            )
    for loaded in environment.teams:
        if loaded.team.group and environment.settings.cluster.security_group is None:
            warnings.append(
                f"{loaded.team.team}: group has no rights in the cluster while cluster.security_group is not set"
            )
        costs = [p.record.usd_per_month for p in deployments if p.loaded is loaded]
        expected = sum(costs, Decimal(0))
        if expected > loaded.team.monthly_budget_usd:
            warnings.append(
                f"{loaded.team.team}: ${expected:,.2f} a month expected, above monthly_budget_usd "
                f"${loaded.team.monthly_budget_usd:,.2f} ({loaded.file})"
            )
    return warnings


def _canaries(deployments: list[PlannedDeployment]) -> list[str]:
    """A canary runs both revisions for as long as it lasts. A team's quota has room for the largest rollout, not for two."""
    warnings = []
    trying = [
        planned for planned in deployments if planned.wish.canary_percent is not None and planned.pool is not None
    ]
    for planned in trying:
        gpus = planned.record.gpu_count * max(1, planned.record.min_replicas)
        warnings.append(
            f"{planned.key}: canary_percent {planned.wish.canary_percent} keeps two revisions running, {gpus} more "
            f"{planned.record.accelerator}, until the line is removed"
        )
    for team in sorted({planned.record.demand.team for planned in trying}):
        if len(names := [planned.wish.name for planned in trying if planned.record.demand.team == team]) > 1:
            warnings.append(
                f"{team}: {', '.join(names)} are canaries at once; the team's GPU quota has room for one rollout, so the later "
                "one stays pending (the event on its ReplicaSet says `exceeded quota`) until the earlier one ends"
            )
    return warnings
