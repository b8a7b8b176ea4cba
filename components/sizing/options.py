"""What placement chooses among for one demand on one place: checkpoint, KV dtype, batch, and the fewest replicas that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from components.sizing.catalogue import GIB, Accelerator, Catalogue, Checkpoint, Engine, Model
from components.sizing.demand import Demand, Supply
from components.sizing.engine_config import NO_ITEMS, EngineConfig, Load
from components.sizing.engine_defaults import largest_item
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.evidence import spread_of
from components.sizing.legality import why_illegal
from components.sizing.memory import Budget, Fit, assess
from components.sizing.places import Place
from components.sizing.replicas import Replicas, minimum_replicas, spread
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
class Choice:
    """One way to serve a demand: how one replica runs at one place, and how many replicas."""

    place: Place
    config: EngineConfig
    replicas: Replicas


@dataclass(frozen=True, slots=True)
class Lost:
    """Why one checkpoint cannot be used at a place, with the nearest budget where memory was the reason."""

    choice: str
    reason: str
    budget: Budget | None = None


def checkpoints_for(demand: Demand, model: Model, catalogue: Catalogue) -> tuple[Checkpoint, ...]:
    """Checkpoints that the demand allows: those marked auto; of a precision without any, all; or the one that it names.

    Raises SizingError for a precision or checkpoint that the model has not.
    """
    known = [c for c in catalogue.checkpoints_of(model) if c.status != "infeasible"]
    if demand.checkpoint is not None:
        return (_named_checkpoint(demand, demand.checkpoint, model, known),)
    if demand.precision == "auto":
        return tuple(c for c in known if c.auto)
    of_precision = [c for c in known if c.precision == demand.precision]
    chosen = tuple([c for c in of_precision if c.auto] or of_precision)
    if not chosen:
        precisions = dict.fromkeys(c.precision for c in known)
        allowed = ", ".join(["auto", *precisions])
        raise SizingError(f"found {demand.precision}, which {model.id} has not; allowed: {allowed}", "precision")
    return chosen


def _named_checkpoint(demand: Demand, named: str, model: Model, known: list[Checkpoint]) -> Checkpoint:
    chosen = next((c for c in known if c.id == named), None)
    if chosen is None:
        names = [c.id for c in known]
        hint = did_you_mean(named, names) or f"; allowed: {', '.join(names)}"
        raise SizingError(f"found {named!r}, which is no checkpoint of {model.id}{hint}", "checkpoint")
    if demand.precision not in ("auto", chosen.precision):
        raise SizingError(f"{named} is {chosen.precision}, and precision asks for {demand.precision}", "checkpoint")
    return chosen


@dataclass(slots=True)
class Options:
    """The options of one demand in one environment. What a replica can run is asked once for each checkpoint, GPU and width."""

    demand: Demand
    supply: Supply
    catalogue: Catalogue
    model: Model
    engine: Engine
    capacities: dict[tuple[str, str, int, int], Capacity] = field(default_factory=dict)

    def at(self, place: Place) -> Iterator[Choice | Lost]:
        """For each checkpoint and KV dtype the choice with the fewest replicas, or why there is none."""
        for checkpoint in checkpoints_for(self.demand, self.model, self.catalogue):
            for element_bytes in _kv_element_bytes(checkpoint, place.accelerator, self.supply):
                found = self._fewest_replicas(place, self._capacity(place, checkpoint, element_bytes))
                if isinstance(found, Choice):
                    yield found
                else:
                    yield Lost(f"{place.name} with {checkpoint.precision}", *found)

    def _capacity(self, place: Place, checkpoint: Checkpoint, element_bytes: int) -> Capacity:
        key = (checkpoint.id, place.accelerator.id, place.tensor_parallel_size, element_bytes)
        if key not in self.capacities:
            demand = self.demand
            first_batch = batch_candidates(demand, self.model)[0]
            common = _template(
                self.catalogue,
                self.engine,
                self.model,
                checkpoint,
                place.accelerator,
                place.tensor_parallel_size,
                element_bytes,
                demand.text_only,
                "video" in demand.inputs,
                first_batch,
            )
            if isinstance(common, str):
                self.capacities[key] = Capacity((), common, None)
            else:
                config = common._replace(
                    max_model_len=demand.context_tokens, items=demand.items, image_tokens=demand.image_tokens
                )
                self.capacities[key] = capacity(demand, self.supply, config)
        return self.capacities[key]

    def _fewest_replicas(self, place: Place, can: Capacity) -> Choice | tuple[str, Budget | None]:
        """The choice with the fewest replicas, and of those the smallest batch; or why none fits."""
        best: Choice | None = None
        beyond = ""
        for config, most in can.by_batch:
            replicas = spread(self.demand, most, place.replicas_per_host)
            if replicas is None:
                return _shares_a_machine(place, self.demand), None
            if replicas.most * place.tensor_parallel_size > place.quota:
                beyond = beyond or beyond_quota(place, replicas)
            elif best is None or replicas.most < best.replicas.most:
                best = Choice(place, config, replicas)
        if best is not None:
            return best
        return (beyond, None) if beyond else (can.why_not or _shortage(can.nearest), can.nearest)


@lru_cache(maxsize=10_000)
def _template(
    catalogue: Catalogue,
    engine: Engine,
    model: Model,
    checkpoint: Checkpoint,
    accelerator: Accelerator,
    tensor_parallel_size: int,
    kv_element_bytes: int,
    text_only: bool,
    videos: bool,
    batch: int,
) -> EngineConfig | str:
    """What all demands on one checkpoint, GPU and width share, for one request at a time; or why it cannot run at all."""
    config = EngineConfig(
        engine=engine,
        model=model,
        checkpoint=checkpoint,
        scheme=catalogue.scheme(checkpoint),
        accelerator=accelerator,
        tensor_parallel_size=tensor_parallel_size,
        max_model_len=1,
        max_num_seqs=1,
        max_num_batched_tokens=batch,
        gpu_memory_utilization=GPU_MEMORY_UTILIZATION,
        text_only=text_only,
        items={"video": 1} if videos else NO_ITEMS,
        kv_element_bytes=kv_element_bytes,
        block_size_tokens=engine.block_size_on(accelerator, model, kv_element_bytes, not text_only),
        spread=spread_of(catalogue, model, accelerator, engine),
    )
    return why_illegal(config, catalogue) or config


@dataclass(frozen=True, slots=True)
class Capacity:
    """Most requests at once that one replica can run, by batch (smallest first); or why it can run none."""

    by_batch: tuple[tuple[EngineConfig, int], ...]
    why_not: str | None
    nearest: Budget | None


def capacity(demand: Demand, supply: Supply, config: EngineConfig) -> Capacity:
    """What one replica run as `config` can do for `demand`, with each batch that could do more than a smaller one."""
    by_batch = []
    reason: str | None = None
    nearest = None
    for batch in batch_candidates(demand, config.model):
        candidate = config._replace(max_num_batched_tokens=batch)
        most, why, budget = _most_requests(demand, supply, candidate)
        if most:
            by_batch.append((candidate, most))
        elif reason is None:
            reason, nearest = why, budget
        # a larger batch needs more memory; it can only help a prompt's first token, or more sequences than it has tokens
        if most >= demand.peak_concurrent_requests or (demand.first_token_ms is None and most < batch):
            break
    return Capacity(tuple(by_batch), reason, nearest)


def batch_candidates(demand: Demand, model: Model) -> tuple[int, ...]:
    """Values of max_num_batched_tokens that may be used: none below an item that cannot be split over batches."""
    return _batches_from(largest_item(model) if "video" in demand.inputs else 0)


@cache
def _batches_from(least: int) -> tuple[int, ...]:
    return tuple(sorted({max(least, size) for size in BATCHED_TOKENS}))


def load_of(demand: Demand, requests: int) -> Load:
    """What a replica must hold when it runs that many of the demand's requests at once."""
    return Load(requests, demand.full_context_requests, demand.typical_tokens)


def allowed(budget: Budget, demand: Demand, supply: Supply) -> bool:
    """True when a verdict may be placed in this environment."""
    if budget.fit is Fit.UNKNOWN:
        return demand.key in supply.allow_unknown
    return budget.fit is Fit.FITS or (budget.fit is Fit.TIGHT and supply.allow_tight)


def _kv_element_bytes(checkpoint: Checkpoint, accelerator: Accelerator, supply: Supply) -> tuple[int, ...]:
    """bf16 KV always; fp8 KV where the checkpoint carries scales or the environment allows it, and the GPU can."""
    may = checkpoint.kv_scales or supply.allow_fp8_kv
    return (2, 1) if may and accelerator.compute_capability >= (8, 9) else (2,)


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
    high = min(demand.peak_concurrent_requests, config.max_num_batched_tokens)
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


def _shortage(budget: Budget | None) -> str:
    """In words, what a budget lacks."""
    if budget is None:
        return ""
    gap = f"{-budget.spare_bytes / GIB:.1f} GiB short, {budget.deciding_term.name}"
    return f"{budget.fit}: {budget.unknown or gap}"


def beyond_quota(place: Place, replicas: Replicas) -> str:
    """In words, that the declared quota does not hold so many replicas."""
    if not place.quota:
        return f"no {place.runs_on} quota for {place.accelerator.id} is declared"
    asked = f"{replicas.most} x {place.tensor_parallel_size} {place.accelerator.id}"
    return f"needs {asked}, the {place.runs_on} quota declared is {place.quota}"


def _shares_a_machine(place: Place, demand: Demand) -> str:
    least = minimum_replicas(demand)
    return (
        f"{place.replicas_per_host} replicas would share a machine, and {least} that always run do not fill it"
        if not demand.high_availability
        else f"availability: high wants replicas on machines of their own, here {place.replicas_per_host} share one"
    )


def fewest_conceivable(demand: Demand, place: Place) -> Replicas | None:
    """Replicas if one could carry the whole peak: a lower bound of what any checkpoint needs at this place."""
    return spread(demand, demand.peak_concurrent_requests, place.replicas_per_host)
