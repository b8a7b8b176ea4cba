"""What one replica costs an hour: list prices of the catalogue with the organisation's own adjustments. Money is Decimal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.catalogue import Catalogue, CloudRunShape, Machine, PurchaseOption
from components.sizing.demand import Supply

#: Hours of a month in plans (365 x 24 / 12).
HOURS_PER_MONTH = 730


@dataclass(frozen=True, slots=True)
class Purchase:
    """How a machine is bought and its price, USD per machine-hour. `reservation` names the one that is used."""

    option: PurchaseOption
    usd_per_hour: Decimal
    reservation: str | None = None


def machine_purchase(
    catalogue: Catalogue, machine: Machine, supply: Supply, order: tuple[PurchaseOption, ...]
) -> Purchase | str:
    """The first option of `order` that can be bought and has a price, or why there is none.

    `order` is the platform's preference and is never reordered by price. A reservation counts at the on-demand price.
    """
    row = next(
        (r for r in catalogue.prices.machines.rows if (r.machine, r.region) == (machine.id, supply.region)), None
    )
    if row is None:
        return f"no price known for {machine.id} in {supply.region}"
    reservation = next((r for r in supply.reservations if r.machine_type == machine.id), None)
    for option in order:
        if option == "reservation" and (reservation is None or reservation.zone not in supply.zones):
            continue
        # flex-start has no published price list (2026-11), so it can never set one
        price = {"on-demand": row.on_demand, "reservation": row.on_demand, "spot": row.spot}.get(option)
        if price is not None:
            name = reservation.name if option == "reservation" and reservation else None
            return Purchase(option, _adjusted(machine.id, price, supply), name)
    return f"none of {', '.join(order)} can be bought with a known price for {machine.id} in {supply.region}"


def cloud_run_price(
    catalogue: Catalogue, accelerator: str, shape: CloudRunShape, supply: Supply, zonal_redundancy: bool
) -> Decimal | None:
    """USD per instance-hour of one GPU with that CPU and memory; None where no price is known."""
    prices = catalogue.prices.cloud_run
    per_gpu = prices.usd_per_gpu_second_zonal_redundancy if zonal_redundancy else prices.usd_per_gpu_second
    gpu = per_gpu.get(accelerator)
    if gpu is None or supply.region not in prices.regions:
        return None
    per_second = gpu + shape.vcpu * prices.usd_per_vcpu_second + shape.memory_gib * prices.usd_per_gib_second
    return _adjusted(f"cloud-run/{accelerator}", per_second * 3600, supply)


def _adjusted(sku: str, list_price: Decimal, supply: Supply) -> Decimal:
    price = list_price
    for adjustment in supply.price_adjustments:
        if adjustment.sku == sku:
            if adjustment.usd_per_hour is not None:
                price = adjustment.usd_per_hour
            if adjustment.percent is not None:
                price = price * (100 + adjustment.percent) / 100
    return price.quantize(Decimal("0.000001"))
