"""What one deployment costs a month: minimum replicas all month, what is expected, most replicas all month, and what is idle.

This is the number that users see as expected. A sizing record's own `usd_per_month` is another one: placement compares places by
it, with all replicas in the active hours and their starts and idle tails.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.cost.break_even.token_cost import TokenCost, token_cost
from components.cost.errors import CostError
from components.cost.plan.amounts import Amounts, in_cents
from components.cost.plan.load import machines_for, paid_replicas, replicas_at
from components.cost.prices.price_date import Source
from components.sizing.catalogue import Catalogue
from components.sizing.record import SizingRecord
from components.sizing.replicas import HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class OptionCost:
    """The expected month if all of it were bought in one way."""

    option: str
    usd_per_hour: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class DeploymentCost:
    """One deployment. Replicas as they run; prices in USD per replica-hour."""

    deployment: str
    runs_on: str
    host: str
    option: str | None
    replicas: tuple[int, int, int]
    replicas_per_host: int
    machines: tuple[int, int, int]
    active_hours: int
    share: Decimal
    paused: bool
    usd_per_hour: Decimal
    #: Where the price is from, adjustments of the environment included, and the list behind it.
    price_source: str
    source: Source
    options: tuple[OptionCost, ...]
    tokens: TokenCost
    amounts: Amounts

    @property
    def team(self) -> str:
        """The team that it belongs to."""
        return self.deployment.partition("/")[0]

    @property
    def machine_hours(self) -> tuple[Decimal, Decimal, Decimal]:
        """Hours of its machines in a month: at the least, as expected, at the most."""
        least, busy, most = self.machines
        quiet = HOURS_PER_MONTH - self.active_hours
        return (
            Decimal(least * HOURS_PER_MONTH),
            Decimal(busy * self.active_hours + least * quiet),
            Decimal(most * HOURS_PER_MONTH),
        )


def deployment_cost(record: SizingRecord, catalogue: Catalogue, share: Decimal, *, paused: bool) -> DeploymentCost:
    """The month of `record` when `share` of its peak concurrency is there in its active hours.

    Raises CostError, naming them all, where the machine has no price on demand or for an option that the environment uses.
    """
    check_prices(record, catalogue)
    replicas = (0, 0, 0) if paused else (record.min_replicas, replicas_at(record, share), record.max_replicas)
    return DeploymentCost(
        deployment=record.demand.key,
        runs_on=record.runs_on,
        host=host_name(record),
        option=record.purchase_option,
        replicas=replicas,
        replicas_per_host=record.replicas_per_host,
        machines=(
            machines_for(record, replicas[0]),
            machines_for(record, replicas[1]),
            machines_for(record, replicas[2]),
        ),
        active_hours=record.demand.active_hours_per_month,
        share=share,
        paused=paused,
        usd_per_hour=record.usd_per_hour,
        price_source=record.price_source,
        source=_source(record, catalogue),
        options=tuple(
            OptionCost(rung.option, price, month(record, replicas, price).expected)
            for rung in record.ladder
            if rung.usd_per_hour is not None
            for price in [rung.usd_per_hour / record.replicas_per_host]  # the rung's price is the whole machine's
        ),
        tokens=token_cost(record),
        amounts=month(record, replicas, record.usd_per_hour),
    )


def month(record: SizingRecord, replicas: tuple[int, int, int], usd_per_hour: Decimal) -> Amounts:
    """Minimum, expected replicas and maximum over a month of 730 hours; outside the active hours the minimum runs."""
    least, busy, most = (paid_replicas(record, count) for count in replicas)
    active = record.demand.active_hours_per_month
    quiet = HOURS_PER_MONTH - active
    return in_cents(
        minimum=usd_per_hour * least * HOURS_PER_MONTH,
        expected=usd_per_hour * (busy * active + least * quiet),
        peak=usd_per_hour * most * HOURS_PER_MONTH,
        idle=usd_per_hour * least * quiet,
    )


def host_name(record: SizingRecord) -> str:
    """The machine type, or the shape of a Cloud Run instance."""
    if record.machine_type is not None:
        return record.machine_type
    return f"Cloud Run {record.accelerator} {record.vcpu} vCPU {record.memory_gib} GiB"


def check_prices(record: SizingRecord, catalogue: Catalogue) -> None:
    """Refuses a deployment whose machine may be bought in a way of which nobody knows the price."""
    if record.machine_type is None:
        return  # placement takes no shape of Cloud Run without a price
    missing = [rung.option for rung in record.ladder if rung.usd_per_hour is None]
    row = catalogue.machine_price(record.machine_type, record.region)
    if row is None or row.on_demand is None:
        missing.append("on-demand")
    if missing:
        raise CostError(
            f"no price is known for {record.machine_type} as {', '.join(dict.fromkeys(missing))} in {record.region}; take the "
            "option out of purchase_order, or add the price to `prices` of the organisation's catalogue"
        )


def _source(record: SizingRecord, catalogue: Catalogue) -> Source:
    if record.machine_type is None:
        block = catalogue.prices.cloud_run
        return Source(block.source, str(block.date))
    row, block = catalogue.machine_price(record.machine_type, record.region), catalogue.prices.machines
    return Source((row.source if row else None) or block.source, str((row.date if row else None) or block.date))
