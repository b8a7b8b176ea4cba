"""Sets what an engine logged beside what this project predicts for it.

Every organisation's cards, drivers and images differ a little; a case of its own narrows the ranges of the memory budget for that
model, GPU and release (`evidence.py`), and a term outside its range shows where the budget is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from components.sizing.catalogue import GIB, Catalogue, Deployment
from components.sizing.deployments import read_deployment
from components.sizing.engine_arguments import NOT_COMPUTED
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.engine_log import EngineLog
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.logged_deployment import deployment_of
from components.sizing.memory import Budget, Fit, assess, layout_of
from components.sizing.predict import predict
from components.sizing.profiling import Range
from components.sizing.weights import resident_weights

#: The engine rounds GiB and concurrency to two decimals.
ROUNDING = 0.005
#: How far logged weights may lie from the computed ones: public logs of CUDA cards differ by up to 0.6 % (`measured.yaml`).
WEIGHTS_TOLERANCE = 0.01

NO_GPU = "which GPU it is, since the log does not name it; give it"
#: What the engine can spread a model over whose memory the budget does not compute.
PARALLELISM = {
    "pipeline_parallel_size": "memory under pipeline parallelism",
    "data_parallel_size": "memory under data parallelism",
}

Outcome = Literal["runs", "no-memory"]


@dataclass(frozen=True, slots=True)
class ComparedTerm:
    """One term of a start. The prediction is None where something it needs is not known, `logged` where the log lacks it."""

    term: str
    unit: Literal["GiB", "tokens", "x"]
    low: float | None
    typical: float | None
    high: float | None
    logged: float | None
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A log beside its prediction. `unknown` says why terms have no prediction; `verdict` is the predicted one."""

    deployment: Deployment
    terms: tuple[ComparedTerm, ...]
    verdict: Fit
    reason: str
    unknown: str | None
    outcome: Outcome | None

    @property
    def outside(self) -> tuple[ComparedTerm, ...]:
        """Terms that were logged outside their predicted range."""
        return tuple(term for term in self.terms if term.inside is False)


def outcome_of(log: EngineLog) -> Outcome | None:
    """What came of the start; None when the log ends before that shows."""
    if log.refusal is not None:
        return "no-memory"
    return "runs" if log.kv_tokens is not None else None


def compare(log: EngineLog, overrides: Mapping[str, Any], catalogue: Catalogue) -> Comparison:
    """The log term by term beside the prediction for the deployment that it describes.

    Raises SizingError as `deployment_of` does.
    """
    deployment = deployment_of(log, overrides, catalogue)
    read = read_deployment(deployment, catalogue)
    config = _as_logged(read.config, log)
    budget = assess(config, Load(1, 1, config.max_model_len))
    flags = _not_computed(log)
    unknown = flags or (NO_GPU if deployment.gpu is None else read.unknown) or budget.unknown
    # a card without figures still has computed weights; what those flags leave of them is not computed
    weights = None if flags else _exactly(resident_weights(config).total_bytes)
    terms = [_sized("weights", weights, log.weights_gib, WEIGHTS_TOLERANCE)]
    if unknown is None:
        if log.cuda_graphs_charged is False:
            budget = _without_charged_graphs(budget)
        terms = [*_start(budget, log), *terms, *_profile(budget, log), *_cache(budget, log)]
        prediction = predict(deployment, catalogue)
        verdict, reason = prediction.verdict, prediction.reason
    else:
        verdict, reason = Fit.UNKNOWN, f"not known: {unknown}"
        terms += [
            _sized("CUDA graphs", None, logged_graphs(log)),
            _sized("KV pool", None, log.kv_avail_gib),
            _plain("tokens", "tokens", None, log.kv_tokens, 0.0),
            _plain("concurrency", "x", None, log.max_concurrency_x, ROUNDING),
        ]
    return Comparison(deployment, tuple(terms), verdict, reason, unknown, outcome_of(log))


def _start(budget: Budget, log: EngineLog) -> list[ComparedTerm]:
    """What the card had when the engine started; a card that was named wrongly shows here first."""
    total = budget.config.accelerator.cuda_total_bytes or 0
    more = _seen_above(budget.config)
    found = []
    if log.cuda_total_gib is not None:
        found.append(_sized("the card's memory", Range(total, total, total + more), log.cuda_total_gib))
    for check in budget.checks:
        if check.name == "free memory at boot" and log.free_at_start_gib is not None:
            most = check.most_free_bytes + more
            middle = (check.least_free_bytes + check.most_free_bytes) / 2
            found.append(_sized("free at start", Range(check.least_free_bytes, middle, most), log.free_at_start_gib))
    return found


def _seen_above(config: EngineConfig) -> float:
    """Bytes by which the largest total that was seen of the card lies above the one that is reckoned with."""
    card = config.accelerator
    return max(0.0, (card.cuda_total_high_gib or 0) - (card.cuda_total_gib or 0)) * GIB


def _profile(budget: Budget, log: EngineLog) -> list[ComparedTerm]:
    """What the memory profile found. Which terms it tells apart differs by release (`engine_logs.py`)."""
    found = []
    if log.consumed_gib is not None:
        found.append(_sized("activations", _terms(budget, "activations"), log.peak_activation_gib))
        if log.weights_gib is not None:
            rest = round(log.consumed_gib - log.weights_gib, 2)
            found.append(_sized("buffers and outside PyTorch", _terms(budget, "buffers", "runtime"), rest))
    elif log.peak_activation_gib is not None:
        peak = _terms(budget, "buffers", "activations")
        found.append(_sized("buffers and activations", peak, log.peak_activation_gib))
        if log.non_torch_gib is not None:
            found.append(_sized("outside PyTorch", _terms(budget, "runtime"), log.non_torch_gib))
    graphs = _terms(budget, "CUDA graphs")
    if not budget.config.enforce_eager or logged_graphs(log) is not None:
        found.append(_sized("CUDA graphs", graphs, logged_graphs(log)))
        if log.cuda_graphs_estimate_gib is not None and log.cuda_graphs_actual_gib is not None:
            # the engine takes its estimate from the pool; what it captured later comes out of what is spare
            found.append(_sized("CUDA graphs, captured", graphs, log.cuda_graphs_actual_gib))
    return found


def _cache(budget: Budget, log: EngineLog) -> list[ComparedTerm]:
    """The pool, what it holds by the engine's own reckoning, and what one request needs where that was refused."""
    config, layout = budget.config, layout_of(budget.config)
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    pool = budget.pool
    blocks = [layout.blocks(int(size)) for size in (pool.low, pool.typical, pool.high)]
    by_group = config.engine.reports_tokens_by_group
    tokens = Range(*(layout.logged_tokens(count, config.max_model_len, in_flight, by_group) for count in blocks))
    found = [
        _sized("KV pool", pool, log.kv_avail_gib),
        _plain("tokens", "tokens", tokens, log.kv_tokens, 0.0),
        _plain("concurrency", "x", Range(*(count / start for count in blocks)), log.max_concurrency_x, ROUNDING),
    ]
    if log.kv_avail_gib is not None and log.kv_tokens is not None:
        # apart from how large the pool is: whether the planner's rules are the engine's
        ends = (log.kv_avail_gib - ROUNDING, log.kv_avail_gib, log.kv_avail_gib + ROUNDING)
        held = [layout.blocks(int(size * GIB)) for size in ends]
        planned = Range(*(layout.logged_tokens(count, config.max_model_len, in_flight, by_group) for count in held))
        # a rank that does not print its pool may have a slightly smaller one
        slack = planned.typical / 1000
        found.insert(2, _plain("tokens of the logged pool", "tokens", planned, log.kv_tokens, slack))
    if log.refusal is not None and log.needed_gib is not None:
        if "KV cache is needed" in log.refusal:
            found.append(_sized("KV cache of one request", _exactly(start * layout.bytes_per_block), log.needed_gib))
        elif "desired GPU memory utilization" in log.refusal:
            most = budget.usable_bytes + _seen_above(config) * config.gpu_memory_utilization
            asked = Range(budget.usable_bytes, budget.usable_bytes, most)
            found.append(_sized("asked for at start", asked, log.needed_gib))
    return found


def logged_graphs(log: EngineLog) -> float | None:
    """The estimate where both are logged, since that is what the engine subtracts."""
    return log.cuda_graphs_actual_gib if log.cuda_graphs_estimate_gib is None else log.cuda_graphs_estimate_gib


def _without_charged_graphs(budget: Budget) -> Budget:
    terms = (replace(term, from_pool=False) if term.name == "CUDA graphs" else term for term in budget.terms)
    return replace(budget, terms=tuple(terms))


def _terms(budget: Budget, *names: str) -> Range:
    """The sum of those terms of a budget."""
    total = Range(0, 0, 0)
    for term in budget.terms:
        if term.name in names:
            total = total + Range(term.low_bytes, term.typical_bytes, term.high_bytes)
    return total


def _exactly(size: float) -> Range:
    return Range(size, size, size)


def _sized(term: str, predicted: Range | None, logged: float | None, tolerance: float = 0.0) -> ComparedTerm:
    """A term in GiB, predicted in bytes."""
    if predicted is not None:
        predicted = Range(*(size / GIB for size in (predicted.low, predicted.typical, predicted.high)))
    slack = ROUNDING + (tolerance * predicted.typical if predicted is not None else 0.0)
    return _plain(term, "GiB", predicted, logged, slack)


def _plain(
    term: str, unit: Literal["GiB", "tokens", "x"], predicted: Range | None, logged: float | None, slack: float
) -> ComparedTerm:
    if predicted is None:
        return ComparedTerm(term, unit, None, None, None, logged, None)
    inside = None if logged is None else predicted.low - slack <= logged <= predicted.high + slack
    low, typical, high = (round(value, 3) for value in (predicted.low, predicted.typical, predicted.high))
    return ComparedTerm(term, unit, low, typical, high, logged, inside)


def _as_logged(config: EngineConfig, log: EngineLog) -> EngineConfig:
    """The configuration with what a description of a deployment has no field for."""
    processor = log.args.get("mm_processor_kwargs")
    image_tokens = processor.get("max_soft_tokens") if isinstance(processor, dict) else None
    return config._replace(
        async_scheduling=config.async_scheduling if log.async_scheduling is None else log.async_scheduling,
        block_size_tokens=log.block_size or config.block_size_tokens,
        hybrid_kv_cache=log.args.get("disable_hybrid_kv_cache_manager") is not True,
        image_tokens=image_tokens if isinstance(image_tokens, int) else config.image_tokens,
    )


def _not_computed(log: EngineLog) -> str | None:
    """What the log was started with that changes memory in a way that the budget does not compute."""
    for name, what in PARALLELISM.items():
        if (getattr(log, name) or 1) > 1:
            return what
    if log.args.get("enable_expert_parallel"):
        return "memory under expert parallelism"
    # a log's description has no field for adapters
    for flag in (*NOT_COMPUTED, "--enable-lora"):
        if flag != "--quantization" and log.args.get(flag.removeprefix("--").replace("-", "_")):
            return f"memory under {flag}"
    return None
