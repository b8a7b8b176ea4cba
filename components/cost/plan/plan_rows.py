"""The tables of a planned month as rows of text, for a terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.cost.break_even.token_cost import Spread
from components.cost.money import dollars, signed_dollars
from components.cost.plan.amounts import Amounts
from components.cost.plan.changes import Change, in_sum
from components.cost.plan.deployment_cost import DeploymentCost
from components.cost.plan.environment_cost import EnvironmentCost

UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Rows:
    """One table. `numbers` are the columns that are aligned to the right; the last `sums` rows are sums."""

    title: str
    header: tuple[str, ...]
    numbers: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    sums: int = 0


def summary(cost: EnvironmentCost) -> str:
    """The whole in a sentence."""
    month = cost.total
    return (
        f"{cost.environment}: USD {dollars(month.expected)} a month expected, {dollars(month.minimum)} to "
        f"{dollars(month.peak)}, {dollars(month.year)} a year; {dollars(month.idle)} of it idle"
    )


def deployment_rows(cost: EnvironmentCost) -> Rows:
    """Deployments by team, shared parts, and their sums."""
    limits = {budget.team: budget.usd for budget in cost.budgets}
    rows: list[tuple[str, ...]] = []
    for team, amounts in cost.teams.items():
        own = [each for each in cost.deployments if each.team == team]
        rows += [(each.deployment, *_money(each.amounts), where(each)) for each in own]
        limit = f"budget {dollars(limits[team])}" if team in limits else ""
        over = ", exceeded" if team in {budget.team for budget in cost.over_budget} else ""
        rows.append((f"team {team}", *_money(amounts), limit + over))
    for part in cost.shared:
        rows.append((part.what, *(_money(part.amounts) if part.amounts else (UNKNOWN,) * 4), part.how))
    sums = [("shared", *_money(cost.shared_total), ""), ("environment", *_money(cost.total), "what is known")]
    header = ("", "minimum", "expected", "peak", "idle", "how")
    return Rows("USD a month", header, frozenset({1, 2, 3, 4}), (*rows, *sums), len(sums))


def option_rows(cost: EnvironmentCost) -> Rows:
    """The expected month by purchase option, and tokens."""
    rows = [
        (
            each.deployment,
            ", ".join(f"{option.option} {dollars(option.expected)}" for option in each.options)
            or f"by instance {dollars(each.amounts.expected)}",
            "-" if each.tokens.prompt is None else band(each.tokens.prompt),
            band(each.tokens.answer),
            f"{each.tokens.requests} at once",
        )
        for each in cost.deployments
    ]
    header = ("", "expected by purchase option", "million input tokens", "million output tokens", "at load")
    return Rows("USD by purchase option, and for a million tokens (estimate)", header, frozenset(), tuple(rows))


def change_rows(changes: Sequence[Change]) -> Rows:
    """What changes, largest first, and its sum."""
    rows = [
        (
            change.what,
            dollars(change.before.expected),
            dollars(change.after.expected),
            signed_dollars(change.expected),
            signed_dollars(change.peak),
            "; ".join(change.causes),
        )
        for change in changes
    ]
    rows.append(("together", "", "", signed_dollars(in_sum(list(changes))), "", ""))
    header = ("", "deployed", "planned", "expected", "at the peak", "because of")
    return Rows("Change of the month against the deployed stack, USD", header, frozenset({1, 2, 3, 4}), tuple(rows), 1)


def price_rows(cost: EnvironmentCost) -> Rows:
    """Where the prices are from."""
    by_source: dict[str, list[str]] = {}
    for price in cost.prices:
        by_source.setdefault(str(price.source), []).append(price.what)
    rows = tuple((source, ", ".join(names)) for source, names in by_source.items())
    return Rows("Prices", ("source and date", "of"), frozenset(), rows)


def where(cost: DeploymentCost) -> str:
    """Replicas, place and price of a deployment."""
    if cost.paused:
        return "paused"
    least, busy, most = cost.replicas
    replicas = str(least) if least == most else f"{least}, {busy} in {cost.active_hours} h, at most {most}"
    bought = f" ({cost.option})" if cost.option else ""
    shared = f", {cost.replicas_per_host} a machine" if cost.replicas_per_host > 1 else ""
    return f"{replicas} on {cost.host}{bought}{shared}, {cost.usd_per_hour:f} an hour"


def band(spread: Spread) -> str:
    """An estimate with its range."""
    return f"{spread.typical:.3f} ({spread.low:.3f} to {spread.high:.3f})"


def _money(amounts: Amounts) -> tuple[str, str, str, str]:
    return dollars(amounts.minimum), dollars(amounts.expected), dollars(amounts.peak), dollars(amounts.idle)
