"""What a host costs an hour: list prices of the catalogue with the organisation's own adjustments. Money is Decimal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.catalogue import Catalogue, CloudRunShape, Machine, PurchaseOption
from components.sizing.demand import Reservation, Supply

#: Prices are kept to a millionth of a dollar, as Google lists them.
MICRO_DOLLAR = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to buy a machine. `usd_per_hour` is None where no price is known; `confirmed` False where no source says that
    the option can be bought for this machine type.
    """

    option: PurchaseOption
    usd_per_hour: Decimal | None
    reservation: str | None = None
    confirmed: bool = True


def ladder(
    catalogue: Catalogue, machine: Machine, supply: Supply, order: tuple[PurchaseOption, ...]
) -> tuple[Rung, ...]:
    """The options of `order` that can be bought for a machine type, in that order.

    `order` is the platform's preference and is never reordered by price. A reservation that the organisation holds can be
    bought whatever the catalogue knows, and counts at the on-demand price.
    """
    rungs = []
    for option in order:
        held = _reservation(machine, supply) if option == "reservation" else None
        can_buy = machine.buy.get(option)
        if can_buy is False or (option == "reservation" and held is None):
            continue
        price = _machine_price(catalogue, machine, supply, option)
        confirmed = can_buy is True or held is not None
        rungs.append(Rung(option, price, held.name if held else None, confirmed))
    return tuple(rungs)


def why_not_sold(catalogue: Catalogue, machine: Machine, supply: Supply, order: tuple[PurchaseOption, ...]) -> str:
    """Why no rung sets a price: nothing of `order` can be bought, or what can has no price."""
    options = ", ".join(order)
    possible = [option for option, can in machine.buy.items() if can]
    if catalogue.machine_price(machine.id, supply.region) is None:
        return f"no price known for {machine.id} in {supply.region}"
    return f"{machine.id} cannot be bought as {options}; possible: {', '.join(possible) or 'nothing that is known'}"


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


def machine_price_source(catalogue: Catalogue, machine: Machine, supply: Supply) -> str:
    """Where the price of a machine was read and when, and whether the organisation adjusts it."""
    row, block = catalogue.machine_price(machine.id, supply.region), catalogue.prices.machines
    source = (row.source if row else None) or block.source
    date = (row.date if row else None) or block.date
    return _source(machine.id, source, str(date), supply)


def cloud_run_price_source(catalogue: Catalogue, accelerator: str, supply: Supply) -> str:
    """The same for Cloud Run's parts."""
    block = catalogue.prices.cloud_run
    return _source(f"cloud-run/{accelerator}", block.source, str(block.date), supply)


def _source(sku: str, source: str, date: str, supply: Supply) -> str:
    adjusted = any(adjustment.sku == sku for adjustment in supply.price_adjustments)
    return f"{source}, {date}" + (", adjusted by the environment" if adjusted else "")


def _reservation(machine: Machine, supply: Supply) -> Reservation | None:
    return next((r for r in supply.reservations if r.machine_type == machine.id and r.zone in supply.zones), None)


def _machine_price(catalogue: Catalogue, machine: Machine, supply: Supply, option: PurchaseOption) -> Decimal | None:
    row = catalogue.machine_price(machine.id, supply.region)
    price = row.of(option) if row else None
    return None if price is None else _adjusted(machine.id, price, supply)


def _adjusted(sku: str, list_price: Decimal, supply: Supply) -> Decimal:
    price = list_price
    for adjustment in supply.price_adjustments:
        if adjustment.sku == sku:
            if adjustment.usd_per_hour is not None:
                price = adjustment.usd_per_hour
            if adjustment.percent is not None:
                price = price * (100 + adjustment.percent) / 100
    return price.quantize(MICRO_DOLLAR)
