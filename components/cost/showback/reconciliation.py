"""Holds the bills against the sources: teams, platform and what is nobody's equal the total of each family. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from components.cost.money import CENT, dollars, to_cents
from components.cost.showback.bills import as_decimal, by_family, in_cents
from components.cost.showback.division import PLATFORM, UNATTRIBUTED, Part
from components.cost.showback.items import FAMILIES, Family

#: Percent of a family that may be nobody's.
MOST_UNATTRIBUTED_PERCENT = Decimal(1)
#: USD by which sums of a source's numbers may differ from those of their parts, since hours are kept to 28 digits.
ROUNDING = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One family in cents: what its source says, and whose it is. `listed` is what list prices make of the same hours, where they
    are known; the gap to it is shown and never closed."""

    family: Family
    source: str
    total: Decimal
    credits: Decimal
    teams: Mapping[str, Decimal]
    platform: Decimal
    unattributed: Decimal
    listed: Decimal | None

    @property
    def gap(self) -> Decimal | None:
        """How much more the source says than list prices."""
        return None if self.listed is None else self.total - self.listed

    @property
    def unattributed_percent(self) -> Decimal:
        """Percent of the total that is nobody's."""
        return self.unattributed / self.total * 100 if self.total else Decimal(0)


def reconcile(
    parts: Iterable[Part],
    back: Iterable[Part],
    sources: Mapping[Family, str],
    totals: Mapping[Family, Decimal],
    listed: Mapping[Family, Decimal],
) -> list[Reconciled]:
    """Every family that has a source. `totals` is what the sources say themselves, before credits.

    Raises AssertionError where the parts do not add up to them: then the division is wrong, not the data.
    """
    divided, credits = by_family(parts), by_family(back)
    found = []
    for family in FAMILIES:
        if family not in sources:
            continue
        holders = _by_team(divided.get(family, {}))
        whole = sum(holders.values(), Fraction(0))
        if abs(whole - Fraction(totals.get(family, Decimal(0)))) > ROUNDING:
            raise AssertionError(f"{family}: parts of {as_decimal(whole)} are not the source's {totals.get(family)}")
        cents = in_cents(holders)
        found.append(
            Reconciled(
                family,
                sources[family],
                sum(cents.values(), Decimal("0.00")),
                to_cents(as_decimal(sum(credits.get(family, {}).values(), Fraction(0)))),
                {team: usd for team, usd in cents.items() if team not in (PLATFORM, UNATTRIBUTED)},
                cents.get(PLATFORM, Decimal("0.00")),
                cents.get(UNATTRIBUTED, Decimal("0.00")),
                to_cents(listed[family]) if family in listed else None,
            )
        )
    return found


def too_much_unattributed(reconciled: Iterable[Reconciled]) -> list[str]:
    """A sentence for each family of which too much is nobody's."""
    return [
        f"{each.family}: USD {dollars(each.unattributed)} of {dollars(each.total)} is unattributed, "
        f"{each.unattributed_percent.quantize(CENT)} %, above {MOST_UNATTRIBUTED_PERCENT} %; label what it is, or deploy it "
        "from a team's file"
        for each in reconciled
        if each.unattributed_percent > MOST_UNATTRIBUTED_PERCENT
    ]


def _by_team(holders: Mapping[str, Fraction]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for holder, amount in holders.items():
        team = holder.partition("/")[0]
        found[team] = found.get(team, Fraction(0)) + amount
    return found
