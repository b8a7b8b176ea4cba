"""What placement chooses among for one demand on one place: checkpoint, KV dtype, batch, and the fewest replicas that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from components.sizing.capacity import GPU_MEMORY_UTILIZATION, Capacity, batch_candidates, capacity
from components.sizing.catalogue import GIB, Accelerator, Catalogue, Checkpoint, Engine, Model
from components.sizing.demand import Demand, Override, Supply
from components.sizing.engine_config import NO_ITEMS, EngineConfig
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.evidence import spread_of
from components.sizing.legality import why_illegal
from components.sizing.lora import rank_of_buffers
from components.sizing.memory import Budget
from components.sizing.places import Place
from components.sizing.replicas import Replicas, minimum_replicas, spread


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
    override: Override
    capacities: dict[tuple[str, str, int, int], Capacity] = field(default_factory=dict)
    batches: tuple[int, ...] = field(init=False)
    max_lora_rank: int = field(init=False)

    def __post_init__(self) -> None:
        decided = self.override.max_num_batched_tokens
        self.batches = (decided,) if decided else batch_candidates(self.demand, self.model)
        self.max_lora_rank = max((rank_of_buffers(a.rank) or 0 for a in self.demand.adapters), default=0)

    def at(self, place: Place) -> Iterator[Choice | Lost]:
        """For each checkpoint and KV dtype the choice with the fewest replicas, or why there is none."""
        for checkpoint in checkpoints_for(self.demand, self.model, self.catalogue):
            for element_bytes in _kv_element_bytes(checkpoint, place.accelerator, self.supply, self.override):
                found = self._fewest_replicas(place, self._capacity(place, checkpoint, element_bytes))
                if isinstance(found, Choice):
                    yield found
                else:
                    yield Lost(f"{place.name} with {checkpoint.precision}", *found)

    def _capacity(self, place: Place, checkpoint: Checkpoint, element_bytes: int) -> Capacity:
        key = (checkpoint.id, place.accelerator.id, place.tensor_parallel_size, element_bytes)
        if key not in self.capacities:
            demand = self.demand
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
                self.batches[0],
                demand.speculative,
                len(demand.adapters),
                self.max_lora_rank,
            )
            if isinstance(common, str):
                self.capacities[key] = Capacity((), common, None)
            else:
                config = common._replace(
                    max_model_len=demand.context_tokens,
                    items=demand.items,
                    image_tokens=demand.image_tokens,
                    gpu_memory_utilization=self.override.gpu_memory_utilization or GPU_MEMORY_UTILIZATION,
                )
                self.capacities[key] = capacity(demand, self.supply, config, self.batches)
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
    drafter: bool,
    max_loras: int,
    max_lora_rank: int,
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
        drafter=drafter,
        max_loras=max_loras,
        max_lora_rank=max_lora_rank,
        spread=spread_of(catalogue, model, accelerator, engine),
    )
    return why_illegal(config, catalogue) or config


def _kv_element_bytes(
    checkpoint: Checkpoint, accelerator: Accelerator, supply: Supply, override: Override
) -> tuple[int, ...]:
    """bf16 KV always; fp8 KV where the checkpoint carries scales or the environment allows it, and the GPU can.

    An override leaves one; where the GPU cannot run that, legality says so.
    """
    if override.kv_cache_dtype is not None:
        return (1 if override.kv_cache_dtype == "fp8" else 2,)
    may = checkpoint.kv_scales or supply.allow_fp8_kv
    return (2, 1) if may and accelerator.compute_capability >= (8, 9) else (2,)


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
