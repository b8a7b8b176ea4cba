"""A planned month as plain data: what `cost plan --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.cost.break_even.token_cost import Spread
from components.cost.plan.amounts import Amounts
from components.cost.plan.changes import Change, in_sum
from components.cost.plan.deployment_cost import DeploymentCost
from components.cost.plan.environment_cost import EnvironmentCost
from components.cost.plan.published_cost import CURRENCY, facts_of
from components.sizing.replicas import HOURS_PER_MONTH

#: Version of this form; fields are only ever added within one.
FORM = 1


def plan_data(
    cost: EnvironmentCost, changes: Sequence[Change] | None, why_not_compared: str, old: Sequence[str]
) -> dict[str, Any]:
    """The plan with its change; `changes` is None where nothing is deployed that it could be compared with."""
    over = {budget.team for budget in cost.over_budget}
    limits = {budget.team: budget.usd for budget in cost.budgets}
    return {
        "form": FORM,
        "environment": cost.environment,
        "region": cost.region,
        "currency": CURRENCY,
        "hours_per_month": HOURS_PER_MONTH,
        "expected_share": str(cost.share),
        "total": {**amounts_data(cost.total), "expected_year": str(cost.total.year)},
        "teams": [
            {
                "team": team,
                **amounts_data(amounts),
                "monthly_budget": str(limits[team]) if team in limits else None,
                "over_budget": team in over,
            }
            for team, amounts in cost.teams.items()
        ],
        "deployments": [_deployment(each) for each in cost.deployments],
        "shared": [
            {
                "part": part.what,
                **(amounts_data(part.amounts) if part.amounts else {"expected": None}),
                "how": part.how,
                "source": str(part.source) if part.source else None,
            }
            for part in cost.shared
        ],
        "prices": [{"of": price.what, "source": price.source.name, "date": price.source.date} for price in cost.prices],
        "old_prices": list(old),
        "change": None
        if changes is None
        else {
            "expected": str(in_sum(list(changes))),
            "lines": [
                {
                    "what": change.what,
                    "before": amounts_data(change.before),
                    "after": amounts_data(change.after),
                    "expected": str(change.expected),
                    "minimum": str(change.minimum),
                    "peak": str(change.peak),
                    "causes": list(change.causes),
                }
                for change in changes
            ],
        },
        "not_compared": why_not_compared or None,
    }


def _deployment(cost: DeploymentCost) -> dict[str, Any]:
    return {
        "deployment": cost.deployment,
        "team": cost.team,
        "runs_on": cost.runs_on,
        **amounts_data(cost.amounts),
        "replicas": list(cost.replicas),
        "machines": list(cost.machines),
        "usd_per_replica_hour": f"{cost.usd_per_hour:f}",
        "facts": facts_of(cost),
        "options": {each.option: str(each.expected) for each in cost.options},
        "requests_at_once": cost.tokens.requests,
        "usd_per_million_input_tokens": None if cost.tokens.prompt is None else spread_data(cost.tokens.prompt),
        "usd_per_million_output_tokens": spread_data(cost.tokens.answer),
        "price_source": cost.price_source,
    }


def spread_data(spread: Spread) -> dict[str, str]:
    """An estimate with its range as text."""
    return {"low": str(spread.low), "typical": str(spread.typical), "high": str(spread.high)}


def amounts_data(amounts: Amounts) -> dict[str, str]:
    """A month's amounts as text."""
    return {name: str(getattr(amounts, name)) for name in ("minimum", "expected", "peak", "idle")}
