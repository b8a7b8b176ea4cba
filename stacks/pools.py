"""The GPU node pools of an environment: one a machine type and way to buy it, in the order in which they are tried. Pure.

Names depend on the settings and the machine alone, never on other deployments: a team's change adds or removes pools or moves
their maximum, and touches nothing else. Sizing knows whole cards only, so no pool shares its GPUs.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from components.kubernetes.engine_pod import LADDER_PREFIX
from components.sizing.catalogue import Catalogue, PurchaseOption
from components.sizing.demand import Supply
from components.sizing.prices import Rung, ladder
from components.sizing.record import SizingRecord

#: Which quota of Google's each way to buy draws on: Spot and flex-start share the preemptible one
#: (cloud.google.com/kubernetes-engine/docs/concepts/dws, 2026).
QUOTA_KINDS: dict[PurchaseOption, str] = {
    "on-demand": "on-demand",
    "reservation": "on-demand",
    "flex-start": "preemptible",
    "spot": "preemptible",
}

#: Longest value of a Kubernetes label; a reservation's name alone may have as many characters.
LABEL_LIMIT = 63


@dataclass(frozen=True, slots=True)
class Rungs:
    """The ways to buy a deployment's machine, in order, and the key of the pool for each."""

    machine_type: str
    #: Part of every name: empty, or `batch` where batch deployments buy the machine otherwise than the others. A pool is in one
    #: ComputeClass at most, so that two orders cannot share it.
    line: str
    rungs: tuple[Rung, ...]

    @property
    def name(self) -> str:
        """The name of all its pools together: that of the only one, else of their ComputeClass."""
        if len(self.rungs) == 1:
            return self.key(self.rungs[0])
        return LADDER_PREFIX + self._machine

    @property
    def _machine(self) -> str:
        return f"{self.machine_type}-{self.line}" if self.line else self.machine_type

    def key(self, rung: Rung) -> str:
        """Key of the pool for one rung."""
        key = f"{self._machine}-{rung.option}"
        return _label_value(f"{key}-{rung.reservation}") if rung.reservation else key


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """One GPU node pool. `confirmed` is False where no source says that the machine can be bought so."""

    key: str
    option: PurchaseOption
    reservation: str | None
    zones: tuple[str, ...]
    max_nodes: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class PlannedLadder:
    """The pools of one machine type in the order in which they are tried, and what the deployments on them need together.

    `nodes` holds all of them at peak and, beside that, the largest rollout: a new revision starts its minimum replicas before
    the old ones go, so without room for it no change would ever come up. Every pool may grow to it, for one pool may have to
    carry everything, but no more nodes than that are ever needed in all pools together.
    """

    name: str
    record: SizingRecord
    pools: tuple[PlannedPool, ...]
    nodes: int

    @property
    def compute_class(self) -> str | None:
        """Name of the ComputeClass that orders the pools; None for a single pool."""
        return self.name if len(self.pools) > 1 else None

    @property
    def gpus(self) -> int:
        """Most GPUs in use at once."""
        return self.nodes * self.record.gpus_of_host

    @property
    def quota_kinds(self) -> set[str]:
        """The quotas that must each hold that many GPUs."""
        return {QUOTA_KINDS[pool.option] for pool in self.pools}


def rungs_of(record: SizingRecord, supply: Supply, catalogue: Catalogue) -> Rungs | None:
    """How the machine of a record is bought; None on Cloud Run."""
    if record.machine_type is None:
        return None
    usual = ladder(catalogue, catalogue.machine(record.machine_type), supply, supply.purchase_order)
    return Rungs(record.machine_type, "" if record.ladder == usual else "batch", record.ladder)


def make_ladders(placed: Iterable[tuple[Rungs, SizingRecord]], supply: Supply) -> list[PlannedLadder]:
    """The ladders for the deployments that run on GKE."""
    grouped: dict[str, list[tuple[Rungs, SizingRecord]]] = defaultdict(list)
    for rungs, record in placed:
        grouped[rungs.name].append((rungs, record))
    ladders = []
    for name, members in sorted(grouped.items()):
        rungs, record = members[0]
        records = [member for _, member in members]
        nodes = sum(machines_for(r, r.max_replicas) for r in records) + max(
            machines_for(r, max(1, r.min_replicas)) for r in records
        )
        pools = tuple(_pool(rungs, rung, record.zones, nodes, supply) for rung in rungs.rungs)
        ladders.append(PlannedLadder(name, record, pools, nodes))
    return ladders


def warnings_of(ladders: Iterable[PlannedLadder]) -> list[str]:
    """Reservations that do not hold what they alone must carry."""
    return [
        f"{pool.key}: {ladder.nodes} machines are needed at peak and during a rollout, {pool.reservation} holds "
        f"{pool.max_nodes}, and purchase_order names no other way to buy {ladder.record.machine_type}"
        for ladder in ladders
        for pool in ladder.pools
        if len(ladder.pools) == 1 and pool.max_nodes < ladder.nodes
    ]


def notes_of(ladders: Iterable[PlannedLadder]) -> list[str]:
    """What no source says: zones of GPUs of which the catalogue knows the region only, and whether a machine is sold some way."""
    trusted = {ladder.record.accelerator: ladder.record.zones for ladder in ladders if not ladder.record.zones_known}
    return [
        f"{accelerator}: the catalogue knows its regions only; the zones of the settings are trusted ({', '.join(zones)})"
        for accelerator, zones in sorted(trusted.items())
    ] + [
        f"{pool.key}: no source says whether {ladder.record.machine_type} is sold as {pool.option}; the settings are trusted"
        for ladder in ladders
        for pool in ladder.pools
        if not pool.confirmed
    ]


def _pool(rungs: Rungs, rung: Rung, zones: tuple[str, ...], nodes: int, supply: Supply) -> PlannedPool:
    """A reservation has so many machines in its zone, and no more and nowhere else."""
    held = next((r for r in supply.reservations if r.name == rung.reservation), None)
    if held is not None:
        zones, nodes = (held.zone,), min(nodes, held.count)
    return PlannedPool(rungs.key(rung), rung.option, rung.reservation, zones, nodes, rung.confirmed)


def _label_value(name: str) -> str:
    """The name, cut to what a label holds; a digest keeps cut names apart."""
    if len(name) <= LABEL_LIMIT:
        return name
    return f"{name[: LABEL_LIMIT - 7].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def machines_for(record: SizingRecord, replicas: int) -> int:
    """Machines that hold so many replicas of a deployment."""
    return -(-replicas // record.replicas_per_host)
