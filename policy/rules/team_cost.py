"""What a team's deployments are expected to cost a month, against what the team may spend.

A deployment on GKE publishes its sizing record; one on Cloud Run, which has no namespace to publish it in, bears the same figure
as an annotation. What states none cannot be added up, and is told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from components.kubernetes.engine_pod import GPU_RESOURCE
from components.labels import TEAM
from components.served_model import RECORD_KEY, RECORD_LABEL, USD_PER_MONTH
from policy.rules.record import CONFIG_MAP
from policy.rules.resource_types import CLOUD_RUN_SERVICE
from policy.rules.rule import UNKNOWN, Context, Finding, Resource

#: Name in `Context.advisory` by which an environment is told of budgets only.
MONTHLY_BUDGET = "monthly-budget"


@dataclass(frozen=True, slots=True)
class Cost:
    """One deployment's expected cost of a month; None where it is not stated."""

    name: str
    team: Any
    usd: Decimal | None


def over_budget(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """Teams of the context whose deployments cost more than they may, and deployments of which nobody knows."""
    advisory, found = MONTHLY_BUDGET in context.advisory, []
    costs = [cost for resource in resources if (cost := _cost(resource)) is not None]
    for team, truth in sorted(context.teams.items()):
        own = [cost for cost in costs if cost.team == team]
        found += [
            Finding(
                f"{cost.name}: its expected cost of a month is not stated, so the budget of team '{team}' cannot be judged; "
                "deploy it through the platform, which publishes it with the sizing record, on Cloud Run as the annotation "
                f"'{USD_PER_MONTH}'.",
                advisory,
            )
            for cost in own
            if cost.usd is None
        ]
        total, limit = (
            sum((cost.usd for cost in own if cost.usd is not None), Decimal(0)),
            Decimal(truth.monthly_budget_usd),
        )
        if total > limit:
            parts = ", ".join(f"{cost.name} {cost.usd:,}" for cost in own if cost.usd is not None)
            found.append(
                Finding(
                    f"{team}: its deployments are expected to cost USD {total:,} a month, {total - limit:,} above the "
                    f"monthly_budget_usd {limit:,} of {truth.file} ({parts}); ask for less, let a deployment scale to zero, "
                    "or have the owner raise the budget there.",
                    advisory,
                )
            )
    return found


def _cost(resource: Resource) -> Cost | None:
    """None for what is no deployment."""
    if resource.type == CONFIG_MAP and resource.at("metadata", "labels", RECORD_LABEL) is not None:
        team = resource.at("metadata", "labels", TEAM)
        return Cost(resource.name, team, _usd(_record(resource.at("data", RECORD_KEY)).get("usd_per_month")))
    if resource.type == CLOUD_RUN_SERVICE and _has_gpu(resource):
        return Cost(resource.name, resource.at("labels", TEAM), _usd(resource.at("annotations", USD_PER_MONTH)))
    return None


def _has_gpu(service: Resource) -> bool:
    containers = service.at("template", "containers")
    if containers is UNKNOWN or service.at("template", "nodeSelector", "accelerator") is not None:
        return True
    indices = range(len(containers) if isinstance(containers, list) else 0)
    return any(
        service.at("template", "containers", index, "resources", "limits", GPU_RESOURCE) is not None
        for index in indices
    )


def _record(written: Any) -> dict[str, Any]:
    try:
        record = json.loads(written) if isinstance(written, str) else {}
    except json.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def _usd(written: Any) -> Decimal | None:
    try:
        usd = Decimal(written) if isinstance(written, str) else None
    except InvalidOperation:
        return None
    return usd if usd is not None and usd.is_finite() and usd >= 0 else None
