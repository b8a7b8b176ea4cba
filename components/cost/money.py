"""Amounts of money: how they are shown, and how a total is divided without losing a cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def to_cents(amount: Decimal) -> Decimal:
    """An amount to the cent; half a cent counts as one."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """An amount as people read it: 1,234.50."""
    return f"{to_cents(amount):,.2f}"


def difference(before: Decimal, after: Decimal) -> Decimal:
    """What changed between two amounts as they are shown, so that the three numbers add up for whoever reads them."""
    return to_cents(after) - to_cents(before)


def signed_dollars(amount: Decimal) -> str:
    """A difference as people read it: +$419.24, -$311.07, +$0.00."""
    sign = "-" if to_cents(amount) < 0 else "+"
    return f"{sign}${dollars(abs(amount))}"


def divide(total: Decimal, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """`total` in cents by shares of any size, by largest remainder; ties go to the first name. The parts add up to the total.

    Raises ValueError for a total that is not in cents, for a negative share, and where all shares are zero.
    """
    if total != to_cents(total):
        raise ValueError(f"{total} is not in cents")
    if any(share < 0 for share in shares.values()):
        raise ValueError("a share is negative")
    whole = sum(shares.values(), Decimal(0))
    if whole == 0:
        raise ValueError("there is nobody to divide among")
    exact = {name: total * share / whole for name, share in shares.items()}
    parts = {name: amount.quantize(CENT, ROUND_FLOOR) for name, amount in exact.items()}
    left = int((total - sum(parts.values())) / CENT)
    # whoever has no share gets no cent of it either
    takers = sorted((n for n in shares if shares[n] > 0), key=lambda name: (parts[name] - exact[name], name))
    for name in takers[:left]:
        parts[name] += CENT
    return parts
