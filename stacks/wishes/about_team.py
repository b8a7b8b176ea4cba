"""What a plan says of one team: whether its expected month stays within its budget, whether that stops, and warnings. Pure."""

from __future__ import annotations

from decimal import Decimal

from components.cost.plan.budget import over_budget
from policy.levels import advisory_in
from policy.rules.team_cost import MONTHLY_BUDGET
from stacks.plan import Plan

FIELD = "monthly_budget_usd"


def beyond_budget(plan: Plan, team: str) -> str | None:
    """What is said of a team that is above its budget; None of one within it."""
    loaded = next(each for each in plan.environment.teams if each.team.team == team)
    own = [planned.cost for planned in plan.deployments if planned.loaded is loaded]
    expected = {cost.deployment: cost.amounts.expected for cost in own}
    peak = sum((cost.amounts.peak for cost in own), Decimal(0))
    return over_budget(team, loaded.team.monthly_budget_usd, loaded.file, expected, peak)


def stops(environment: str) -> bool:
    """True where the policy on budgets does not only advise."""
    return MONTHLY_BUDGET not in advisory_in(environment)


def warnings_about(plan: Plan, team: str) -> tuple[str, ...]:
    """The warnings of the plan that are this team's."""
    return tuple(warning for warning in plan.warnings if warning.startswith((f"{team}/", f"{team}:")))
