"""Recording rules and alerts about the cost of an environment, with its own budgets, list prices and bands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from components.cost.showback.rules import Limits, rule_groups
from components.naming import Scope, Service, cloud_name
from stacks.plan import Plan


def cost_rules(plan: Plan, prices: Mapping[str, Decimal]) -> dict[str, Any]:
    """Groups of rules as Prometheus reads them; `prices` are those of node_prices.py."""
    return rule_groups(cost_limits(plan, prices), plan.environment.settings.cost.answer_weight)


def cost_limits(plan: Plan, prices: Mapping[str, Decimal]) -> Limits:
    """What alerts compare with. Of a deployment on GKE that is what a million tokens, prompts and answers alike, cost at the most
    while it is as busy as it was sized for."""
    environment = plan.environment
    scope = Scope(environment.settings.project, environment.name)
    namespaces = {
        loaded.team.team: cloud_name(Service.NAMESPACE, scope, loaded.team.team) for loaded in environment.teams
    }
    return Limits(
        environment=environment.name,
        budgets={namespaces[loaded.team.team]: loaded.team.monthly_budget_usd for loaded in environment.teams},
        list_prices=prices,
        bands={
            (namespaces[planned.loaded.team.team], planned.wish.name): Decimal(
                repr(planned.record.usd_per_million_tokens.worst)
            )
            for planned in plan.deployments
            if planned.pool is not None
        },
    )
