"""Sets what an engine logged beside what this project predicts for it, and turns the log into a measured case of the catalogue.

Every organisation's cards, drivers and images differ a little; a case of its own narrows the ranges of the memory budget for that
model, GPU and release (`evidence.py`), and a term outside its range shows where the budget is wrong.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import yaml

from components.sizing.catalogue import GIB, Catalogue, Deployment, MeasuredCase
from components.sizing.deployments import read_deployment
from components.sizing.engine_arguments import NOT_COMPUTED
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.engine_logs import EngineLog
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.memory import Budget, Fit, assess, layout_of
from components.sizing.name_matching import accelerator_of, scheme_of
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


def deployment_of(log: EngineLog, overrides: Mapping[str, Any], catalogue: Catalogue) -> Deployment:
    """The deployment that a log describes; `overrides` are fields of `Deployment` that the log lacks or names in its own way.

    Raises SizingError when the model, the kind of quantisation or an overriding GPU cannot be told.
    """
    if (gpu := overrides.get("gpu")) is not None:
        _check_gpu(gpu, catalogue)
    model = overrides.get("model") or log.model
    if model is None:
        raise SizingError("the log names no model; give it", "model")
    model = _checkpoint_id(model, catalogue)
    ranks = [log.tensor_parallel_size, log.pipeline_parallel_size, log.data_parallel_size]
    count = 1
    for rank in ranks:
        count *= rank or 1
    stated = {
        "model": model,
        "quantization": _quantization(model, log.quantization, catalogue),
        # CUDA adds the kind of memory to some names, which the catalogue's leave out
        "gpu": None if log.gpu is None else re.sub(r"\s*HBM\d\w*$", "", log.gpu),
        "gpu_count": count if any(ranks) else None,
        "engine_version": log.engine_version,
        "tensor_parallel_size": log.tensor_parallel_size,
        "max_model_len": log.max_model_len,
        "gpu_memory_utilization": log.gpu_memory_utilization,
        "kv_cache_dtype": log.kv_cache_dtype,
        "max_num_seqs": log.max_num_seqs,
        "max_num_batched_tokens": log.max_num_batched_tokens,
        "limit_mm_per_prompt": log.limit_mm_per_prompt,
        "enforce_eager": log.enforce_eager,
        "speculative": _drafter(log.speculative),
    }
    given = {name: value for name, value in overrides.items() if value is not None and name != "model"}
    return Deployment.model_validate(stated | given)


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
            _sized("CUDA graphs", None, _graphs(log)),
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
    if not budget.config.enforce_eager or _graphs(log) is not None:
        found.append(_sized("CUDA graphs", graphs, _graphs(log)))
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


def _graphs(log: EngineLog) -> float | None:
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


def _checkpoint_id(model: str, catalogue: Catalogue) -> str:
    """The catalogue's checkpoint whose id a path or address ends with, else the name as it is."""
    plain = model.rstrip("/").lower()
    for checkpoint in catalogue.checkpoints:
        if plain == checkpoint.id.lower() or plain.endswith("/" + checkpoint.id.lower()):
            return checkpoint.id
    return model


def _quantization(model: str, stated: str | None, catalogue: Catalogue) -> str | None:
    """How the weights are stored. The engine names its method, which tells the kind only together with the model's name."""
    if stated is None or stated == "none":
        return stated
    known = next((checkpoint for checkpoint in catalogue.checkpoints if checkpoint.id == model), None)
    stored = known.precision if known else scheme_of(model, None, catalogue).precision
    if stated.startswith("fp8") and stored == "bf16":
        return "online fp8"
    told = scheme_of(model, stated, catalogue).precision
    if known is not None and stored != "bf16":
        # the catalogue knows better than the words of a name
        return stated if told == stored else None
    if told == "bf16":
        raise SizingError(
            f"the log says quantization={stated}, and the model's name '{model}' does not say of which kind; give the "
            "checkpoint's name",
            "model",
        )
    return stated


def _drafter(speculative: str | None) -> str | None:
    """Drafting as a deployment states it; methods without a model take no memory."""
    if speculative is not None and speculative.startswith(("ngram", "suffix")):
        return f"none ({speculative})"
    return speculative


def _check_gpu(gpu: str, catalogue: Catalogue) -> None:
    found = accelerator_of(gpu, catalogue)
    ids = [accelerator.id for accelerator in catalogue.accelerators]
    if found.id not in ids:
        raise SizingError(f"unknown GPU '{gpu}'{did_you_mean(gpu, ids)}", "gpu")


def measured_case(
    log: EngineLog, deployment: Deployment, *, case_id: str, source: str, date: datetime.date
) -> dict[str, Any]:
    """The log as a row of `measured:` in an organisation's catalogue file; `deployment` is that of its comparison.

    Raises SizingError when the log ends before it shows whether the engine starts.
    """
    outcome = outcome_of(log)
    if outcome is None:
        raise SizingError(
            "the log ends before the engine has its KV cache or refuses to start, so it is no measured case"
        )
    described = {name: value for name, value in deployment.model_dump().items() if name != "id"}
    row = {
        "id": case_id,
        **described,
        "weights_gib": log.weights_gib,
        "kv_avail_gib": log.kv_avail_gib,
        "kv_tokens": log.kv_tokens,
        "max_concurrency_x": log.max_concurrency_x,
        "cuda_graphs_gib": _graphs(log),
        "outcome": outcome,
        # as in measured.yaml: version, flags or GPU missing is one step less
        "reliability": "high" if deployment.gpu and deployment.engine_version and log.args else "med",
        "source": " ".join(source.split()),
        "date": date,
    }
    row = {name: value for name, value in row.items() if value is not None}
    MeasuredCase.model_validate(row)
    return row


def as_yaml(cases: Sequence[Mapping[str, Any]]) -> str:
    """The text of an organisation's catalogue file with these cases."""
    return f"{MEASURED}:\n" + _rows(cases, 2)


#: The list of an organisation's catalogue file that holds measured cases.
MEASURED = "measured"


def _rows(cases: Iterable[Mapping[str, Any]], column: int) -> str:
    """The cases as entries of a YAML list that starts in that column."""
    # wide, so that every value stays on its line and can be indented
    text = yaml.safe_dump([dict(case) for case in cases], sort_keys=False, allow_unicode=True, width=100_000)
    return "".join(" " * column + line + "\n" for line in text.splitlines())


def with_cases(text: str, cases: Sequence[Mapping[str, Any]]) -> str:
    """The text of an organisation's catalogue file with cases added; all that is there stays as it is, comments too.

    Raises SizingError when it is no such file, holds one of the ids, or keeps its cases in a form that cannot be extended.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        before = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SizingError(f"cannot be read: {error}") from None
    if root is None:
        return text + as_yaml(cases)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or not isinstance(before, dict):
        raise SizingError("expected a mapping with a list of the catalogue on each top-level line")
    existing = before.get(MEASURED) or []
    ids = {row.get("id") for row in existing if isinstance(row, dict)} if isinstance(existing, list) else set()
    if repeated := [case["id"] for case in cases if case["id"] in ids]:
        raise SizingError(f"'{repeated[0]}' is there already; give another id")
    node = next((value for key, value in root.value if key.value == MEASURED), None)
    if node is None:
        whole = text if text.endswith("\n") else text + "\n"
        after = whole + "\n" + as_yaml(cases)
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        lines = text.splitlines(keepends=True)
        last = _last_line(node)
        lines[last] = lines[last].rstrip("\r\n") + "\n"
        after = "".join(lines[: last + 1]) + "\n" + _rows(cases, node.start_mark.column) + "".join(lines[last + 1 :])
    else:
        raise SizingError(f"'{MEASURED}' is not a list with one entry a line")
    if yaml.safe_load(after) != before | {MEASURED: [*existing, *(dict(case) for case in cases)]}:
        raise SizingError(f"'{MEASURED}' is written in a form that cannot be extended")
    return after


def _last_line(node: yaml.Node) -> int:
    """The last line that a node's content is on; a block's own end lies after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line
