"""Bills in cents: what each holder pays, in parts that add up to it, and all bills to the total of the sources. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from components.cost.money import ZERO, divide, to_cents
from components.cost.showback.division import Part
from components.cost.showback.items import Family, Whose
from components.cost.showback.usage import Usage


@dataclass(frozen=True, slots=True)
class Bill:
    """One holder's month in cents. `serving` and `waiting` are its direct cost, by the share of held time with a running request;
    `direct` is direct cost whose time nobody measured. `shared` is its part of shared GPUs, `idle` of GPU nodes without a pod,
    `common` of the rest. `total` is what it pays: all of them less the credits.
    """

    holder: str
    serving: Decimal
    waiting: Decimal
    direct: Decimal
    shared: Decimal
    idle: Decimal
    common: Decimal
    credits: Decimal
    #: Before anything was rounded, credits not taken off.
    exact: Decimal

    @property
    def team(self) -> str:
        """The team that pays it; platform and unattributed stand for themselves."""
        return self.holder.partition("/")[0]

    @property
    def cost(self) -> Decimal:
        """Without the credits; never negative."""
        return self.serving + self.waiting + self.direct + self.shared + self.idle + self.common

    @property
    def total(self) -> Decimal:
        """What it pays."""
        return self.cost - self.credits


PARTS = ("serving", "waiting", "direct", "shared", "idle", "common")
_COLUMN = {Whose.SHARED: "shared", Whose.IDLE: "idle", Whose.COMMON: "common", Whose.TEAM: "direct"}


def as_decimal(amount: Fraction) -> Decimal:
    """A fraction to 28 digits."""
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def bills(parts: Iterable[Part], back: Iterable[Part], usages: Iterable[Usage]) -> list[Bill]:
    """A bill for every holder, by name. Each holder's cent is decided once, over all families together."""
    shares = {usage.deployment: _serving_share(usage) for usage in usages}
    columns: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for part in parts:
        for column, amount in _columns(part, shares):
            columns[part.holder][column] += amount
    credits: dict[str, Fraction] = defaultdict(Fraction)
    for part in back:
        credits[part.holder] += part.amount
    whole = {name: sum(found.values(), Fraction(0)) for name, found in columns.items()}
    names = sorted({*whole, *credits})
    costs = in_cents({name: whole.get(name, Fraction(0)) for name in names})
    given = in_cents({name: credits.get(name, Fraction(0)) for name in names})
    made = []
    for name in names:
        split = in_cents({column: columns[name][column] for column in PARTS}, costs[name])
        made.append(Bill(name, **split, credits=given[name], exact=as_decimal(whole.get(name, Fraction(0)))))
    return made


def in_cents(amounts: Mapping[str, Fraction], total: Decimal | None = None) -> dict[str, Decimal]:
    """Amounts in cents by largest remainder; they add up to `total`, without it to their own sum to the cent."""
    exact = {name: as_decimal(amount) for name, amount in amounts.items()}
    whole = to_cents(as_decimal(sum(amounts.values(), Fraction(0)))) if total is None else total
    if not any(exact.values()):
        return dict.fromkeys(exact, ZERO)
    return divide(whole, exact)


def by_family(parts: Iterable[Part]) -> dict[Family, dict[str, Fraction]]:
    """Exact amounts by family and holder."""
    found: dict[Family, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for part in parts:
        found[part.family][part.holder] += part.amount
    return {family: dict(sorted(holders.items())) for family, holders in found.items()}


def _columns(part: Part, shares: Mapping[str, Fraction | None]) -> list[tuple[str, Fraction]]:
    if part.whose in _COLUMN:
        return [(_COLUMN[part.whose], part.amount)]
    share = shares.get(part.holder)
    if share is None:
        return [("direct", part.amount)]
    return [("serving", part.amount * share), ("waiting", part.amount * (1 - share))]


def _serving_share(usage: Usage) -> Fraction | None:
    if usage.serving_hours is None or not usage.held_hours:
        return None
    return Fraction(usage.serving_hours) / Fraction(usage.held_hours)
