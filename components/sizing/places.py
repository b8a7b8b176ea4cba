"""The hosts that an environment can use: GKE machines and Cloud Run shapes, each with its price and quota."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from components.sizing.catalogue import Accelerator, Catalogue, CloudRunGpu, CloudRunShape, Engine, Machine
from components.sizing.demand import RunsOn, Supply
from components.sizing.drivers import driver_environment
from components.sizing.errors import SizingError
from components.sizing.host import host_too_small
from components.sizing.prices import (
    Rung,
    cloud_run_price,
    cloud_run_price_source,
    ladder,
    machine_price_source,
    why_not_sold,
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A choice that lost, and why."""

    choice: str
    reason: str


# compared by identity: places are made once per environment and are handed around
@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One runtime with one kind of host, divided into replicas of `tensor_parallel_size` GPUs.

    `usd_per_hour` is the price of one replica: its share of the host, all of whose shares are used. `zones` are those of the
    environment that have the GPU; `zones_known` is False where the catalogue knows the region only and trusts them.
    """

    runs_on: RunsOn
    name: str
    accelerator: Accelerator
    tensor_parallel_size: int
    replicas_per_host: int
    quota: int
    usd_per_hour: Decimal
    price_source: str
    zones: tuple[str, ...]
    zones_known: bool
    machine: Machine | None = None
    ladder: tuple[Rung, ...] = ()
    shape: CloudRunShape | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def bought(self) -> Rung | None:
        """The rung that sets the price; None on Cloud Run."""
        return next((rung for rung in self.ladder if rung.usd_per_hour is not None), None)


@lru_cache(maxsize=64)
def places(
    supply: Supply, catalogue: Catalogue, high_availability: bool, interruptible: bool
) -> tuple[tuple[Place, ...], tuple[tuple[RunsOn, Rejected], ...]]:
    """(hosts that the environment could use, those that it cannot with the reason). Quota is judged later, with the replicas."""
    engine = catalogue.engine(supply.engine_version)
    found: list[Place] = []
    lost: list[tuple[RunsOn, Rejected]] = []
    order = supply.batch_purchase_order if interruptible else supply.purchase_order
    for machine in catalogue.machines:
        try:
            found += _gke_places(machine, supply, catalogue, high_availability, order)
        except SizingError as error:
            lost.append(("gke", Rejected(machine.id, str(error))))
    for gpu in catalogue.cloud_run:
        for shape in gpu.shapes:
            try:
                found.append(_cloud_run_place(gpu, shape, supply, catalogue, engine, high_availability))
            except SizingError as error:
                lost.append(("cloud-run", Rejected(_shape_name(gpu, shape), str(error))))
    return tuple(found), tuple(lost)


def _gke_places(
    machine: Machine, supply: Supply, catalogue: Catalogue, high_availability: bool, order: tuple
) -> list[Place]:
    """The machine with one replica on all its GPUs, and with several on equal shares. Raises SizingError when it is no choice."""
    accelerator = catalogue.accelerator(machine.accelerator)
    if supply.region not in accelerator.regions:
        raise SizingError(f"{accelerator.id} is not offered in {supply.region}")
    known = supply.region in accelerator.zones
    offered = accelerator.zones.get(supply.region, supply.zones)
    zones = tuple(zone for zone in supply.zones if zone in offered)
    if not zones:
        raise SizingError(f"{accelerator.id} is only in {', '.join(offered)} of {supply.region}")
    if high_availability and len(zones) < 2:
        raise SizingError(f"availability: high needs two zones with {accelerator.id}, there is {', '.join(zones)}")
    rungs = ladder(catalogue, machine, supply, order)
    bought = next((rung for rung in rungs if rung.usd_per_hour is not None), None)
    if bought is None or bought.usd_per_hour is None:
        raise SizingError(why_not_sold(catalogue, machine, supply, order))
    sizes = [size for size in (1, 2, 4, 8, 16) if machine.gpu_count % size == 0]
    return [
        Place(
            runs_on="gke",
            name=f"{machine.id} ({bought.option})",
            accelerator=accelerator,
            tensor_parallel_size=size,
            replicas_per_host=machine.gpu_count // size,
            quota=supply.gke_quota.get(accelerator.node_label, 0),
            usd_per_hour=bought.usd_per_hour * size / machine.gpu_count,
            price_source=machine_price_source(catalogue, machine, supply),
            zones=zones,
            zones_known=known,
            machine=machine,
            ladder=rungs,
            environment=tuple(sorted(machine.environment.items())) if size > 1 else (),
        )
        for size in sizes
        if host_too_small(machine, None, size) is None
    ] or _refuse(host_too_small(machine, None, machine.gpu_count))


def _refuse(reason: str | None) -> list[Place]:
    raise SizingError(reason or "no replica fits")


def _shape_name(gpu: CloudRunGpu, shape: CloudRunShape) -> str:
    return f"Cloud Run {gpu.accelerator} {shape.vcpu} vCPU {shape.memory_gib} GiB"


def _cloud_run_place(
    gpu: CloudRunGpu,
    shape: CloudRunShape,
    supply: Supply,
    catalogue: Catalogue,
    engine: Engine,
    high_availability: bool,
) -> Place:
    if supply.region not in gpu.regions:
        raise SizingError(f"Cloud Run has no {gpu.accelerator} in {supply.region}; it is in {', '.join(gpu.regions)}")
    price = cloud_run_price(catalogue, gpu.accelerator, shape, supply, zonal_redundancy=high_availability)
    if price is None:
        raise SizingError(f"no price known in {supply.region}")
    accelerator = catalogue.accelerator(gpu.accelerator)
    environment = {**driver_environment(engine, gpu, accelerator), **gpu.environment}
    if reason := host_too_small(None, shape, 1):
        raise SizingError(reason)
    return Place(
        runs_on="cloud-run",
        name=_shape_name(gpu, shape),
        accelerator=accelerator,
        tensor_parallel_size=1,
        replicas_per_host=1,
        quota=supply.cloud_run_quota.get(gpu.accelerator, 0),
        usd_per_hour=price,
        price_source=cloud_run_price_source(catalogue, gpu.accelerator, supply),
        zones=(),
        zones_known=True,
        shape=shape,
        environment=tuple(sorted(environment.items())),
    )
