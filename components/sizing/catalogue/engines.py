"""Rows of engines.yaml and known_bugs.yaml: planner rules and defaults of each vLLM release, and what is known to break in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.sizing.catalogue.checkpoints import Precision
from components.sizing.catalogue.hardware import Accelerator
from components.sizing.catalogue.models import Model
from components.sizing.catalogue.row import ComputeCapability, Fact, Identified, Row


class BatchDefaults(Row):
    """What the engine fills in on GPUs of at least that much memory when the flags are absent."""

    min_cuda_total_gib: float
    except_accelerators: tuple[str, ...] = ()
    max_num_batched_tokens: int
    max_num_seqs: int


class BlockSize(Row):
    """Tokens of one KV block on GPUs in a range of compute capabilities, where it differs from the engine's 16."""

    min_compute_capability: ComputeCapability
    below_compute_capability: ComputeCapability
    #: Bytes of one KV element for which it holds; None = any.
    kv_element_bytes: int | None = None
    #: Holds only for models whose image tokens see each other, with images on.
    bidirectional_images: bool = False
    tokens: int


class ModelRunner(Row):
    """One of the engine's two model runners, and what its memory profiling charges."""

    runner: Literal["v1", "v2"]
    #: An estimate of the CUDA graphs is subtracted from the pool.
    charges_cuda_graphs: bool
    #: The vision tower runs in the profile.
    profiles_encoder: bool
    #: The sampler runs the Triton top-k kernel, which keeps a row of logits for each multiprocessor.
    top_k_buffer: bool
    #: Bytes alive for each logit at the peak of the sampler pass: least, typical, most.
    logit_bytes: tuple[float, float, float]


class RunAs(Fact):
    """The user without root's rights that an image ships."""

    user_id: int
    group_id: int
    #: Its home, which holds the engine's caches.
    home: str
    #: Folders that the engine writes, so that all others may be read-only.
    writable: tuple[str, ...]
    #: Runs under the Pod Security Standard `restricted`; None where no source tells.
    restricted: bool | None


class EngineImage(Row):
    """The container image of a release, and on which drivers it runs."""

    reference: str
    cuda: str
    #: Lowest driver branch of that CUDA (NVIDIA's CUDA release notes).
    min_driver: str
    #: Older driver branches for which the image carries compatibility libraries (data-centre GPUs only).
    compatible_drivers: tuple[str, ...] = ()
    #: Environment that switches them on.
    compatibility_environment: dict[str, str] = Field(default_factory=dict)
    #: None where no source says that the image runs without root.
    run_as: RunAs | None = None


class Engine(Identified):
    """Planner rules and defaults of one vLLM release; the id is its version."""

    #: Planner evidence and a list of flags exist, so that every argument written for it is checked.
    deployable: bool
    #: planner: the rules were replayed against the release's own planner. source: read in its source only.
    evidence: Literal["planner", "source"]
    #: Batches of max_num_batched_tokens that the sliding-window reservation counts with async scheduling on one pipeline stage.
    tokens_in_flight_batches: int
    async_scheduling_default: bool
    #: The start-up check keeps one block back.
    keeps_null_block: bool
    #: "GPU KV cache size" is blocks // groups x block size, which understates hybrids.
    reports_tokens_by_group: bool
    #: A default max_num_batched_tokens below the largest item is raised to it, for models whose image tokens see each other.
    raises_batch_to_item: Literal["never", "always", "unless-text-only"]
    #: Weights are loaded with large blocks never split, so that each large tensor takes whole 2 MiB.
    loads_with_split_limit: bool
    #: Layers that share another's KV cache still hold key and value projections.
    builds_kv_of_shared_layers: bool
    #: An output head stored in the checkpoint stays beside the embedding (models with per-layer embeddings).
    keeps_shipped_output_head: bool
    dense: ModelRunner
    moe: ModelRunner
    default_gpu_memory_utilization: float
    #: Most tokens of a captured CUDA graph on compute capability 10.x; 512 elsewhere.
    largest_graph_on_10x: int = 512
    #: Largest memory first; the last row has no lower limit.
    batch_defaults: tuple[BatchDefaults, ...]
    block_sizes: tuple[BlockSize, ...] = ()
    image: EngineImage
    transformers: str

    __hash__ = Identified.__hash__

    @property
    def version(self) -> str:
        """The release, such as 0.33.0."""
        return self.id

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers, to compare releases."""
        return version_numbers(self.id)

    def defaults_on(self, accelerator: Accelerator) -> BatchDefaults:
        """What this engine takes on that GPU when max_num_seqs and max_num_batched_tokens are not given."""
        total = accelerator.cuda_total_gib or 0.0
        return next(
            row
            for row in self.batch_defaults
            if total >= row.min_cuda_total_gib and accelerator.id not in row.except_accelerators
        )

    def runner_of(self, model: Model) -> ModelRunner:
        """The model runner that serves that model by default."""
        return self.moe if model.text.num_experts else self.dense

    def block_size_on(self, accelerator: Accelerator, model: Model, kv_element_bytes: int, images: bool) -> int:
        """Tokens of one KV block on that GPU, before page sizes are made equal."""
        bidirectional = model.text.bidirectional_vision and images
        for row in self.block_sizes:
            in_range = row.min_compute_capability <= accelerator.compute_capability < row.below_compute_capability
            if (
                in_range
                and row.kv_element_bytes in (None, kv_element_bytes)
                and bidirectional >= row.bidirectional_images
            ):
                return row.tokens
        return DEFAULT_BLOCK_SIZE_TOKENS


#: Tokens of one KV block unless a row of `block_sizes` says otherwise (vLLM 0.20 to 0.33, config/cache.py).
DEFAULT_BLOCK_SIZE_TOKENS = 16


class Bound(Row):
    """A range of whole numbers; `below` is excluded."""

    min: int | None = None
    below: int | None = None

    def holds(self, value: int) -> bool:
        """True when `value` lies in the range."""
        return (self.min is None or value >= self.min) and (self.below is None or value < self.below)


class Condition(Row):
    """When a bug strikes: all that is given must hold. Names are those of `EngineConfig` and of catalogue rows."""

    models: tuple[str, ...] | None = None
    precisions: tuple[Precision, ...] | None = None
    schemes: tuple[str, ...] | None = None
    #: First part of the checkpoint's id.
    owners: tuple[str, ...] | None = None
    tensor_parallel_size: Bound | None = None
    data_parallel_size: Bound | None = None
    pipeline_parallel_size: Bound | None = None
    max_num_batched_tokens: Bound | None = None
    expert_parallel: bool | None = None
    drafter: bool | None = None
    #: Adapters are served.
    lora: bool | None = None
    videos: bool | None = None
    kv_element_bytes: int | None = None
    min_compute_capability: ComputeCapability | None = None
    below_compute_capability: ComputeCapability | None = None
    #: What a configuration does not show; such a bug is listed for people and never matched.
    unseen: str | None = None


class KnownBug(Identified):
    """Something that an engine version is known to break."""

    title: str
    effect: str
    avoid: str
    severity: Literal["refuse", "warn"]
    #: First affected and first mended version; None = from the first, not mended.
    since: str | None = None
    until: str | None = None
    when: Condition
    issue: str | None
    state: str

    __hash__ = Identified.__hash__

    def affects(self, engine: Engine) -> bool:
        """True when that release has the bug."""
        begun = self.since is None or engine.numbers >= version_numbers(self.since)
        return begun and (self.until is None or engine.numbers < version_numbers(self.until))


def version_numbers(version: str) -> tuple[int, ...]:
    """ "0.25.1" as (0, 25, 1)."""
    return tuple(int(part) for part in version.split("."))
