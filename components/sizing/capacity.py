"""How many requests one replica can run at once, by the size of its batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from components.sizing.catalogue import Model
from components.sizing.demand import Demand, Supply
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.engine_defaults import largest_item
from components.sizing.memory import Budget, Fit, assess
from components.sizing.speed import missed_goal
from components.sizing.weights import resident_weights

#: Share of the GPU's memory that the platform gives to the engine. 0.92 is vLLM's default; late growth has ended runs at
#: 0.95 (31B on 2 x H100, public log, 2026-08), so 0.90, the low end of vllm-project/recipes @8959cf6, leaves room.
GPU_MEMORY_UTILIZATION = 0.90

#: Batch sizes that are tried, smallest first: a small batch keeps the sliding-window reservation and the activation peak low, a
#: larger one gives a long prompt its first token sooner.
BATCHED_TOKENS = (2048, 4096, 8192, 16384)

#: Probes that take memory to grow evenly with requests; from then on the range is halved, so that no case takes long.
STRAIGHT_PROBES = 4


@dataclass(frozen=True, slots=True)
class Capacity:
    """Most requests at once that one replica can run, by batch (smallest first); or why it can run none."""

    by_batch: tuple[tuple[EngineConfig, int], ...]
    why_not: str | None
    nearest: Budget | None


def capacity(demand: Demand, supply: Supply, config: EngineConfig, batches: tuple[int, ...]) -> Capacity:
    """What one replica run as `config` can do for `demand`, with each of `batches` that could do more than a smaller one."""
    by_batch = []
    reason: str | None = None
    nearest = None
    needs_speed = demand.first_token_ms is not None or demand.max_answer_tokens is not None
    for batch in batches:
        candidate = config._replace(max_num_batched_tokens=batch)
        most, why, budget = _most_requests(demand, supply, candidate)
        if most:
            by_batch.append((candidate, most))
        elif reason is None:
            reason, nearest = why, budget
        # a larger batch needs more memory; it can only help a prompt's first token, or more sequences than it has tokens
        if most >= demand.peak_concurrent_requests or (not needs_speed and most < most_sequences(candidate)):
            break
    return Capacity(tuple(by_batch), reason, nearest)


def batch_candidates(demand: Demand, model: Model) -> tuple[int, ...]:
    """Values of max_num_batched_tokens that may be used: none below an item that cannot be split over batches."""
    return batches_from(largest_item(model) if "video" in demand.inputs else 0)


@cache
def batches_from(least: int) -> tuple[int, ...]:
    """The same where no batch may be smaller than `least` tokens."""
    return tuple(sorted({max(least, size) for size in BATCHED_TOKENS}))


def most_sequences(config: EngineConfig) -> int:
    """Sequences that one batch can hold while each decodes, with the tokens that a drafter proposes."""
    batch = config.max_num_batched_tokens
    return batch // (1 + config.tokens_ahead) if config.drafter else batch


def load_of(demand: Demand, requests: int) -> Load:
    """What a replica must hold when it runs that many of the demand's requests at once."""
    return Load(requests, demand.full_context_requests, demand.typical_tokens)


def allowed(budget: Budget, demand: Demand, supply: Supply) -> bool:
    """True when a verdict may be placed in this environment."""
    if budget.fit is Fit.UNKNOWN:
        return demand.key in supply.allow_unknown
    return budget.fit is Fit.FITS or (budget.fit is Fit.TIGHT and supply.allow_tight)


def _most_requests(demand: Demand, supply: Supply, config: EngineConfig) -> tuple[int, str, Budget | None]:
    """(requests that one replica can run at once, why not even one, its budget when memory was the reason).

    Memory grows and goals get harder with each request, so the largest number lies between one that holds and one that does not.
    """
    why = ""
    nearest: Budget | None = None
    spare: dict[int, int] = {}

    def holds(requests: int) -> bool:
        nonlocal why, nearest
        budget = budget_for(config, demand, requests)
        spare[requests] = budget.spare_bytes
        if not allowed(budget, demand, supply):
            why, nearest = "", budget
            return False
        missed = missed_goal(demand, budget.config, budget.load)
        if missed is not None:
            why, nearest = missed, None
        return missed is None

    # most choices fail by their weights alone: one budget, for the message, is enough then
    usable = (config.accelerator.cuda_total_bytes or 0) * config.gpu_memory_utilization
    hopeless = resident_weights(config).total_bytes > usable
    # the engine refuses more sequences than tokens in a batch
    high = min(demand.peak_concurrent_requests, most_sequences(config))
    if holds(high):
        return high, "", None
    if high == 1 or hopeless or not holds(1):
        return 0, why, nearest
    low, probes = 1, 0
    while high - low > 1:
        between = (
            _where_spare_ends(low, spare[low], high, spare[high]) if probes < STRAIGHT_PROBES else (low + high) // 2
        )
        low, high = (between, high) if holds(between) else (low, between)
        probes += 1
    return low, "", None


def _where_spare_ends(low: int, spare_at_low: int, high: int, spare_at_high: int) -> int:
    """Where between two numbers of requests memory would run out if it grew evenly; the middle where something else ends it.

    It does grow almost evenly, so that this finds the end in fewer probes than halving does.
    """
    share = spare_at_low / (spare_at_low - spare_at_high) if spare_at_low > 0 > spare_at_high else 0.5
    return min(high - 1, max(low + 1, low + int((high - low) * share)))


def budget_for(config: EngineConfig, demand: Demand, requests: int) -> Budget:
    """The budget of a replica run as `config` with so many of the demand's requests at once."""
    return assess(config._replace(max_num_seqs=requests), load_of(demand, requests))
