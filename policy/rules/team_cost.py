"""What a team's deployments are expected to cost a month, against what the team may spend.

A deployment on GKE publishes its sizing record, and the expected month with it (`cost`; the record's own `usd_per_month` is what
placement compared, and no rule reads it). One on Cloud Run, which has no namespace to publish it in, bears the same figures as
annotations. What states none cannot be added up, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from components.cost.plan import budget
from components.cost.plan.published_cost import KEY
from components.kubernetes.engine_pod import GPU_RESOURCE
from components.labels import TEAM
from components.served_model import RECORD_LABEL, USD_PER_MONTH, USD_PER_MONTH_PEAK
from policy.rules.record import CONFIG_MAP, content_of
from policy.rules.resource_types import CLOUD_RUN_SERVICE
from policy.rules.rule import UNKNOWN, Context, Finding, Resource

#: Name in `Context.advisory` by which an environment is told of budgets only.
MONTHLY_BUDGET = "monthly-budget"


@dataclass(frozen=True, slots=True)
class Cost:
    """One deployment's expected cost of a month and the most that it may be; None where it is not stated."""

    name: str
    team: Any
    usd: Decimal | None
    peak: Decimal | None


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
        # two resources may bear one name
        expected: dict[str, Decimal] = {}
        for cost in own:
            if cost.usd is not None:
                expected[cost.name] = expected.get(cost.name, Decimal(0)) + cost.usd
        peaks = [cost.peak for cost in own if cost.peak is not None]
        peak = sum(peaks, Decimal(0)) if len(peaks) == len(own) else None
        message = budget.over_budget(team, Decimal(truth.monthly_budget_usd), truth.file, expected, peak)
        if message is not None:
            found.append(Finding(f"{message}.", advisory))
    return found


def _cost(resource: Resource) -> Cost | None:
    """None for what is no deployment."""
    if resource.type == CONFIG_MAP and resource.at("metadata", "labels", RECORD_LABEL) is not None:
        team = resource.at("metadata", "labels", TEAM)
        written = content_of(resource).get(KEY)
        month = written if isinstance(written, dict) else {}
        expected, peak = (month.get(f"{name}_usd_per_month") for name in ("expected", "peak"))
        return Cost(resource.name, team, _usd(expected), _usd(peak))
    if resource.type == CLOUD_RUN_SERVICE and _has_gpu(resource):
        expected, peak = (resource.at("annotations", name) for name in (USD_PER_MONTH, USD_PER_MONTH_PEAK))
        return Cost(resource.name, resource.at("labels", TEAM), _usd(expected), _usd(peak))
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


def _usd(written: Any) -> Decimal | None:
    try:
        usd = Decimal(written) if isinstance(written, str) else None
    except InvalidOperation:
        return None
    return usd if usd is not None and usd.is_finite() and usd >= 0 else None
