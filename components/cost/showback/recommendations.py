"""What would have cost less, as sizing's own placement finds it for the same wish. It is advice: nothing here changes anything.

Prices and places are sizing's, hours are measured. A replica that may stop is counted with the time for which it is kept after
each
request; its cold starts are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from components.cost.break_even.alternatives import Alternatives, alternatives
from components.cost.money import to_cents
from components.cost.showback.engine_series import EngineUse
from components.cost.showback.records import Record
from components.cost.showback.usage import Usage
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.errors import SizingError
from components.sizing.placement import place
from components.sizing.record import SizingRecord

#: USD a month below which nobody should change anything (own choice).
LEAST_SAVING = Decimal(1)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing that a team could write, and what it would have saved in the days that are reported."""

    deployment: str
    kind: str
    what: str
    saves: Decimal


def recommend(
    demand: Demand, supply: Supply, catalogue: Catalogue, record: Record, usage: Usage, use: EngineUse | None
) -> list[Recommendation]:
    """Everything that would have cost at least a dollar less than what is deployed (`record`), the largest saving first.

    Empty where nothing was held, or nothing fits.
    """
    if not usage.held_hours:
        return []
    try:
        found = alternatives(demand, supply, catalogue)
    except SizingError:
        return []
    made = [*_smaller(found, record, usage), *_precision(demand, supply, catalogue, record, usage)]
    if use is not None and record.runs_on == "gke":
        awake = min(sum(use.awake_hours.values(), Decimal(0)), usage.held_hours)
        made += [*_to_zero(demand, supply, catalogue, record, usage, awake), *_cloud_run(found, record, usage, awake)]
    worth = [each for each in made if each.saves >= LEAST_SAVING]
    return sorted(worth, key=lambda each: (-each.saves, each.kind))


def _smaller(found: Alternatives, record: Record, usage: Usage) -> Iterable[Recommendation]:
    """The cheapest machine type that fits."""
    cheaper = [
        other
        for other in found.machines
        if other.machine_type != record.machine_type and other.usd_per_hour < record.usd_per_hour
    ]
    if record.runs_on == "gke" and cheaper:
        best = min(cheaper, key=lambda other: (other.usd_per_hour, other.machine_type or ""))
        precision = best.budget.config.checkpoint.precision
        yield Recommendation(
            usage.deployment,
            "smaller machine" if precision == record.precision else "smaller machine, other precision",
            f"{best.machine_type} ({precision}), {_instead(best, record)}",
            to_cents((record.usd_per_hour - best.usd_per_hour) * usage.held_hours),
        )


def _precision(
    demand: Demand, supply: Supply, catalogue: Catalogue, record: Record, usage: Usage
) -> Iterable[Recommendation]:
    """What the team has chosen for itself is compared with what sizing would choose."""
    if demand.precision == "auto" and demand.checkpoint is None:
        return
    other = _placed(replace(demand, precision="auto", checkpoint=None), supply, catalogue)
    if other is None:
        return
    precision = other.budget.config.checkpoint.precision
    if precision != record.precision and other.usd_per_hour < record.usd_per_hour:
        yield Recommendation(
            usage.deployment,
            "other precision",
            f"precision: {precision} on {other.placement}, {_instead(other, record)}",
            to_cents((record.usd_per_hour - other.usd_per_hour) * usage.held_hours),
        )


def _to_zero(
    demand: Demand, supply: Supply, catalogue: Catalogue, record: Record, usage: Usage, awake: Decimal
) -> Iterable[Recommendation]:
    """Nothing of it where the team wants no cold start. Counted at the price of what is deployed."""
    if record.min_replicas == 0 or demand.high_availability or demand.max_cold_start_seconds == 0:
        return
    other = _placed(replace(demand, scale_to_zero=True), supply, catalogue)
    if other is not None and other.min_replicas == 0:
        yield Recommendation(
            usage.deployment,
            "scale to zero",
            f"scale_to_zero: true; awake for {_tenths(awake)} of {_tenths(usage.held_hours)} hours",
            to_cents(record.usd_per_hour * (usage.held_hours - awake)),
        )


def _cloud_run(found: Alternatives, record: Record, usage: Usage, awake: Decimal) -> Iterable[Recommendation]:
    other = found.cloud_run
    if other is None:
        return
    hours = awake if other.min_replicas == 0 else usage.held_hours
    yield Recommendation(
        usage.deployment,
        "Cloud Run",
        f"runs_on: cloud-run, {other.gpu_count} x {other.accelerator} for {_tenths(hours)} hours, {_instead(other, record)}",
        to_cents(record.usd_per_hour * usage.held_hours - other.usd_per_hour * hours),
    )


def _placed(demand: Demand, supply: Supply, catalogue: Catalogue) -> SizingRecord | None:
    try:
        return place(demand, supply, catalogue)
    except SizingError:
        return None


def _instead(other: SizingRecord, record: Record) -> str:
    return f"USD {other.usd_per_hour:.2f} an hour instead of {record.usd_per_hour:.2f}"


def _tenths(hours: Decimal) -> str:
    return f"{hours:.1f}"
