"""The sizing record of one deployment: everything that components, policies and reports read, derived once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.catalogue import PurchaseOption
from components.sizing.demand import Demand, RunsOn
from components.sizing.memory import Budget
from components.sizing.prices import HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Rejected:
    """A choice that lost, and why."""

    choice: str
    reason: str


@dataclass(frozen=True, slots=True)
class SizingRecord:
    """Where and how one deployment runs. GPUs, CPU and memory are per replica, prices per replica-hour in USD.

    `machine_type`, `purchase_option` and `boot_disk_type` are None on Cloud Run. `max_num_seqs` requests run at once in a
    replica; it is also the request concurrency of the runtime, with `target_concurrency` (80 %) for its autoscaler.
    """

    demand: Demand
    budget: Budget
    runs_on: RunsOn
    region: str
    machine_type: str | None
    boot_disk_type: str | None
    purchase_option: PurchaseOption | None
    reservation: str | None
    vcpu: int
    memory_gib: int
    shared_memory_gib: int
    environment: dict[str, str]
    min_replicas: int
    max_replicas: int
    startup_seconds: int
    startup_probe_seconds: int
    usd_per_hour: Decimal
    rejected: tuple[Rejected, ...]

    @property
    def gpu_count(self) -> int:
        """GPUs of one replica."""
        return self.budget.config.tensor_parallel_size

    @property
    def accelerator(self) -> str:
        """Google Cloud's name of the GPU."""
        return self.budget.config.accelerator.id

    @property
    def max_num_seqs(self) -> int:
        """Requests that one replica runs at once."""
        return self.budget.config.max_num_seqs

    @property
    def target_concurrency(self) -> int:
        """Requests a replica at which the autoscaler adds one: 80 % of what it can run."""
        return max(1, self.max_num_seqs * 8 // 10)

    @property
    def placement(self) -> str:
        """Where it runs, in words."""
        gpus = f"{self.gpu_count} x {self.accelerator}"
        fewest, most = self.min_replicas, self.max_replicas
        replicas = f"{fewest} to {most} replicas" if fewest != most else f"{most} replica{'s' if most > 1 else ''}"
        if self.runs_on == "cloud-run":
            return f"Cloud Run, {self.vcpu} vCPU, {self.memory_gib} GiB, {gpus}, {replicas}"
        return f"GKE, {self.machine_type} ({self.purchase_option}), {gpus}, {replicas}"

    @property
    def usd_per_month(self) -> Decimal:
        """Expected USD a month: the minimum replicas all month, the others in the hours with traffic."""
        above = self.max_replicas - self.min_replicas
        hours = self.min_replicas * HOURS_PER_MONTH + above * self.demand.active_hours_per_month
        return (self.usd_per_hour * hours).quantize(Decimal("0.01"))

    @property
    def reason(self) -> str:
        """Why this choice, in a sentence or two."""
        spare = self.budget.spare_bytes / 2**30
        fits = f"{spare:.1f} GiB spare a GPU" if spare >= 0 else f"tight: {-spare:.1f} GiB short at the upper estimate"
        why = f"cheapest that fits ({self.budget.config.checkpoint.kind}, {fits})"
        return why if not self.rejected else f"{why}; next: {self.rejected[0].choice} ({self.rejected[0].reason})"
