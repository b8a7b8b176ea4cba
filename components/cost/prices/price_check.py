"""The catalogue's machine prices against those that the parts in the Cloud Billing catalogue add up to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from components.cost.prices.billing_catalogue import Sku
from components.cost.prices.shared_prices import MACHINE_HOUR
from components.sizing.catalogue import Catalogue
from components.sizing.replicas import HOURS_PER_MONTH

#: Percent by which two prices may differ: both are rounded sums of parts.
TOLERANCE_PERCENT = Decimal("0.5")
#: How the description of a GPU begins; a fraction of a card has no part of its own that is known.
GPU_DESCRIPTIONS = {
    "nvidia-l4": "Nvidia L4 GPU",
    "nvidia-rtx-pro-6000": "RTX 6000 96GB",
    "nvidia-tesla-a100": "Nvidia Tesla A100 GPU",
    "nvidia-a100-80gb": "Nvidia Tesla A100 80GB GPU",
    "nvidia-h100-80gb": "Nvidia H100 80GB GPU",
    "nvidia-h100-mega-80gb": "Nvidia H100 80GB Mega GPU",
}
LOCAL_SSD = "SSD backed Local Storage"
USAGE = {"on-demand": "OnDemand", "spot": "Preemptible"}
#: (vCPU, GiB) of machine types without a GPU (cloud.google.com/compute/docs/general-purpose-machines, 2026).
PLAIN_MACHINES = {"e2-standard-4": (4, 16)}


@dataclass(frozen=True, slots=True)
class Checked:
    """One price. `billed` is None where the parts are not all found; then `missing` says which."""

    machine: str
    region: str
    option: str
    listed: Decimal
    billed: Decimal | None
    missing: str = ""

    @property
    def percent(self) -> Decimal | None:
        """How far the catalogue is above Google's list, in percent of that."""
        return None if not self.billed else (self.listed - self.billed) / self.billed * 100

    @property
    def agrees(self) -> bool:
        """True within the tolerance, and where nothing could be compared."""
        return self.percent is None or abs(self.percent) <= TOLERANCE_PERCENT


def check_prices(catalogue: Catalogue, skus: Sequence[Sku], region: str | None) -> list[Checked]:
    """Every price of the catalogue in a region, or in all."""
    found = []
    by_region: dict[str, list[Sku]] = {}

    def sold(where: str) -> list[Sku]:
        if where not in by_region:
            by_region[where] = [sku for sku in skus if where in sku.regions]
        return by_region[where]

    for row in catalogue.prices.machines.rows:
        for option, listed in (("on-demand", row.on_demand), ("spot", row.spot)):
            if listed is None or region not in (None, row.region):
                continue
            machine = catalogue.machine(row.machine)
            card = GPU_DESCRIPTIONS.get(machine.accelerator)
            if card is None:
                words = f"no part is known for {machine.accelerator}"
                found.append(Checked(row.machine, row.region, option, listed, None, words))
                continue
            parts = [
                *_host(row.machine, machine.vcpu, machine.memory_gb, option),
                _Part(_gpu(card, option), "GPU", Decimal(machine.gpu_count)),
            ]
            if machine.local_ssd_gib:
                ssd = Decimal(machine.local_ssd_gib) / HOURS_PER_MONTH
                parts.append(_Part(_local_ssd(option), "LocalSSD", ssd))
            found.append(_checked(row.machine, row.region, option, listed, parts, sold(row.region)))
    for (name, where), listed in MACHINE_HOUR.items():
        if region in (None, where):
            parts = _host(name, *PLAIN_MACHINES[name], "on-demand")
            found.append(_checked(name, where, "on-demand", listed, parts, sold(where)))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """How the description begins, its group, and how many units an hour of the machine has."""

    begins: str
    group: str
    count: Decimal


def _host(machine: str, vcpu: int, memory: int, option: str) -> list[_Part]:
    series = machine.partition("-")[0].upper()
    begins = f"{'Spot Preemptible ' if option == 'spot' else ''}{series} Instance"
    return [_Part(begins, "CPU", Decimal(vcpu)), _Part(begins, "RAM", Decimal(memory))]


def _gpu(card: str, option: str) -> str:
    return f"{card} attached to Spot" if option == "spot" else f"{card} running"


def _local_ssd(option: str) -> str:
    return f"{LOCAL_SSD} attached to Spot" if option == "spot" else LOCAL_SSD


def _checked(
    machine: str, region: str, option: str, listed: Decimal, parts: Iterable[_Part], skus: Iterable[Sku]
) -> Checked:
    total, available = Decimal(0), [sku for sku in skus if sku.usage == USAGE[option]]
    for part in parts:
        prices = {sku.usd for sku in available if sku.group == part.group and sku.description.startswith(part.begins)}
        if len(prices) != 1:
            many = "several prices" if prices else "no price"
            return Checked(machine, region, option, listed, None, f"{many} for '{part.begins}' ({part.group})")
        total += prices.pop() * part.count
    return Checked(machine, region, option, listed, total)
