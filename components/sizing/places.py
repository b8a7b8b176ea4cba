"""The hosts that an environment can use: GKE machines and Cloud Run shapes, each with its price and quota."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from components.sizing.catalogue import Accelerator, Catalogue, CloudRunGpu, CloudRunShape, Machine
from components.sizing.demand import Demand, RunsOn, Supply
from components.sizing.host import host_needs, node_room
from components.sizing.prices import Purchase, cloud_run_price, machine_purchase
from components.sizing.record import Rejected


@dataclass(frozen=True, slots=True)
class Place:
    """One runtime with one kind of host, before replicas are counted."""

    runs_on: RunsOn
    name: str
    accelerator: Accelerator
    gpu_count: int
    quota: int
    usd_per_hour: Decimal
    machine: Machine | None = None
    purchase: Purchase | None = None
    shape: CloudRunShape | None = None
    environment: tuple[tuple[str, str], ...] = ()


def places(demand: Demand, supply: Supply, catalogue: Catalogue) -> Iterator[Place | Rejected]:
    """Every host that the environment could use, or why it cannot."""
    if demand.runs_on in (None, "gke"):
        for machine in catalogue.machines:
            yield _gke_place(machine, demand, supply, catalogue)
    if demand.runs_on in (None, "cloud-run"):
        for gpu in catalogue.cloud_run:
            for shape in gpu.shapes:
                yield _cloud_run_place(gpu, shape, demand, supply, catalogue)


def _gke_place(machine: Machine, demand: Demand, supply: Supply, catalogue: Catalogue) -> Place | Rejected:
    accelerator = catalogue.accelerator(machine.accelerator)
    if supply.region not in accelerator.regions:
        return Rejected(machine.id, f"{accelerator.id} is not offered in {supply.region}")
    zones = accelerator.zones.get(supply.region, supply.zones)
    usable = set(zones) & set(supply.zones)
    if not usable:
        return Rejected(machine.id, f"{accelerator.id} is only in {', '.join(zones)} of {supply.region}")
    if demand.high_availability and len(usable) < 2:
        return Rejected(
            machine.id, f"availability: high needs two zones with {accelerator.id}, there is {', '.join(usable)}"
        )
    order = supply.batch_purchase_order if demand.interruptible else supply.purchase_order
    purchase = machine_purchase(catalogue, machine, supply, order)
    if isinstance(purchase, str):
        return Rejected(machine.id, purchase)
    return Place(
        runs_on="gke",
        name=f"{machine.id} ({purchase.option})",
        accelerator=accelerator,
        gpu_count=machine.gpu_count,
        quota=supply.gke_quota.get(accelerator.id, 0),
        usd_per_hour=purchase.usd_per_hour,
        machine=machine,
        purchase=purchase,
    )


def _cloud_run_place(
    gpu: CloudRunGpu, shape: CloudRunShape, demand: Demand, supply: Supply, catalogue: Catalogue
) -> Place | Rejected:
    name = f"Cloud Run {gpu.accelerator} {shape.vcpu} vCPU {shape.memory_gib} GiB"
    if supply.region not in gpu.regions:
        reason = f"Cloud Run has no {gpu.accelerator} in {supply.region}; it is in {', '.join(gpu.regions)}"
        return Rejected(name, reason)
    price = cloud_run_price(catalogue, gpu.accelerator, shape, supply, zonal_redundancy=demand.high_availability)
    if price is None:
        return Rejected(name, f"no price known in {supply.region}")
    return Place(
        runs_on="cloud-run",
        name=name,
        accelerator=catalogue.accelerator(gpu.accelerator),
        gpu_count=1,
        quota=supply.cloud_run_quota.get(gpu.accelerator, 0),
        usd_per_hour=price,
        shape=shape,
        environment=tuple(sorted(gpu.environment.items())),
    )


def host_too_small(where: Place) -> str | None:
    needs = host_needs(where.gpu_count)
    if where.machine is not None:
        vcpu, memory = node_room(where.machine)
    elif where.shape is not None:
        vcpu, memory = Decimal(where.shape.vcpu), Decimal(where.shape.memory_gib)
    else:
        raise AssertionError("a place is a machine or a Cloud Run shape")
    if needs.vcpu > vcpu or needs.memory_gib > memory:
        return f"needs {needs.vcpu} vCPU and {needs.memory_gib} GiB beside the GPU, leaves {vcpu:.1f} and {memory:.1f}"
    return None
