"""CPU, memory and shared memory that a replica needs beside its GPUs, and what a GKE node leaves to pods."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.catalogue import GIB, Machine


@dataclass(frozen=True, slots=True)
class HostNeeds:
    """What one replica requests of its host."""

    vcpu: int
    memory_gib: int
    shared_memory_gib: int


def host_needs(tensor_parallel_size: int) -> HostNeeds:
    """Estimate: 6 GiB for the server, 4 GiB a rank for its process and pinned buffers, 8 GiB for the weight streamer's
    buffer and the compile cache; two cores for the server and two a rank; 1 GiB of shared memory and 1 GiB a rank for NCCL.
    """
    return HostNeeds(
        vcpu=2 + 2 * tensor_parallel_size,
        memory_gib=6 + 4 * tensor_parallel_size + 8,
        shared_memory_gib=1 + tensor_parallel_size,
    )


def node_room(machine: Machine) -> tuple[Decimal, Decimal]:
    """(vCPU, GiB) that a GKE node of this type leaves to pods, after GKE's reservation and 1 vCPU and 1 GiB of DaemonSets.

    Reservation: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % above, and 100 MiB for
    eviction; 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % above.
    Source: cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes (2026); DaemonSets: estimate.
    """
    memory = Decimal(machine.memory_gb) * 10**9 / GIB
    reserved = _tiers(memory, ((4, "0.25"), (4, "0.20"), (8, "0.10"), (112, "0.06"), (None, "0.02"))) + Decimal("0.1")
    cores = _tiers(Decimal(machine.vcpu), ((1, "0.06"), (1, "0.01"), (2, "0.005"), (None, "0.0025")))
    return Decimal(machine.vcpu) - cores - 1, memory - reserved - 1


def _tiers(amount: Decimal, tiers: tuple[tuple[int | None, str], ...]) -> Decimal:
    left, total = amount, Decimal(0)
    for width, share in tiers:
        part = left if width is None else min(left, Decimal(width))
        total += part * Decimal(share)
        left -= part
    return total
