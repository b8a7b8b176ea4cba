"""The memory budget of one GPU: what the engine needs, what it may use, and the verdict.

The budget is vLLM's own identity (`v1/worker/gpu_worker.py` determine_available_memory, 0.33.0, read 2026-11-25):
    KV pool = ceil(CUDA total x gpu_memory_utilization) - weights - tensors that stay - peak of the profile
              - memory outside PyTorch - CUDA graphs
Terms whose exact size no formula gives carry a range; the verdict is `fits` only at its upper end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from math import ceil

from components.sizing.catalogue import GIB
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.kv_cache import KvLayout, kv_layout, tokens_in_flight
from components.sizing.profiling import (
    Range,
    adapters_bytes,
    cuda_graph_bytes,
    drafter_graph_bytes,
    outside_pytorch_bytes,
    peak_bytes,
    staying_bytes,
)
from components.sizing.weights import Weights, resident_weights


class Fit(StrEnum):
    """Verdict on one configuration."""

    FITS = "fits"
    TIGHT = "tight"  #: fits or not depending on terms that are known only as a range
    UNKNOWN = "unknown"  #: the catalogue lacks a needed fact
    DOES_NOT_FIT = "does-not-fit"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the budget, bytes on one GPU; the three differ where only a range is known.

    `from_pool` is False where the engine does not take it from the KV pool, although it needs the memory all the same.
    """

    name: str
    low_bytes: int
    typical_bytes: int
    high_bytes: int
    source: str
    from_pool: bool = True


@dataclass(frozen=True, slots=True)
class BootCheck:
    """Something that must be free at one moment of the start: bytes needed, and bytes there are at worst and at best."""

    name: str
    needed_bytes: int
    least_free_bytes: int
    most_free_bytes: int
    source: str


#: Memory of a card that is in use when the engine starts: CUDA context, NCCL, the display. Discrete cards: estimate. Unified
#: memory: three refusals on a DGX Spark show 9.2 to 11.3 GiB used by the host (public log, 2026-04).
IN_USE_AT_BOOT_GIB = (0.25, 0.70)
IN_USE_AT_BOOT_UNIFIED_GIB = (9.2, 11.3)


@dataclass(frozen=True)
class Budget:
    """Memory of one GPU under one configuration and load. `terms` ends with the KV cache that the load needs."""

    config: EngineConfig
    load: Load
    terms: tuple[Term, ...]
    checks: tuple[BootCheck, ...]
    usable_bytes: int
    unknown: str | None = None
    #: Sum of all terms at their upper end.
    needed_bytes: int = field(init=False)
    #: What is left at the upper end; negative when it does not fit. A boot check counts where it is not met.
    spare_bytes: int = field(init=False)
    #: The verdict.
    fit: Fit = field(init=False)

    def __post_init__(self) -> None:
        # computed once: placement asks every budget for them, and `cached_property` takes a lock each time (Python 3.11)
        needed = sum([term.high_bytes for term in self.terms])
        left = self.usable_bytes - needed
        for check in self.checks:
            gap = check.least_free_bytes - check.needed_bytes
            if gap < 0 and gap < left:
                left = gap
        object.__setattr__(self, "needed_bytes", needed)
        object.__setattr__(self, "spare_bytes", left)
        object.__setattr__(self, "fit", self._verdict())

    def _verdict(self) -> Fit:
        if self.unknown is not None:
            return Fit.UNKNOWN
        if self.spare_bytes >= 0:
            return Fit.FITS
        lowest = sum(term.low_bytes for term in self.terms)
        at_best = lowest <= self.usable_bytes and all(c.needed_bytes <= c.most_free_bytes for c in self.checks)
        return Fit.TIGHT if at_best else Fit.DOES_NOT_FIT

    @property
    def pool(self) -> Range:
        """Bytes that the engine will log as "Available KV cache memory": least, typical, most.

        The most counts the largest total that was seen of the card, the others the smallest.
        """
        taken = [term for term in self.terms[:-1] if term.from_pool]
        low, typical, high = (
            self.usable_bytes - sum(getattr(term, end) for term in taken)
            for end in ("high_bytes", "typical_bytes", "low_bytes")
        )
        card = self.config.accelerator
        more = ((card.cuda_total_high_gib or 0) - (card.cuda_total_gib or 0)) * GIB * self.config.gpu_memory_utilization
        return Range(low, typical, high + more)

    @property
    def deciding_term(self) -> Term | BootCheck:
        """What no longer has room: the weights alone, a check of the start, or the first term in the order of allocation."""
        weights = self.terms[0]
        if weights.high_bytes > self.usable_bytes:
            return weights
        short = [check for check in self.checks if check.needed_bytes > check.least_free_bytes]
        if short:
            return max(short, key=lambda check: check.needed_bytes - check.least_free_bytes)
        used = 0
        for term in self.terms:
            used += term.high_bytes
            if used > self.usable_bytes:
                return term
        return max(self.terms, key=lambda term: term.high_bytes)


def assess(config: EngineConfig, load: Load) -> Budget:
    """The memory budget of one GPU of a replica run as `config` under `load`."""
    total = config.accelerator.cuda_total_bytes
    kv_bytes, why = kv_needed(config, load)
    kv = _exact("KV cache", kv_bytes, why)
    if unknown := _unknown_fact(config):
        return Budget(config, load, (kv,), (), 0, unknown)
    usable = ceil((total or 0) * config.gpu_memory_utilization)
    terms, checks = _without_kv(_WithoutContext(config), usable)
    return Budget(config, load, (*terms, kv), checks, usable)


class _WithoutContext:
    """A configuration as key of a cache of what neither its context nor its KV cache changes.

    Rows of the catalogue are compared by identity, which is quick; the key holds the configuration, so no row's place is reused.
    """

    __slots__ = ("_key", "config")

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self._key = (
            id(config.engine),
            id(config.model),
            id(config.checkpoint),
            id(config.scheme),
            id(config.accelerator),
            config.tensor_parallel_size,
            config.max_num_seqs,
            config.max_num_batched_tokens,
            config.text_only,
            tuple(sorted(config.items.items())),
            config.image_tokens,
            config.enforce_eager,
            config.drafter,
            config.max_loras,
            config.max_lora_rank,
            config.spread,
        )

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _WithoutContext) and self._key == other._key


@lru_cache(maxsize=50_000)
def _without_kv(key: _WithoutContext, usable: int) -> tuple[tuple[Term, ...], tuple[BootCheck, ...]]:
    weights = resident_weights(key.config)
    return _fixed_terms(key.config, weights), _boot_checks(key.config, weights, usable)


def _fixed_terms(config: EngineConfig, weights: Weights) -> tuple[Term, ...]:
    """All terms but the KV cache; ranges are narrower or wider by how near the evidence is."""
    spread = config.spread
    peak, deciding_pass = peak_bytes(config)
    charged = config.engine.runner_of(config.model).charges_cuda_graphs
    terms = [
        _exact("weights", weights.total_bytes, f"{config.checkpoint.id}, tensors as the engine allocates them"),
        *_adapters(config),
        _range("buffers", staying_bytes(config).widened(spread), "sampler state, inputs, expert workspaces"),
        _range("activations", peak, f"peak of one profiling step: {deciding_pass}"),
        _range("runtime", outside_pytorch_bytes(config).widened(spread), "outside PyTorch, public logs"),
    ]
    if not config.enforce_eager:
        graphs = cuda_graph_bytes(config).widened(spread)
        source = "public logs" if charged else "public logs; this release does not reserve them"
        terms.append(_range("CUDA graphs", graphs, source, from_pool=charged))
        if config.drafter and config.engine.runner_of(config.model).runner == "v2":
            # captured after the pool was made, so that they must fit into what the other terms leave
            late = drafter_graph_bytes().widened(spread)
            terms.append(_range("drafter graphs", late, "captured after the KV cache is made", from_pool=False))
    return tuple(terms)


def _adapters(config: EngineConfig) -> list[Term]:
    if not config.max_loras:
        return []
    source = f"buffers for {config.max_loras} LoRA adapters of rank {config.max_lora_rank}, on all linear layers"
    return [_range("adapters", adapters_bytes(config), source)]


#: What the KV cache must hold at least: one request of max_model_len at start, or all requests that run at once.
START_UP_DECIDES = "the engine's start-up check: one request of max_model_len"
LOAD_DECIDES = "the load: its requests at once, with the tokens in flight"


def kv_needed(config: EngineConfig, load: Load) -> tuple[int, str]:
    """KV bytes that satisfy both the engine's start-up check and the load, and which of the two decides."""
    layout = layout_of(config)
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    working = _working_blocks(layout, config, load, in_flight)
    # the engine keeps block 0 for itself, whatever the start-up check of that release says
    blocks = max(start + (1 if config.engine.keeps_null_block else 0), working + 1)
    return blocks * layout.bytes_per_block, START_UP_DECIDES if start >= working else LOAD_DECIDES


def layout_of(config: EngineConfig) -> KvLayout:
    """The KV layout of a configuration."""
    return kv_layout(
        config.model,
        config.tensor_parallel_size,
        config.kv_element_bytes,
        config.block_size_tokens,
        config.hybrid_kv_cache,
    )


def _working_blocks(layout: KvLayout, config: EngineConfig, load: Load, in_flight: int) -> int:
    full, longest = min(load.full_context_requests, load.concurrent_requests), config.max_model_len
    # tokens that a drafter proposes have slots before they are taken (`v1/core/sched/scheduler.py` num_lookahead_tokens)
    ahead = config.tokens_ahead if config.drafter else 0
    typical = min(load.typical_tokens + ahead, longest)
    return (
        full * layout.blocks_of_request(longest)
        + (load.concurrent_requests - full) * layout.blocks_of_request(typical)
        + layout.blocks_in_flight(in_flight)
    )


def _unknown_fact(config: EngineConfig) -> str | None:
    """The first fact without which the budget cannot be computed; None when all are there."""
    if config.accelerator.cuda_total_bytes is None:
        return f"how much memory {config.accelerator.id} gives to CUDA"
    if config.pipeline_parallel_size > 1:
        return "memory under pipeline parallelism"
    if config.data_parallel_size > 1 or config.expert_parallel:
        return "memory under data or expert parallelism"
    return None


def _boot_checks(config: EngineConfig, weights: Weights, usable: int) -> tuple[BootCheck, ...]:
    accelerator = config.accelerator
    total = accelerator.cuda_total_bytes or 0
    low, high = IN_USE_AT_BOOT_UNIFIED_GIB if accelerator.unified_memory else IN_USE_AT_BOOT_GIB
    most, least = total - int(low * GIB), total - int(high * GIB)
    source = "v1/worker/utils.py request_memory: refused when less is free at start"
    loading = "the output head is there twice until it is tied to the embedding"
    return (
        BootCheck("free memory at boot", usable, least, most, source),
        BootCheck("loading the weights", weights.load_peak_bytes, least, most, loading),
    )


def _exact(name: str, value_bytes: int, source: str) -> Term:
    return Term(name, value_bytes, value_bytes, value_bytes, source)


def _range(name: str, size: Range, source: str, from_pool: bool = True) -> Term:
    return Term(name, int(size.low), int(size.typical), ceil(size.high), source, from_pool)
