"""A cost as plain data: what a stack publishes, so that a later plan can be compared with it, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from components.cost.errors import CostError
from components.cost.money import ZERO
from components.cost.plan.amounts import Amounts
from components.cost.plan.deployment_cost import DeploymentCost
from components.cost.plan.environment_cost import EnvironmentCost

#: Key of the block in a published record.
KEY = "cost"
CURRENCY = "USD"
_NAMES = ("minimum", "expected", "peak", "idle")


@dataclass(frozen=True, slots=True)
class PublishedCost:
    """The cost of a deployment, or of a shared part, as a stack published it; `facts` are what it follows from, in words."""

    amounts: Amounts
    facts: Mapping[str, str]


def plain_amounts(amounts: Amounts) -> dict[str, str]:
    """Amounts as text, by name."""
    return {f"{name}_usd_per_month": str(getattr(amounts, name)) for name in _NAMES}


def published_cost(cost: DeploymentCost) -> dict[str, Any]:
    """The cost of a deployment with what it follows from; the same for the same plan."""
    return {
        "currency": CURRENCY,
        **plain_amounts(cost.amounts),
        "facts": facts_of(cost),
        "options": {each.option: str(each.expected) for each in cost.options},
    }


def facts_of(cost: DeploymentCost) -> dict[str, str]:
    """What an amount follows from, by name, as a change of it is told."""
    least, busy, most = cost.replicas
    return {
        "host": cost.host,
        "option": cost.option or "by instance",
        "replicas": f"{least}, {busy} while active, at most {most}",
        "replicas a host": str(cost.replicas_per_host),
        "price": f"{cost.usd_per_hour:f} an hour",
        "active hours": str(cost.active_hours),
        "share of the peak": str(cost.share),
        "paused": "yes" if cost.paused else "no",
    }


def published_total(cost: EnvironmentCost) -> dict[str, Any]:
    """The cost of the environment and of its shared parts."""
    return {
        "currency": CURRENCY,
        **plain_amounts(cost.total),
        "shared": {
            part.what: {**plain_amounts(part.amounts), "facts": {"how": part.how}}
            for part in cost.shared
            if part.amounts is not None
        },
    }


def read_record_cost(key: str, record: object) -> PublishedCost:
    """What a deployed record says of its cost. Raises CostError where it says nothing, or nothing that can be read."""
    block = record.get(KEY) if isinstance(record, Mapping) else None
    if not isinstance(block, Mapping):
        raise CostError(
            f"the deployed record of {key} states no cost: it was published by an older version; one update adds it"
        )
    return read_cost(key, block)


def read_cost(what: str, block: Mapping[str, Any]) -> PublishedCost:
    """A published block. Raises CostError naming what cannot be read, and for another currency."""
    currency = block.get("currency", CURRENCY)
    if currency != CURRENCY:
        raise CostError(f"the deployed cost of {what} is in {currency}; only amounts in {CURRENCY} can be compared")
    facts = block.get("facts")
    words = {str(name): str(value) for name, value in facts.items()} if isinstance(facts, Mapping) else {}
    minimum, expected, peak, idle = (_amount(what, name, block) for name in _NAMES)
    return PublishedCost(Amounts(minimum, expected, peak, idle), words)


def _amount(what: str, name: str, block: Mapping[str, Any]) -> Decimal:
    written = block.get(f"{name}_usd_per_month", str(ZERO) if name == "idle" else None)
    try:
        amount = Decimal(written) if isinstance(written, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise CostError(f"the deployed cost of {what} says {name}_usd_per_month: {written!r}, which is no amount")
    return amount
