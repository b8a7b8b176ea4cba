"""What a month costs at its least, as expected and at its most, in cents: sums of amounts are sums of what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from components.cost.money import ZERO, to_cents

MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Amounts:
    """USD a month. `idle` is the part of `expected` that is paid for minimum replicas while nothing is asked."""

    minimum: Decimal
    expected: Decimal
    peak: Decimal
    idle: Decimal = ZERO

    @property
    def year(self) -> Decimal:
        """Twelve months as expected."""
        return self.expected * MONTHS_OF_YEAR


def in_cents(minimum: Decimal, expected: Decimal, peak: Decimal, idle: Decimal = ZERO) -> Amounts:
    """The amounts, each to the cent."""
    return Amounts(to_cents(minimum), to_cents(expected), to_cents(peak), to_cents(idle))


def total(parts: Iterable[Amounts]) -> Amounts:
    """The sum of amounts."""
    minimum = expected = peak = idle = ZERO
    for part in parts:
        minimum, expected = minimum + part.minimum, expected + part.expected
        peak, idle = peak + part.peak, idle + part.idle
    return Amounts(minimum, expected, peak, idle)
