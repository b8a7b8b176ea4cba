"""What a plan changes against the deployed stack, line by line, with what causes it. Differences are those of the shown cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from components.cost.errors import CostError
from components.cost.money import ZERO, difference, dollars, signed_dollars
from components.cost.plan.amounts import Amounts
from components.cost.plan.environment_cost import EnvironmentCost
from components.cost.plan.published_cost import PublishedCost, facts_of, read_cost, read_record_cost

NOTHING = Amounts(ZERO, ZERO, ZERO)
#: Outputs of a stack that are compared.
RECORDS, COST = "records", "cost"
#: Largest changes that a preview tells.
TOLD_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One deployment or shared part that costs something else than what is deployed. `causes` are what differs, in words."""

    what: str
    before: Amounts
    after: Amounts
    causes: tuple[str, ...]

    @property
    def expected(self) -> Decimal:
        """Difference of the expected month, in cents."""
        return difference(self.before.expected, self.after.expected)

    @property
    def peak(self) -> Decimal:
        """Difference at the peak, in cents."""
        return difference(self.before.peak, self.after.peak)

    @property
    def minimum(self) -> Decimal:
        """Difference at the least, in cents."""
        return difference(self.before.minimum, self.after.minimum)


def changes(cost: EnvironmentCost, outputs: Mapping[str, Any]) -> list[Change]:
    """All changes, the largest first.

    `outputs` are those of the deployed stack; CostError says what they lack. Shared parts are compared where the stack published
    them.
    """
    before = _deployed(outputs)
    after = {each.deployment: PublishedCost(each.amounts, facts_of(each)) for each in cost.deployments}
    shared = {
        part.what: PublishedCost(part.amounts, {"how": part.how}) for part in cost.shared if part.amounts is not None
    }
    return _largest_first([*_compare(before, after), *_compare(_deployed_shared(outputs), shared)])


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[list[Change], list[Change]]:
    """The same between the outputs of two updates of a stack: (changes of deployments, of shared parts), each the largest first.

    Where `before` is empty everything is added. CostError says what one of the two lacks.
    """
    nothing = {RECORDS: {}, COST: {"shared": {}}}
    deployed = before or nothing
    shared = _compare(_deployed_shared(deployed), _deployed_shared(after))
    return _largest_first(_compare(_deployed(deployed), _deployed(after))), _largest_first(shared)


def in_sum(found: list[Change]) -> Decimal:
    """The difference of the expected month over all changes."""
    return sum((change.expected for change in found), ZERO)


def told(change: Change) -> str:
    """One change in a line."""
    amounts = f"{signed_dollars(change.expected)} a month expected, now {dollars(change.after.expected)}"
    if change.expected == 0 and change.peak != 0:
        amounts = f"the same expected, {signed_dollars(change.peak)} at the peak"
    return f"{change.what}: {amounts} ({'; '.join(change.causes)})"


def _largest_first(found: list[Change]) -> list[Change]:
    return sorted(found, key=lambda change: (-abs(change.expected), -abs(change.peak), change.what))


def _compare(before: Mapping[str, PublishedCost], after: Mapping[str, PublishedCost]) -> list[Change]:
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        causes = ("added",) if old is None else ("removed",) if new is None else _causes(old.facts, new.facts)
        amounts = (old.amounts if old else NOTHING, new.amounts if new else NOTHING)
        if _shown(amounts[0]) != _shown(amounts[1]):
            found.append(Change(key, *amounts, causes or ("rounding",)))
    return found


def _shown(amounts: Amounts) -> tuple[Decimal, ...]:
    """What somebody pays; how much of it is idle is no change of cost."""
    return amounts.minimum, amounts.expected, amounts.peak


def _causes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What differs between two sets of facts, in the order of the newer ones."""
    return tuple(
        f"{name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"
        for name in dict.fromkeys([*after, *before])
        if before.get(name) != after.get(name)
    )


def _deployed(outputs: Mapping[str, Any]) -> dict[str, PublishedCost]:
    records = outputs.get(RECORDS)
    if not isinstance(records, Mapping):
        raise CostError(
            f"the outputs have no `{RECORDS}`: they are not those of a stack of this platform, or it was never updated"
        )
    return {str(key): read_record_cost(str(key), record) for key, record in records.items()}


def _deployed_shared(outputs: Mapping[str, Any]) -> dict[str, PublishedCost]:
    block = outputs.get(COST)
    shared = block.get("shared") if isinstance(block, Mapping) else None
    if not isinstance(shared, Mapping):
        raise CostError(
            f"the outputs have no `{COST}` of the shared parts; they are of an older version: one update adds it"
        )
    return {str(what): read_cost(str(what), part) for what, part in shared.items() if isinstance(part, Mapping)}
