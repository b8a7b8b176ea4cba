"""What an environment costs a month: its deployments by team, and what they share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from components.cost.plan.amounts import Amounts, total
from components.cost.plan.deployment_cost import DeploymentCost
from components.cost.prices.price_date import Source, UsedPrice


@dataclass(frozen=True, slots=True)
class SharedCost:
    """One part that deployments share. `amounts` is None where its price is not known or depends on use."""

    what: str
    amounts: Amounts | None
    how: str
    source: Source | None


@dataclass(frozen=True, slots=True)
class TeamBudget:
    """What a team may spend a month, and the file that says so."""

    team: str
    usd: Decimal
    file: str


@dataclass(frozen=True, slots=True)
class EnvironmentCost:
    """A plan of one month of 730 hours. Deployments and budgets are in the order of their names."""

    environment: str
    region: str
    share: Decimal
    deployments: tuple[DeploymentCost, ...]
    shared: tuple[SharedCost, ...]
    budgets: tuple[TeamBudget, ...]

    @property
    def total(self) -> Amounts:
        """Everything of which the price is known."""
        return total([self.shared_total, *(each.amounts for each in self.deployments)])

    @property
    def shared_total(self) -> Amounts:
        """All shared parts of which the price is known."""
        return total(part.amounts for part in self.shared if part.amounts is not None)

    @property
    def teams(self) -> dict[str, Amounts]:
        """Sums by team, those that serve nothing included, in the order of names."""
        names = {budget.team for budget in self.budgets} | {each.team for each in self.deployments}
        return {name: total(each.amounts for each in self.deployments if each.team == name) for name in sorted(names)}

    @property
    def over_budget(self) -> tuple[TeamBudget, ...]:
        """Teams whose expected month is above what they may spend."""
        sums = self.teams
        return tuple(budget for budget in self.budgets if sums[budget.team].expected > budget.usd)

    @property
    def prices(self) -> tuple[UsedPrice, ...]:
        """All prices that the plan rests on, each once."""
        found = [UsedPrice(f"{each.host} in {self.region}", each.source) for each in self.deployments]
        found += [UsedPrice(part.what, part.source) for part in self.shared if part.source and part.amounts]
        return tuple(dict.fromkeys(found))


def environment_cost(
    environment: str,
    region: str,
    share: Decimal,
    deployments: Iterable[DeploymentCost],
    shared: Iterable[SharedCost],
    budgets: Iterable[TeamBudget],
) -> EnvironmentCost:
    """The plan of one environment; the order in which teams and deployments come does not matter."""
    return EnvironmentCost(
        environment,
        region,
        share,
        tuple(sorted(deployments, key=lambda each: each.deployment)),
        tuple(shared),
        tuple(sorted(budgets, key=lambda budget: budget.team)),
    )
