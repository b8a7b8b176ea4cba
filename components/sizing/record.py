"""The sizing record of one deployment: everything that components, policies and reports read, derived once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.answer_limit import max_answer_tokens
from components.sizing.architecture_labels import architecture_labels
from components.sizing.catalogue import PurchaseOption, RunAs
from components.sizing.demand import Demand, RunsOn
from components.sizing.memory import Budget
from components.sizing.places import Rejected
from components.sizing.prices import Rung
from components.sizing.speed import Band


@dataclass(frozen=True, slots=True)
class SizingRecord:
    """Where and how one deployment runs. GPUs, CPU, memory and disk are per replica, prices per replica-hour in USD.

    `machine_type`, `purchase_option` and `boot_disk_type` are None on Cloud Run. `max_num_seqs` requests run at once in a
    replica; it is also the request concurrency of the runtime, with `target_concurrency` (80 %) for its autoscaler.
    `ladder` are the ways to buy the machine in the platform's order; all rungs are that machine type, so that the same
    arguments fit each of them and falling through costs no memory. `usd_per_million_tokens` is for prompt and answer
    together, with every replica as busy as it was sized for; its band is that of the speed estimate. `overrides` are
    decisions of the environment that took the place of placement's, by field, with their reason. `usd_per_month` is what
    placement compared; the expected month that users are told is planned from the record (components/cost).
    """

    demand: Demand
    budget: Budget
    runs_on: RunsOn
    region: str
    zones: tuple[str, ...]
    zones_known: bool
    machine_type: str | None
    boot_disk_type: str | None
    purchase_option: PurchaseOption | None
    reservation: str | None
    ladder: tuple[Rung, ...]
    replicas_per_host: int
    vcpu: int
    memory_gib: int
    shared_memory_gib: int
    disk_gib: int
    environment: dict[str, str]
    min_replicas: int
    max_replicas: int
    startup_seconds: int
    startup_probe_seconds: int
    usd_per_hour: Decimal
    price_source: str
    usd_per_month: Decimal
    usd_per_million_tokens: Band
    decode_tokens_per_second: Band
    first_token_seconds: Band
    overrides: dict[str, str]
    override_reason: str
    rejected: tuple[Rejected, ...]

    @property
    def gpu_count(self) -> int:
        """GPUs of one replica."""
        return self.budget.config.tensor_parallel_size

    @property
    def gpus_of_host(self) -> int:
        """GPUs of the machine, all replicas on it together."""
        return self.gpu_count * self.replicas_per_host

    @property
    def accelerator(self) -> str:
        """Google Cloud's name of the GPU."""
        return self.budget.config.accelerator.node_label

    @property
    def image(self) -> str:
        """Container image of the engine."""
        return self.budget.config.engine.image.reference

    @property
    def run_as(self) -> RunAs | None:
        """The user without root's rights that the engine's image ships; None where none is known."""
        return self.budget.config.engine.image.run_as

    @property
    def max_num_seqs(self) -> int:
        """Requests that one replica runs at once."""
        return self.budget.config.max_num_seqs

    @property
    def max_answer_tokens(self) -> int:
        """Tokens of the longest answer that the engine gives."""
        return max_answer_tokens(self.demand, self.budget.config, self.budget.load)

    @property
    def target_concurrency(self) -> int:
        """Requests a replica at which the autoscaler adds one: 80 % of what it can run."""
        return max(1, self.max_num_seqs * 8 // 10)

    @property
    def labels(self) -> dict[str, str]:
        """What the model's architecture adds to the labels of everything that serves it."""
        return architecture_labels(self.budget.config.model)

    @property
    def placement(self) -> str:
        """Where it runs, in words."""
        gpus = f"{self.gpu_count} x {self.budget.config.accelerator.id}"
        fewest, most = self.min_replicas, self.max_replicas
        replicas = f"{fewest} to {most} replicas" if fewest != most else f"{most} replica{'s' if most > 1 else ''}"
        if self.runs_on == "cloud-run":
            return f"Cloud Run, {self.vcpu} vCPU, {self.memory_gib} GiB, {gpus}, {replicas}"
        shared = f", {self.replicas_per_host} replicas a machine" if self.replicas_per_host > 1 else ""
        return f"GKE, {self.machine_type} ({self.purchase_option}), {gpus}, {replicas}{shared}"

    @property
    def reason(self) -> str:
        """Why this choice, in a sentence or two."""
        spare = self.budget.spare_bytes / 2**30
        fits = f"{spare:.1f} GiB spare a GPU" if spare >= 0 else f"tight: {-spare:.1f} GiB short at the upper estimate"
        if self.budget.unknown:
            fits = f"not known: {self.budget.unknown}"
        why = f"cheapest that fits ({self.budget.config.checkpoint.precision}, {fits})"
        return why if not self.rejected else f"{why}; next: {self.rejected[0].choice} ({self.rejected[0].reason})"
