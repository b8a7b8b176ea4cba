"""The memory budget of one GPU: what the engine needs, what it may use, and the verdict.

The budget is vLLM's own identity (facts of 2026-11-21):
    usable = CUDA total x gpu_memory_utilization >= weights + KV cache + activations and runtime + CUDA graphs + sampler
Terms whose exact size no formula gives carry a range; the verdict is `fits` only at its upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from components.sizing.catalogue import GIB
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.kv_cache import KvLayout, kv_layout, tokens_in_flight
from components.sizing.weights import resident_weights


class Fit(StrEnum):
    """Verdict on one configuration."""

    FITS = "fits"
    TIGHT = "tight"  #: fits or not depending on terms that are known only as a range
    UNKNOWN = "unknown"  #: the catalogue lacks evidence for a needed term
    DOES_NOT_FIT = "does-not-fit"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the budget, bytes on one GPU; `low` and `high` differ where only a range is known."""

    name: str
    low_bytes: int
    high_bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Memory of one GPU under one configuration and load."""

    config: EngineConfig
    load: Load
    terms: tuple[Term, ...]
    usable_bytes: int
    unknown: str | None = None

    @property
    def needed_bytes(self) -> int:
        """Sum of all terms at their upper end."""
        return sum(term.high_bytes for term in self.terms)

    @property
    def spare_bytes(self) -> int:
        """What is left at the upper end; negative when it does not fit."""
        return self.usable_bytes - self.needed_bytes

    @property
    def fit(self) -> Fit:
        """The verdict."""
        if self.unknown is not None:
            return Fit.UNKNOWN
        if self.spare_bytes >= 0:
            return Fit.FITS
        lowest = sum(term.low_bytes for term in self.terms)
        return Fit.TIGHT if lowest <= self.usable_bytes else Fit.DOES_NOT_FIT

    @property
    def deciding_term(self) -> Term:
        """The first term, in the order the engine allocates them, that no longer has room; else the largest."""
        used = 0
        for term in self.terms:
            used += term.high_bytes
            if used > self.usable_bytes:
                return term
        return max(self.terms, key=lambda term: term.high_bytes)


#: Activation peak, CUDA context and libraries together, by the largest max_num_batched_tokens for which logs exist.
#: 1.1 to 2.2 GiB at 2,048 to 2,496 tokens (12B on RTX 3090, 26B on L40S, 31B on 2 x L4), 1.8 to 5.1 GiB at 8,192
#: (31B on H100, H200, RTX PRO 6000). Public vLLM logs 0.19 to 0.26, collected 2026-11-21.
ACTIVATION_AND_RUNTIME_GIB: tuple[tuple[int, float, float], ...] = ((2496, 1.1, 2.2), (8192, 1.8, 5.1))

#: CUDA graphs: 0.11 to 0.76 GiB on one GPU in eight public logs, about 1.47 per GPU with tensor parallelism on L4s
#: (31B NVFP4 on 2 x L4). Collected 2026-11-21.
CUDA_GRAPHS_GIB = (0.11, 0.76)
CUDA_GRAPHS_TENSOR_PARALLEL_GIB = (0.67, 1.47)


def assess(config: EngineConfig, load: Load) -> Budget:
    """The memory budget of one GPU of a replica run as `config` under `load`."""
    weights = resident_weights(config.model, config.checkpoint, config.tensor_parallel_size, config.text_only)
    terms = [_exact("weights", weights.total_bytes, f"{config.checkpoint.id}, {config.checkpoint.status}")]
    row = next((r for r in ACTIVATION_AND_RUNTIME_GIB if config.max_num_batched_tokens <= r[0]), None)
    if row is not None:
        terms.append(_range("activations and runtime", row[1], row[2], "public vLLM logs"))
    if not config.enforce_eager:
        low, high = CUDA_GRAPHS_GIB if config.tensor_parallel_size == 1 else CUDA_GRAPHS_TENSOR_PARALLEL_GIB
        terms.append(_range("CUDA graphs", low, high, "public vLLM logs"))
    terms.append(
        _exact("sampler", _sampler_bytes(config), "max_num_seqs x vocabulary x 17/16 x 4 bytes, one logged row")
    )
    kv_bytes, reason = _kv_cache(config, load)
    terms.append(_exact("KV cache", kv_bytes, reason))  # last: the engine gives it what the others leave
    return Budget(
        config=config,
        load=load,
        terms=tuple(terms),
        usable_bytes=ceil(config.accelerator.cuda_total_bytes * config.gpu_memory_utilization),
        unknown=None
        if row is not None
        else f"activation peak at max_num_batched_tokens {config.max_num_batched_tokens} (known up to 8192)",
    )


def _kv_cache(config: EngineConfig, load: Load) -> tuple[int, str]:
    """KV bytes that satisfy both the engine's start-up check and the load, and which of the two decides."""
    layout = kv_layout(config.model, config.tensor_parallel_size, config.kv_element_bytes, config.block_size_tokens)
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    working = _working_blocks(layout, config.max_model_len, load, in_flight)
    blocks = max(start + (1 if config.engine.keeps_null_block else 0), working + 1)
    if start >= working:
        reason = f"the engine's start-up check for one request of {config.max_model_len} tokens"
    else:
        full = min(load.full_context_requests, load.concurrent_requests)
        reason = (
            f"{load.concurrent_requests} requests at once, {full} of them {config.max_model_len} tokens long, "
            f"the others {load.typical_tokens}"
        )
    return blocks * layout.bytes_per_block, reason


def _working_blocks(layout: KvLayout, max_model_len: int, load: Load, in_flight: int) -> int:
    full = min(load.full_context_requests, load.concurrent_requests)
    return (
        full * layout.blocks_of_request(max_model_len)
        + (load.concurrent_requests - full) * layout.blocks_of_request(min(load.typical_tokens, max_model_len))
        + layout.blocks_in_flight(in_flight)
    )


def _sampler_bytes(config: EngineConfig) -> int:
    """Sampler state: a row of logits and its masks for each sequence (1.0625 GiB at 1,024 sequences, logged, 2026-11)."""
    vocabulary = config.model.text.vocab_size
    return config.max_num_seqs * (vocabulary + 2 * vocabulary // 32) * 4


def _exact(name: str, value_bytes: int, source: str) -> Term:
    return Term(name, value_bytes, value_bytes, source)


def _range(name: str, low_gib: float, high_gib: float, source: str) -> Term:
    return Term(name, int(low_gib * GIB), int(high_gib * GIB), source)
