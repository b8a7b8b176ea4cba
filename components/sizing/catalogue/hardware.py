"""Rows of accelerators.yaml, machines.yaml and cloud_run.yaml: GPUs as the engine sees them, and the hosts that carry them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.sizing.catalogue.row import GIB, ComputeCapability, Identified, PurchaseOption, Row


class Accelerator(Identified):
    """One GPU as the engine sees it. Figures are per GPU; None = not known.

    `cuda_total_gib` is the low end of what PyTorch reports as total memory, `cuda_total_high_gib` the high end. A GPU without
    regions is there as evidence for measured cases and is never placed.
    """

    name: str
    #: Names under which public logs print the card.
    aliases: tuple[str, ...] = ()
    #: Google's accelerator type where it differs from the id (fractions of a card).
    gke_accelerator: str | None = None
    cuda_total_gib: float | None
    cuda_total_high_gib: float | None
    compute_capability: ComputeCapability
    bandwidth_gb_per_s: float | None
    bf16_dense_tflops: float | None
    fp8_dense_tflops: float | None = None
    int8_tops: float | None = None
    fp4_dense_tflops: float | None = None
    #: Streaming multiprocessors of the card.
    multiprocessors: int | None = None
    link: Literal["pcie", "nvlink", "none"]
    #: CPU and GPU share the memory: what the host uses is missing from the engine's share.
    unified_memory: bool = False
    #: NVIDIA's forward compatibility lets a newer CUDA run on an older driver.
    data_center: bool
    #: Lowest CUDA toolkit with kernels for this compute capability.
    min_cuda: str
    #: Runs NVIDIA's CUDA; other makers' cards appear in descriptions of deployments only.
    cuda: bool = True
    mig_profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    #: Zones by region where a source names them; elsewhere the region's zones are the environment's.
    zones: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    __hash__ = Identified.__hash__

    @property
    def cuda_total_bytes(self) -> int | None:
        """Low end of the memory of one GPU in bytes, as PyTorch reports it."""
        return None if self.cuda_total_gib is None else int(self.cuda_total_gib * GIB)

    @property
    def node_label(self) -> str:
        """Value of the node label cloud.google.com/gke-accelerator, and the accelerator type of the API."""
        return self.gke_accelerator or self.id


class Machine(Row):
    """A GKE machine type; `gpu_count` is fixed by the type, memory is in GB as Google prints it."""

    id: str
    accelerator: str
    gpu_count: int
    vcpu: int
    memory_gb: int
    boot_disk_type: str
    #: Local SSD that belongs to the machine type, GiB.
    local_ssd_gib: int = 0
    network_gbps: float | None = None
    #: Purchase options: True = can be bought, False = cannot, None = no source says.
    buy: dict[PurchaseOption, bool | None]
    #: Environment that the engine needs on this machine.
    environment: dict[str, str] = Field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)


class CloudRunShape(Row):
    """CPU and memory of one Cloud Run instance."""

    vcpu: int
    memory_gib: int


class CloudRunGpu(Row):
    """What Cloud Run offers with one GPU of a kind."""

    accelerator: str
    shapes: tuple[CloudRunShape, ...]
    regions: tuple[str, ...]
    regions_by_invitation: tuple[str, ...] = ()
    #: Driver branch of the hosts and the CUDA version that it carries.
    driver: str
    cuda: str
    #: Environment that the engine image needs there.
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """The accelerator's id."""
        return self.accelerator
