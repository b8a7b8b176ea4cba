"""Placement: the cheapest way to serve one demand that truly fits, or a refusal that says what is missing.

Tries every legal checkpoint, KV dtype, runtime and machine with the fewest replicas that fit, and takes the least expected
USD a month. Deterministic: ties go to fewer GPUs, fewer replicas, higher precision, GKE before Cloud Run, then name.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from components.sizing.catalogue import Accelerator, Catalogue, Checkpoint, Engine, Model
from components.sizing.demand import Demand, Supply
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.errors import SizingError
from components.sizing.host import host_needs
from components.sizing.memory import Budget, Fit, assess
from components.sizing.parallelism import illegal_parallelism
from components.sizing.places import Place, host_too_small, places
from components.sizing.record import Rejected, SizingRecord
from components.sizing.refusal import refusal
from components.sizing.speed import missed_goal, startup_seconds

#: Share of the GPU's memory that the platform gives to the engine. 0.92 is vLLM's default; late growth has ended runs at
#: 0.95 (31B on 2 x H100, public log, 2026-08), so 0.90, the low end of vllm-project/recipes @8959cf6, leaves room.
GPU_MEMORY_UTILIZATION = 0.90

#: Largest item that vLLM 0.33.0 counts against a batch: 32 video frames of 70 + 2 + 6 tokens (gemma4_mm.py).
VIDEO_ITEM_TOKENS = 2496
#: Small batches keep the sliding-window reservation and the activation peak low; the engine's default on small GPUs.
BATCHED_TOKENS = 2048

#: Cloud Run allows a startup probe of at most 1,800 s with a GPU (docs.cloud.google.com/run, 2026).
CLOUD_RUN_PROBE_LIMIT_SECONDS = 1800
#: The start-up estimate is rough; a probe waits three times as long and never less than ten minutes.
PROBE_FACTOR, PROBE_MINIMUM_SECONDS = 3, 600


@dataclass(frozen=True, slots=True)
class _Choice:
    place: Place
    budget: Budget
    min_replicas: int
    max_replicas: int


def place(demand: Demand, supply: Supply, catalogue: Catalogue, where: str = "the deployment's wishes") -> SizingRecord:
    """The sizing record of `demand` in an environment that offers `supply`.

    `where` names the file that the requester can change; it ends up in the message of a refusal.
    Raises SizingError when the wish contradicts itself or the model, or when nothing that may be used can serve it.
    """
    model = catalogue.model(demand.model)
    engine = catalogue.engine(supply.engine_version)
    _check(demand, model)
    choices: list[_Choice] = []
    lost: list[tuple[str, str, Budget | None]] = []
    for checkpoint in _checkpoints(demand, model, catalogue):
        for place_or_reason in places(demand, supply, catalogue):
            if isinstance(place_or_reason, Rejected):
                lost.append((place_or_reason.choice, place_or_reason.reason, None))
                continue
            for kv_element_bytes in _kv_element_bytes(place_or_reason.accelerator, supply):
                result = _fewest_replicas(demand, supply, model, engine, checkpoint, place_or_reason, kv_element_bytes)
                if isinstance(result, _Choice):
                    choices.append(result)
                else:
                    lost.append((f"{place_or_reason.name} with {checkpoint.kind}", *result))
    if not choices:
        raise SizingError(_nothing_serves(demand, catalogue, lost, where))
    ranked = sorted(choices, key=lambda choice: _rank(demand, choice, catalogue))
    return _record(demand, supply, ranked, lost)


def _check(demand: Demand, model: Model) -> None:
    """Refuses wishes that the model can never meet."""
    if demand.context_tokens > model.max_context_tokens:
        raise SizingError(
            f"found {demand.context_tokens}, above {model.id}'s maximum of {model.max_context_tokens}", "context_tokens"
        )
    if missing := [i for i in demand.inputs if i not in model.inputs]:
        raise SizingError(
            f"{model.id} does not take {', '.join(missing)}; allowed: {', '.join(model.inputs)}", "inputs"
        )
    if demand.high_availability and demand.scale_to_zero:
        raise SizingError("high keeps two replicas, so it cannot be combined with scale_to_zero: true", "availability")


def _checkpoints(demand: Demand, model: Model, catalogue: Catalogue) -> list[Checkpoint]:
    known = catalogue.checkpoints_of(model)
    if demand.precision == "auto":
        return [c for c in known if c.auto and c.status != "infeasible"]
    chosen = [c for c in known if c.kind == demand.precision and c.status != "infeasible"]
    if not chosen:
        raise SizingError(
            f"found {demand.precision}, which {model.id} has not; allowed: auto, {', '.join(c.kind for c in known)}",
            "precision",
        )
    return chosen


def _kv_element_bytes(accelerator: Accelerator, supply: Supply) -> tuple[int, ...]:
    """bf16 KV always; fp8 KV only where the environment allows it and the GPU can (compute capability 8.9 and up)."""
    return (2, 1) if supply.allow_fp8_kv and accelerator.compute_capability >= (8, 9) else (2,)


def _fewest_replicas(
    demand: Demand,
    supply: Supply,
    model: Model,
    engine: Engine,
    checkpoint: Checkpoint,
    where: Place,
    kv_element_bytes: int,
) -> _Choice | tuple[str, Budget | None]:
    """The choice with the fewest replicas on this host that fits, or why none does (with the nearest budget)."""
    if where.accelerator.compute_capability < checkpoint.min_compute_capability:
        needed = ".".join(str(part) for part in checkpoint.min_compute_capability)
        return f"{checkpoint.id} needs compute capability {needed}", None
    if reason := illegal_parallelism(model, checkpoint, where.gpu_count):
        return reason, None
    if reason := host_too_small(where):
        return reason, None
    reason, nearest = "", None
    for carrying in range(1, demand.peak_concurrent_requests + 1):
        # with high availability the others must carry the peak when one replica is lost
        most = max(2, carrying + 1) if demand.high_availability else carrying
        if most * where.gpu_count > where.quota:
            asked = f"{most} x {where.gpu_count} {where.accelerator.id}"
            limit = f"needs {asked}, the {where.runs_on} quota declared is {where.quota}"
            return (f"{limit}; with fewer replicas: {reason}" if reason else limit), nearest
        load = Load(
            ceil(demand.peak_concurrent_requests / carrying), demand.full_context_requests, demand.typical_tokens
        )
        config = _config(demand, model, engine, checkpoint, where, kv_element_bytes, load)
        budget = assess(config, load)
        if budget.fit is Fit.FITS or (budget.fit is Fit.TIGHT and supply.allow_tight):
            missed = missed_goal(demand, config, load)
            if missed is None:
                least = 2 if demand.high_availability else 0 if demand.scale_to_zero else 1
                return _Choice(where, budget, least, most)
            reason = missed
        else:
            reason, nearest = (
                f"{budget.fit}: {-budget.spare_bytes / 2**30:.1f} GiB short, {budget.deciding_term.name}",
                budget,
            )
    return reason, nearest


def _config(
    demand: Demand,
    model: Model,
    engine: Engine,
    checkpoint: Checkpoint,
    where: Place,
    kv_element_bytes: int,
    load: Load,
) -> EngineConfig:
    # image tokens that see each other cannot be split over batches, so the largest item must fit into one
    needs_video_batch = model.text.bidirectional_vision and "video" in demand.inputs
    return EngineConfig(
        engine=engine,
        model=model,
        checkpoint=checkpoint,
        accelerator=where.accelerator,
        tensor_parallel_size=where.gpu_count,
        max_model_len=demand.context_tokens,
        max_num_seqs=load.concurrent_requests,
        max_num_batched_tokens=VIDEO_ITEM_TOKENS if needs_video_batch else BATCHED_TOKENS,
        gpu_memory_utilization=GPU_MEMORY_UTILIZATION,
        text_only=demand.text_only,
        kv_element_bytes=kv_element_bytes,
    )


def _usd_per_month(demand: Demand, choice: _Choice) -> Decimal:
    return _as_record(demand, "", choice, ()).usd_per_month


def _rank(demand: Demand, choice: _Choice, catalogue: Catalogue) -> tuple[object, ...]:
    kinds = [c.id for c in catalogue.checkpoints_of(choice.budget.config.model)]  # highest precision first
    return (
        _usd_per_month(demand, choice),
        choice.max_replicas * choice.place.gpu_count,
        choice.max_replicas,
        kinds.index(choice.budget.config.checkpoint.id),
        -choice.budget.config.kv_element_bytes,
        choice.place.runs_on != "gke",
        choice.place.name,
    )


def _record(
    demand: Demand, supply: Supply, ranked: list[_Choice], lost: list[tuple[str, str, Budget | None]]
) -> SizingRecord:
    best = ranked[0]
    dearer = [
        Rejected(
            f"{other.place.name} with {other.budget.config.checkpoint.kind}",
            f"${_usd_per_month(demand, other):,} a month",
        )
        for other in ranked[1:4]
    ]
    unfit = [Rejected(choice, reason) for choice, reason, budget in lost if budget is not None][:3]
    return _as_record(demand, supply.region, best, (*dearer, *unfit))


def _as_record(demand: Demand, region: str, choice: _Choice, rejected: tuple[Rejected, ...]) -> SizingRecord:
    where, config = choice.place, choice.budget.config
    needs = host_needs(where.gpu_count)
    start = startup_seconds(config)
    probe = max(PROBE_MINIMUM_SECONDS, PROBE_FACTOR * start)
    return SizingRecord(
        demand=demand,
        budget=choice.budget,
        runs_on=where.runs_on,
        region=region,
        machine_type=where.machine.id if where.machine else None,
        boot_disk_type=where.machine.boot_disk_type if where.machine else None,
        purchase_option=where.purchase.option if where.purchase else None,
        reservation=where.purchase.reservation if where.purchase else None,
        vcpu=where.shape.vcpu if where.shape else needs.vcpu,
        memory_gib=where.shape.memory_gib if where.shape else needs.memory_gib,
        shared_memory_gib=needs.shared_memory_gib,
        environment=dict(where.environment),
        min_replicas=choice.min_replicas,
        max_replicas=choice.max_replicas,
        startup_seconds=start,
        startup_probe_seconds=min(probe, CLOUD_RUN_PROBE_LIMIT_SECONDS) if where.runs_on == "cloud-run" else probe,
        usd_per_hour=where.usd_per_hour,
        rejected=rejected,
    )


def _nothing_serves(
    demand: Demand, catalogue: Catalogue, lost: list[tuple[str, str, Budget | None]], where: str
) -> str:
    """The refusal: the nearest budget in full where memory was the reason, then why each host was no choice."""
    budgets = [budget for _, _, budget in lost if budget is not None]
    reasons = dict.fromkeys(f"  {choice}: {reason}" for choice, reason, _ in lost)
    tried = "\n".join(["  tried, none can be used:", *(f"  {line}" for line in reasons)])
    if budgets:
        nearest = max(budgets, key=lambda budget: budget.spare_bytes)
        return f"{refusal(demand.key, nearest, catalogue, where)}\n{tried}"
    return f"{demand.key}: nothing in this environment can serve {demand.model}; change {where}\n{tried}"
