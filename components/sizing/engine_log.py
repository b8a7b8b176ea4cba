"""What a start of the engine printed, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLog:
    """One start of an engine as its log tells it; None where it does not. Sizes are GiB on one GPU, flags have vLLM's names.

    Of several ranks the largest weights and the smallest pool are kept, since those decide; else the first rank counts. A
    file that holds several starts is read as the last one that got as far as loading weights.
    """

    engine_version: str | None = None
    #: As the operator gave it, which may be a path or an address.
    model: str | None = None
    #: "none" where the log says that there is none.
    quantization: str | None = None
    #: Only some mixture-of-experts and fp8 kernels name the card.
    gpu: str | None = None
    tensor_parallel_size: int | None = None
    pipeline_parallel_size: int | None = None
    data_parallel_size: int | None = None
    #: In force, after the engine shortened it to fit where it was asked to.
    max_model_len: int | None = None
    gpu_memory_utilization: float | None = None
    kv_cache_dtype: str | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    limit_mm_per_prompt: dict[str, int] | None = None
    enforce_eager: bool | None = None
    #: Method and tokens, such as "mtp n=4"; "none" where the log says that there is none.
    speculative: str | None = None
    async_scheduling: bool | None = None
    block_size: int | None = None
    #: Other flags that were given, as the log repeats them.
    args: Mapping[str, Any] = field(default_factory=dict)

    cuda_total_gib: float | None = None
    free_at_start_gib: float | None = None
    weights_gib: float | None = None
    kv_avail_gib: float | None = None
    kv_tokens: int | None = None
    max_concurrency_x: float | None = None
    cuda_graphs_estimate_gib: float | None = None
    cuda_graphs_actual_gib: float | None = None
    #: False where the operator kept the engine from subtracting its estimate of the graphs.
    cuda_graphs_charged: bool | None = None
    #: Peak of the profile; from 0.27.1 (`consumed_gib` is there then) without tensors that stay. Never with the graphs.
    peak_activation_gib: float | None = None
    #: Memory outside PyTorch; printed up to 0.26.0.
    non_torch_gib: float | None = None
    #: Weights, tensors that stay and memory outside PyTorch together; printed from 0.27.1.
    consumed_gib: float | None = None

    #: The engine's own words where it stopped for lack of memory, with what it needed and what there was.
    refusal: str | None = None
    needed_gib: float | None = None
    available_gib: float | None = None

    @property
    def reached_memory(self) -> bool:
        """True when the log tells anything about memory."""
        figures = (self.weights_gib, self.kv_avail_gib, self.kv_tokens, self.refusal)
        return any(figure is not None for figure in figures)
