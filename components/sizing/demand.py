"""What a team asks for and what an environment can offer: the two inputs of placement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from components.sizing.catalogue import Input, PurchaseOption

RunsOn = Literal["gke", "cloud-run"]
#: What an override may say of the KV cache.
KvCacheDtype = Literal["bfloat16", "fp8"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that is served beside the model: requests name it as their model.

    `source` is its folder in the bucket with the weights, without a leading slash; `revision` a folder below it, or None.
    """

    name: str
    rank: int
    source: str
    revision: str | None = None

    @property
    def folder(self) -> str:
        """Folder of the bucket that holds adapter_config.json and the weights."""
        return f"{self.source}/{self.revision}" if self.revision else self.source


@dataclass(frozen=True, slots=True)
class Override:
    """What the platform's owners decide for one deployment in place of placement. None leaves it to placement.

    `accelerator` is an id of the catalogue or Google's name of the GPU.
    """

    reason: str
    accelerator: str | None = None
    machine_type: str | None = None
    tensor_parallel_size: int | None = None
    gpu_memory_utilization: float | None = None
    max_num_batched_tokens: int | None = None
    kv_cache_dtype: KvCacheDtype | None = None

    @property
    def values(self) -> dict[str, str]:
        """What is decided, by field."""
        names = ("accelerator", "machine_type", "tensor_parallel_size", "gpu_memory_utilization")
        decided = {name: getattr(self, name) for name in (*names, "max_num_batched_tokens", "kv_cache_dtype")}
        return {
            name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in decided.items() if value
        }


@dataclass(frozen=True, slots=True)
class Demand:
    """One deployment as a team wishes it; defaults are already filled in.

    Tokens are prompt and answer together. `precision` is "auto" or a precision of the catalogue; `checkpoint` names one of the
    catalogue's, whether marked auto or not; `runs_on` is None for either runtime. `max_answer_tokens` is the longest answer;
    without it, as many tokens as take no longer than the platform allows (`answer_limit.py`). `speculative` serves the
    publisher's drafter beside the model.
    """

    team: str
    name: str
    model: str
    context_tokens: int
    peak_concurrent_requests: int
    typical_tokens: int
    typical_answer_tokens: int
    full_context_requests: int
    active_hours_per_month: int
    inputs: tuple[Input, ...] = ("text",)
    max_items: Mapping[str, int] = field(default_factory=dict)
    image_tokens: int = 280
    precision: str = "auto"
    checkpoint: str | None = None
    runs_on: RunsOn | None = None
    scale_to_zero: bool = False
    high_availability: bool = False
    interruptible: bool = False
    first_token_ms: int | None = None
    tokens_per_second: float | None = None
    max_cold_start_seconds: int | None = None
    max_answer_tokens: int | None = None
    speculative: bool = False
    adapters: tuple[Adapter, ...] = ()

    @property
    def key(self) -> str:
        """How messages and outputs name this deployment."""
        return f"{self.team}/{self.name}"

    @property
    def text_only(self) -> bool:
        """True when no request carries anything but text, so the towers need not be loaded."""
        return set(self.inputs) == {"text"}

    @property
    def items(self) -> dict[str, int]:
        """Most items of each kind that a request may carry; kinds that are not wished for are absent."""
        return {kind: self.max_items.get(kind, 1) for kind in self.inputs if kind != "text"}


@dataclass(frozen=True, slots=True)
class Reservation:
    """Machines that the organisation has reserved."""

    name: str
    machine_type: str
    count: int
    zone: str


@dataclass(frozen=True, slots=True)
class PriceAdjustment:
    """What the organisation pays instead of the list price of one SKU (a machine type, or `cloud-run/<accelerator>`)."""

    sku: str
    percent: Decimal | None
    usd_per_hour: Decimal | None


@dataclass(frozen=True, slots=True)
class Supply:
    """What one environment can run and buy. Quotas are GPUs by accelerator; one that is not declared is zero.

    `allow_unknown` names the deployments (`<team>/<name>`) that may be placed although a fact about them is missing;
    `overrides` has what the platform's owners decide for some of them.
    """

    region: str
    zones: tuple[str, ...]
    engine_version: str
    purchase_order: tuple[PurchaseOption, ...]
    batch_purchase_order: tuple[PurchaseOption, ...]
    # mappings cannot be hashed; equality still compares them, so that a Supply can be the key of a cache
    gke_quota: Mapping[str, int] = field(hash=False)
    cloud_run_quota: Mapping[str, int] = field(hash=False)
    reservations: tuple[Reservation, ...] = ()
    price_adjustments: tuple[PriceAdjustment, ...] = ()
    allow_tight: bool = False
    allow_fp8_kv: bool = False
    allow_unknown: frozenset[str] = frozenset()
    overrides: Mapping[str, Override] = field(default_factory=dict, hash=False)
