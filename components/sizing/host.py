"""CPU, memory, shared memory and disk that a replica needs beside its GPUs, and what a GKE node leaves to pods."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from components.sizing.catalogue import GIB, CloudRunShape, Machine


@dataclass(frozen=True, slots=True)
class HostNeeds:
    """What one replica requests of its host."""

    vcpu: int
    memory_gib: int
    shared_memory_gib: int
    disk_gib: int


#: The rule behind each figure; all are estimates until a deployment of the platform has been measured.
HOST_RULES = {
    "vcpu": "2 for the server and 2 a rank (estimate)",
    "memory_gib": "6 for the server, 4 a rank for its process and pinned buffers, 8 for the weight streamer's buffer and the "
    "compile cache (estimate)",
    "shared_memory_gib": "1, and 1 a rank for NCCL (estimate)",
    "disk_gib": "25 for the unpacked engine image, 15 for compile and kernel caches (estimate); weights are streamed",
}


@cache
def host_needs(tensor_parallel_size: int) -> HostNeeds:
    """What a replica that is `tensor_parallel_size` GPUs wide requests, by `HOST_RULES`."""
    return HostNeeds(
        vcpu=2 + 2 * tensor_parallel_size,
        memory_gib=6 + 4 * tensor_parallel_size + 8,
        shared_memory_gib=1 + tensor_parallel_size,
        disk_gib=25 + 15,
    )


def host_too_small(machine: Machine | None, shape: CloudRunShape | None, tensor_parallel_size: int) -> str | None:
    """Why a replica has no room beside its GPUs on its share of the host; None when it has."""
    needs = host_needs(tensor_parallel_size)
    if machine is not None:
        vcpu, memory = node_room(machine)
        share = Decimal(tensor_parallel_size) / machine.gpu_count
        vcpu, memory = vcpu * share, memory * share
    elif shape is not None:
        vcpu, memory = Decimal(shape.vcpu), Decimal(shape.memory_gib)
    else:
        raise AssertionError("a host is a machine or a Cloud Run shape")
    if needs.vcpu > vcpu or needs.memory_gib > memory:
        return f"needs {needs.vcpu} vCPU and {needs.memory_gib} GiB beside the GPU, leaves {vcpu:.1f} and {memory:.1f}"
    return None


@cache
def node_room(machine: Machine) -> tuple[Decimal, Decimal]:
    """(vCPU, GiB) that a GKE node of this type leaves to pods, after GKE's reservation and 1 vCPU and 1 GiB of DaemonSets.

    DaemonSets: estimate.
    """
    vcpu, memory = node_allocatable(machine.vcpu, machine.memory_gb)
    return vcpu - 1, memory - 1


@cache
def node_allocatable(vcpu: int, memory_gb: int) -> tuple[Decimal, Decimal]:
    """(vCPU, GiB) that a GKE node of this size has for all its pods, those of DaemonSets included.

    Reservation: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % above, and 100 MiB for
    eviction; 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % above.
    Source: cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes (2026).
    """
    memory = Decimal(memory_gb) * 10**9 / GIB
    reserved = _tiers(memory, ((4, "0.25"), (4, "0.20"), (8, "0.10"), (112, "0.06"), (None, "0.02"))) + Decimal("0.1")
    cores = _tiers(Decimal(vcpu), ((1, "0.06"), (1, "0.01"), (2, "0.005"), (None, "0.0025")))
    return Decimal(vcpu) - cores, memory - reserved


def _tiers(amount: Decimal, tiers: tuple[tuple[int | None, str], ...]) -> Decimal:
    left, total = amount, Decimal(0)
    for width, share in tiers:
        part = left if width is None else min(left, Decimal(width))
        total += part * Decimal(share)
        left -= part
    return total
