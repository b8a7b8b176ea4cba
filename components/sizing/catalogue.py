"""The catalogue: models, checkpoints, GPUs, machines, engine versions and prices, as data with source and date.

Owns the types of those rows and how they are loaded and looked up. Computes nothing from them.
The files lie in `data/`; an organisation adds rows in a file of its own (`load_catalogue(extra=...)`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from components.sizing.errors import SizingError, did_you_mean

GIB = 2**30
DATA = Path(__file__).with_name("data")

Input = Literal["text", "image", "video", "audio"]
CheckpointKind = Literal["bf16", "fp8", "w4a16"]
PurchaseOption = Literal["on-demand", "reservation", "flex-start", "spot"]


class Row(BaseModel):
    """One catalogue row: immutable, and a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _capability(value: object) -> tuple[int, int]:
    major, _, minor = str(value).partition(".")
    return int(major), int(minor)


ComputeCapability = Annotated[tuple[int, int], BeforeValidator(_capability)]


class TextConfig(Row):
    """Text stack of a model, by the field names of its config.json. Every `full_attention_every`-th layer attends fully."""

    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    num_global_key_value_heads: int
    head_dim: int
    global_head_dim: int
    sliding_window: int
    full_attention_every: int
    num_kv_shared_layers: int
    #: The layers that share another's KV cache have an MLP twice as wide.
    use_double_wide_mlp: bool = False
    hidden_size_per_layer_input: int
    attention_k_eq_v: bool
    #: Image tokens see each other ("mm prefix LM"): vLLM then raises max_num_batched_tokens to the largest item.
    bidirectional_vision: bool
    vocab_size: int
    num_experts: int = 0
    top_k_experts: int = 0
    moe_intermediate_size: int = 0

    def is_full_attention(self, layer: int) -> bool:
        """True when layer number `layer` (from 0) attends to the whole context."""
        return (layer + 1) % self.full_attention_every == 0

    @property
    def kv_layers(self) -> range:
        """Layers that own a KV cache; the last `num_kv_shared_layers` reuse another layer's."""
        return range(self.num_hidden_layers - self.num_kv_shared_layers)


class Model(Row):
    """One Gemma 4 model."""

    id: str
    name: str
    #: The size as the field names it, such as 26B-A4B.
    variant: str
    architecture: Literal["dense", "moe"]
    licence: str
    max_context_tokens: int
    inputs: tuple[Input, ...]
    text: TextConfig
    vision_parameters: int
    audio_parameters: int
    source: str
    date: datetime.date


class Checkpoint(Row):
    """One published set of weights of a model."""

    id: str
    model: str
    kind: CheckpointKind
    auto: bool
    min_compute_capability: ComputeCapability
    status: Literal["measured", "derived", "infeasible"]
    extra_resident_gib: float = 0.0
    source: str
    date: datetime.date


class Accelerator(Row):
    """One GPU as the engine sees it. `cuda_total_gib` is per GPU, as PyTorch reports it."""

    id: str
    name: str
    cuda_total_gib: float
    compute_capability: ComputeCapability
    bandwidth_gb_per_s: float
    bf16_dense_tflops: float
    regions: tuple[str, ...]
    zones: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    source: str
    date: datetime.date

    @property
    def cuda_total_bytes(self) -> int:
        """Memory of one GPU in bytes, as PyTorch reports it."""
        return int(self.cuda_total_gib * GIB)


class Machine(Row):
    """A GKE machine type; `gpu_count` is fixed by the type, memory is in GB as Google prints it."""

    id: str
    accelerator: str
    gpu_count: int
    vcpu: int
    memory_gb: int
    boot_disk_type: str


class CloudRunShape(Row):
    """CPU and memory of one Cloud Run instance."""

    vcpu: int
    memory_gib: int


class CloudRunGpu(Row):
    """What Cloud Run offers with one GPU of a kind, and the environment that the engine image needs there."""

    accelerator: str
    shapes: tuple[CloudRunShape, ...]
    regions: tuple[str, ...]
    environment: dict[str, str]

    @property
    def id(self) -> str:
        """The accelerator's id."""
        return self.accelerator


class BatchDefaults(Row):
    """Flags that the engine fills in by itself when they are absent."""

    max_num_seqs: int
    max_num_batched_tokens: int


class Engine(Row):
    """Planner rules and defaults of one vLLM release."""

    version: str
    image: str
    #: A version without a list of its flags can be explained but not deployed.
    deployable: bool
    tokens_in_flight_batches: int
    keeps_null_block: bool
    reports_tokens_by_group: bool
    default_gpu_memory_utilization: float
    small_gpu_defaults: BatchDefaults
    large_gpu_defaults: BatchDefaults
    source: str
    date: datetime.date

    @property
    def id(self) -> str:
        """The version."""
        return self.version

    def batch_defaults(self, accelerator: Accelerator) -> BatchDefaults:
        """What this engine takes on that GPU when max_num_seqs and max_num_batched_tokens are not given."""
        return self.large_gpu_defaults if accelerator.cuda_total_gib >= 70 else self.small_gpu_defaults


class MachinePrice(Row):
    """USD per hour of a whole machine in one region."""

    machine: str
    region: str
    on_demand: Decimal | None = Field(default=None, alias="on-demand")
    spot: Decimal | None = None
    estimate: bool = False


class MachinePrices(Row):
    """Machine prices of one source and day."""

    source: str
    date: datetime.date
    rows: tuple[MachinePrice, ...]


class CloudRunPrices(Row):
    """USD per second of Cloud Run's parts, instance-based billing; a GPU costs more with zonal redundancy."""

    source: str
    date: datetime.date
    regions: tuple[str, ...]
    usd_per_gpu_second: dict[str, Decimal]
    usd_per_gpu_second_zonal_redundancy: dict[str, Decimal]
    usd_per_vcpu_second: Decimal
    usd_per_gib_second: Decimal


class Prices(Row):
    """All list prices."""

    machines: MachinePrices
    cloud_run: CloudRunPrices


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Identified)


def _find(rows: Iterable[R], wanted: str, what: str) -> R:
    by_id = {row.id: row for row in rows}
    if wanted not in by_id:
        raise SizingError(f"unknown {what} '{wanted}'{did_you_mean(wanted, by_id)}")
    return by_id[wanted]


class Catalogue(Row):
    """Everything that sizing knows about the world."""

    models: tuple[Model, ...]
    checkpoints: tuple[Checkpoint, ...]
    accelerators: tuple[Accelerator, ...]
    machines: tuple[Machine, ...]
    cloud_run: tuple[CloudRunGpu, ...]
    engines: tuple[Engine, ...]
    prices: Prices

    def model(self, model_id: str) -> Model:
        """The model with that id. Raises SizingError naming the nearest ids."""
        return _find(self.models, model_id, "model")

    def checkpoint(self, checkpoint_id: str) -> Checkpoint:
        """The checkpoint with that id. Raises SizingError naming the nearest ids."""
        return _find(self.checkpoints, checkpoint_id, "checkpoint")

    def accelerator(self, accelerator_id: str) -> Accelerator:
        """The GPU with that id. Raises SizingError naming the nearest ids."""
        return _find(self.accelerators, accelerator_id, "accelerator")

    def engine(self, version: str) -> Engine:
        """The engine of that version. Raises SizingError for a version without evidence."""
        return _find(self.engines, version, "vLLM version")

    def checkpoints_of(self, model: Model) -> tuple[Checkpoint, ...]:
        """All checkpoints of a model, in the catalogue's order (highest precision first)."""
        return tuple(c for c in self.checkpoints if c.model == model.id)


_LISTS = ("models", "checkpoints", "accelerators", "machines", "cloud_run", "engines")


@cache
def load_catalogue(extra: Path | None = None) -> Catalogue:
    """The shipped catalogue, with the rows of an organisation's own file added.

    `extra` is a YAML mapping with any of the lists (models, checkpoints, accelerators, machines, cloud_run, engines); a row
    whose id is already there is refused rather than overridden.

    Raises SizingError naming file, entry and field for a malformed entry, a repeated id or a reference to nothing.
    """
    raw: dict[str, object] = {name: _read(DATA / f"{name}.yaml") for name in (*_LISTS, "prices")}
    if extra is not None:
        added = _read(extra)
        if not isinstance(added, dict):
            raise SizingError(f"{extra}: expected a mapping with any of {', '.join(_LISTS)}")
        for name, rows in added.items():
            if name not in _LISTS or not isinstance(rows, list):
                raise SizingError(f"{extra}: '{name}' is not a list of the catalogue{did_you_mean(str(name), _LISTS)}")
            raw[name] = [*_as_list(raw[name]), *rows]
    try:
        catalogue = Catalogue.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SizingError(f"catalogue entry {where}: {first['msg']} (found {first['input']!r})") from None
    _check_references(catalogue)
    return catalogue


def _read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SizingError(f"catalogue file {path} cannot be read: {error}") from None


def _as_list(rows: object) -> Sequence[object]:
    return rows if isinstance(rows, list) else []


def _check_references(catalogue: Catalogue) -> None:
    """Every id is unique and every name that a row uses exists."""
    for name in _LISTS:
        ids = [row.id for row in getattr(catalogue, name)]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            raise SizingError(f"catalogue: {name} lists {', '.join(repeated)} twice")
    for checkpoint in catalogue.checkpoints:
        catalogue.model(checkpoint.model)
    for row in (*catalogue.machines, *catalogue.cloud_run):
        catalogue.accelerator(row.accelerator)
    machines = {machine.id for machine in catalogue.machines}
    for price in catalogue.prices.machines.rows:
        if price.machine not in machines:
            raise SizingError(
                f"catalogue: a price names the machine '{price.machine}'{did_you_mean(price.machine, machines)}"
            )
