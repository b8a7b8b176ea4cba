"""What is said of a team whose expected month is above its budget: the same words in a plan, a preview and a policy."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from components.cost.money import dollars


def over_budget(
    team: str, limit: Decimal, file: str, expected: Mapping[str, Decimal], peak: Decimal | None
) -> str | None:
    """None within the budget. `expected` has the expected month of each deployment; `peak` is None where it is not known."""
    total = sum(expected.values(), Decimal(0))
    if total <= limit:
        return None
    parts = ", ".join(f"{name} {dollars(usd)}" for name, usd in expected.items())
    most = "" if peak is None else f", at most USD {dollars(peak)} with every replica all month"
    return (
        f"{team}: its deployments are expected to cost USD {dollars(total)} a month, {dollars(total - limit)} above the "
        f"monthly_budget_usd {limit:,} of {file}{most} ({parts}); ask for less, let a deployment scale to zero, or have the "
        "owner raise the budget there"
    )
