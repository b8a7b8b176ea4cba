"""What a preview warns of: it does not stop the update, but should be read. Pure."""

from __future__ import annotations

import datetime
from decimal import Decimal

from components.cost.plan.budget import over_budget
from components.served_model import MOUNT
from components.sizing.legality import bugs_of
from components.weights_way import LARGEST_MOUNT_GIB, checkpoint_gib, start_seconds
from stacks.environment import Environment
from stacks.planned_deployment import PlannedDeployment
from stacks.pools import machines_for

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
        if planned.wish.callers and (idle_callers := _idle_callers(planned, environment)):
            warnings.append(f"{planned.key}: callers have no effect: {idle_callers}")
        asked = environment.settings.cloud_run.weights
        if planned.record.runs_on == "cloud-run" and planned.weights_way != asked:
            warnings.append(
                f"{planned.key}: {checkpoint_gib(planned.record):.1f} GiB are streamed although cloud_run.weights is {asked}: "
                f"by a mount a start may take {start_seconds(planned.record, MOUNT)} s; up to {LARGEST_MOUNT_GIB:.0f} GiB are "
                "mounted, where max_cold_start_seconds bears it"
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
        own = [planned.cost for planned in deployments if planned.loaded is loaded]
        expected = {cost.deployment: cost.amounts.expected for cost in own}
        peak = sum((cost.amounts.peak for cost in own), Decimal(0))
        if (
            message := over_budget(loaded.team.team, loaded.team.monthly_budget_usd, loaded.file, expected, peak)
        ) is not None:
            warnings.append(message)
    return warnings


def _idle_callers(planned: PlannedDeployment, environment: Environment) -> str | None:
    """Why nobody asks who calls a deployment; None where somebody does."""
    if planned.pool is None:
        return None
    if planned.standard_mode:
        return "with a goal for latency or cold starts it is reached inside the cluster only; name caller_namespaces"
    if environment.settings.ingress.authentication is None:
        return "the environment has no ingress.authentication, so that every pod of the cluster may call it"
    return None


def _canaries(deployments: list[PlannedDeployment]) -> list[str]:
    """A canary runs both revisions for as long as it lasts. A team's quota has room for the largest rollout, not for two."""
    warnings = []
    trying = [
        planned for planned in deployments if planned.wish.canary_percent is not None and planned.pool is not None
    ]
    for planned in trying:
        warnings.append(
            f"{planned.key}: canary_percent {planned.wish.canary_percent} keeps two revisions running, {_rollout_gpus(planned)} "
            f"more {planned.record.accelerator}, until the line is removed; meanwhile a change of another deployment may find no "
            "room for its own"
        )
    for team in sorted({planned.record.demand.team for planned in trying}):
        its = [planned for planned in trying if planned.record.demand.team == team]
        room = max(_rollout_gpus(one) for one in deployments if one.pool is not None and one.record.demand.team == team)
        if (wanted := sum(map(_rollout_gpus, its))) > room:
            warnings.append(
                f"{team}: {', '.join(one.wish.name for one in its)} are canaries at once and want {wanted} GPUs beside all "
                f"replicas, the team's quota has {room}, room for one rollout; at peak the later one stays pending (its "
                "InferenceService, or the event on a ReplicaSet, says `exceeded quota`) until the earlier one ends"
            )
    for pool in sorted({planned.pool for planned in trying if planned.pool is not None}):
        its = [planned for planned in trying if planned.pool == pool]
        room = max(_rollout_machines(one) for one in deployments if one.pool == pool)
        teams = {one.record.demand.team for one in its}
        if (wanted := sum(map(_rollout_machines, its))) > room and len(teams) > 1:
            warnings.append(
                f"{', '.join(one.key for one in its)} are canaries at once and want {wanted} machines of {pool} beside all "
                f"replicas, its pools have {room}, room for one rollout; at peak the later one stays pending (the event on its "
                "pod says `Insufficient nvidia.com/gpu`) until the earlier one ends"
            )
    return warnings


def _rollout_gpus(planned: PlannedDeployment) -> int:
    """GPUs of a new revision beside the old one."""
    return planned.record.gpu_count * max(1, planned.record.min_replicas)


def _rollout_machines(planned: PlannedDeployment) -> int:
    return machines_for(planned.record, max(1, planned.record.min_replicas))
