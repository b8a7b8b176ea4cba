"""Divides the amounts of a month among deployments, exactly: direct cost to its holder, what is shared by the key. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from components.cost.showback.items import Credit, Family, Item, Whose
from components.cost.showback.keys import keys
from components.cost.showback.rule import FairnessRule
from components.cost.showback.usage import Usage
from components.labels import PLATFORM_TEAM

#: Who pays what nobody held a share of, and whose what nobody can tell is.
PLATFORM, UNATTRIBUTED = PLATFORM_TEAM, "unattributed"
#: Stands for the deployment where only the team of an amount is known.
NOT_TOLD_APART = "(not told apart)"


@dataclass(frozen=True, slots=True)
class Part:
    """One amount as it falls on one holder: a deployment, `<team>/(not told apart)`, platform or unattributed."""

    holder: str
    family: Family
    sku: str
    whose: Whose
    amount: Fraction


def divide_month(items: Iterable[Item], usages: Iterable[Usage], rule: FairnessRule) -> list[Part]:
    """Everything divided; the parts of an item add up to it. The order of items and usages does not matter to any sum."""
    month = tuple(usages)
    among_all = keys(month, rule)
    by_machine = {
        machine: keys([usage for usage in month if machine in usage.machine_types], rule)
        for machine in sorted({machine for usage in month for machine in usage.machine_types})
    }
    parts: list[Part] = []
    for item in items:
        for holder, key in _holders(item, month, rule, among_all, by_machine).items():
            if key:
                parts.append(Part(holder, item.family, item.sku, item.whose, Fraction(item.amount) * key))
    return parts


def divide_credits(credits: Iterable[Credit], parts: Iterable[Part], among_all: Mapping[str, Fraction]) -> list[Part]:
    """What is given back, as amounts above zero: first to those who pay for that SKU, in proportion and no more than they pay for
    it; what is left over by the key among all, like a common cost."""
    paid: dict[tuple[Family, str], dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for part in parts:
        paid[part.family, part.sku][part.holder] += part.amount
    given: dict[tuple[Family, str], Fraction] = defaultdict(Fraction)
    for credit in credits:
        given[credit.family, credit.sku] += Fraction(credit.amount)
    back: list[Part] = []
    for (family, sku), amount in given.items():
        payers = paid.get((family, sku), {})
        whole = sum(payers.values(), Fraction(0))
        first = min(amount, whole)
        if first:
            back += [Part(h, family, sku, Whose.DIRECT, first * usd / whole) for h, usd in payers.items() if usd]
        if left := amount - first:
            back += [Part(h, family, sku, Whose.COMMON, left * key) for h, key in (among_all or {PLATFORM: 1}).items()]
    return back


def _holders(
    item: Item,
    month: tuple[Usage, ...],
    rule: FairnessRule,
    among_all: Mapping[str, Fraction],
    by_machine: Mapping[str, Mapping[str, Fraction]],
) -> Mapping[str, Fraction]:
    """Who has which share of an item."""
    nobody = {PLATFORM: Fraction(1)}
    match item.whose:
        case Whose.DIRECT:
            return {item.names[0]: Fraction(1)}
        case Whose.SHARED:
            return keys([usage for usage in month if usage.deployment in item.names], rule) or nobody
        case Whose.IDLE:
            return by_machine.get(item.names[0], {}) or nobody
        case Whose.COMMON:
            return among_all or nobody
        case Whose.TEAM:
            return {f"{item.names[0]}/{NOT_TOLD_APART}": Fraction(1)}
        case Whose.UNATTRIBUTED:
            return {UNATTRIBUTED: Fraction(1)}
