"""The month before and after, from what both updates publish. Differences are those of the shown cents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.cost.errors import CostError
from components.cost.money import difference, signed_dollars
from components.cost.plan.amounts import Amounts, total
from components.cost.plan.changes import COST, RECORDS, Change, changes_between
from components.cost.plan.published_cost import read_cost, read_record_cost
from components.preview_report.report import DeploymentLine, Sum
from components.preview_report.words import counted

#: Largest changes of shared parts that are named.
NAMED_PARTS = 4
NO_CHANGE = "no change"


@dataclass(frozen=True, slots=True)
class Month:
    """Sums of what a stack publishes: its deployments by name, and its shared parts together."""

    deployments: Mapping[str, Amounts]
    shared: Amounts

    @property
    def all_teams(self) -> Amounts:
        """All deployments."""
        return total(self.deployments.values())

    @property
    def whole(self) -> Amounts:
        """Everything of which the price is known."""
        return total([self.all_teams, self.shared])


NOTHING = Month({}, total([]))


def month_of(outputs: Mapping[str, Any] | None) -> Month | None:
    """The month that outputs publish; None where they publish none, or one that cannot be read."""
    records, block = (outputs or {}).get(RECORDS), (outputs or {}).get(COST)
    shared = block.get("shared") if isinstance(block, Mapping) else None
    if not isinstance(records, Mapping) or not isinstance(shared, Mapping):
        return None
    try:
        return Month(
            {str(key): read_record_cost(str(key), record).amounts for key, record in records.items()},
            total(read_cost(str(what), part).amounts for what, part in shared.items()),
        )
    except CostError:
        return None


def compared(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[tuple[list[Change], list[Change]] | None, str]:
    """((changes of deployments, of shared parts), why they are not compared)."""
    try:
        return changes_between(before, after), ""
    except CostError as error:
        return None, str(error)


def sums(
    environment: str, lines: Iterable[DeploymentLine], before: Month | None, after: Month | None, shared: list[Change]
) -> list[Sum]:
    """What follows the deployments that change: the others, all teams, what is shared, and everything."""
    shown = {line.deployment for line in lines}
    others = [
        None if month is None else {key: value for key, value in month.deployments.items() if key not in shown}
        for month in (before, after)
    ]
    count = len({*(others[0] or ()), *(others[1] or ())})
    found = []
    if count:
        rest = [None if one is None else total(one.values()) for one in others]
        name = counted(count, "other deployment" if shown else "deployment")
        found.append(_sum(name, NO_CHANGE, rest[0], rest[1]))
    found.append(_sum("all teams", "", before and before.all_teams, after and after.all_teams))
    found.append(_sum("shared", _shared(shared), before and before.shared, after and after.shared))
    return [*found, _sum(environment, "", before and before.whole, after and after.whole)]


def _sum(what: str, change: str, before: Amounts | None, after: Amounts | None) -> Sum:
    if before is None or after is None:
        return Sum(what, change, before, after, None)
    return Sum(what, change, before, after, difference(before.expected, after.expected))


def _shared(found: list[Change]) -> str:
    if not found:
        return NO_CHANGE
    named = [f"{change.what} {_amount(change)}" for change in found[:NAMED_PARTS]]
    left = len(found) - len(named)
    return "; ".join(named) + (f" and {left} more" if left else "")


def _amount(change: Change) -> str:
    if change.expected == 0:
        return f"{signed_dollars(change.peak)} at the peak"
    return signed_dollars(change.expected)
