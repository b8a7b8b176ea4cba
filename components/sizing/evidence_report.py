"""The report on all measured cases: predicted against logged, row by row, and how good the estimates are as a whole.

Rows are never fitted one by one. What the errors would be if a group's own rows had not been there to fit to is shown beside: the
place of each ranged term within its range is fitted on the other models' rows and applied to the group left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from components.sizing.catalogue import GIB, Catalogue, MeasuredCase, version_numbers
from components.sizing.deployments import read_deployment
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.memory import Budget, Fit, Term, assess, layout_of
from components.sizing.predict import Prediction, predict
from components.sizing.speed import DECODE_BAND, PREFILL_BAND, decode_rate, first_token_seconds

T = TypeVar("T")

#: Engines from this one on count for the KV statistic.
KV_ENGINES_FROM = (0, 21)
#: A run whose log shows this concurrency, or a pool this many times what one request needs, ran comfortably.
COMFORTABLE_CONCURRENCY, COMFORTABLE_POOL = 1.5, 1.25
#: Logs of a text-only run whose description does not say so; they cannot be predicted from it and leave the statistic.
TEXT_ONLY_UNSTATED = ("26B-B70-intel-text",)


@dataclass(frozen=True, slots=True)
class WeightsRow:
    """Resident weights of one case, GiB on one GPU."""

    case: MeasuredCase
    predicted: float
    counts: bool

    @property
    def error(self) -> float:
        """Relative error."""
        return self.predicted / (self.case.weights_gib or 1) - 1


@dataclass(frozen=True, slots=True)
class PoolRow:
    """KV pool of one case, GiB on one GPU. `left_out` is the prediction with the terms fitted on other models."""

    case: MeasuredCase
    predicted: float
    spread: float
    left_out: float
    counts: bool

    @property
    def error_gib(self) -> float:
        """Predicted less logged."""
        return self.predicted - (self.case.kv_avail_gib or 0)

    @property
    def inside(self) -> bool:
        """The logged pool lies within the spread."""
        return abs(self.error_gib) <= self.spread


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """Verdict on one case, and whether it contradicts what came of it."""

    case: MeasuredCase
    prediction: Prediction
    stated: bool
    comfortable: bool

    @property
    def wrong(self) -> bool:
        """A failure called `fits`, or a comfortable run called `does-not-fit`."""
        verdict = self.prediction.verdict
        failed = self.case.outcome == "no-memory"
        return (failed and verdict is Fit.FITS) or (self.comfortable and verdict is Fit.DOES_NOT_FIT)


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One printed speed and the estimate, tokens per second of all requests together."""

    case: MeasuredCase
    what: str
    measured: float
    estimated: float

    @property
    def ratio(self) -> float:
        """Measured over estimated."""
        return self.measured / self.estimated


def weights_rows(catalogue: Catalogue) -> list[WeightsRow]:
    """All cases that logged their weights on CUDA or XPU."""
    rows = []
    for case in catalogue.measured:
        if case.weights_gib is None or "TPU" in (case.gpu or ""):
            continue
        counts = case.reliability == "high" and case.id not in TEXT_ONLY_UNSTATED
        rows.append(WeightsRow(case, predict(case, catalogue).weights_gib, counts))
    return rows


def pool_rows(catalogue: Catalogue) -> list[PoolRow]:
    """All cases that logged their KV pool on a card of the catalogue."""
    read = [(case, *_budget(case, catalogue)) for case in catalogue.measured if case.kv_avail_gib is not None]
    known = [(case, config, budget) for case, config, budget in read if budget is not None]
    rows = []
    for case, config, budget in known:
        others = [(c, b) for c, other, b in known if other.model is not config.model]
        places = fit_places(others)
        pool = budget.pool
        rows.append(
            PoolRow(
                case=case,
                predicted=pool.typical / GIB,
                spread=max(pool.typical - pool.low, pool.high - pool.typical) / GIB,
                left_out=pool_at(budget, places) / GIB,
                counts=_engine_counts(case),
            )
        )
    return rows


def verdict_rows(catalogue: Catalogue) -> list[VerdictRow]:
    """All cases that were run."""
    rows = []
    for case in catalogue.measured:
        if case.outcome == "not-run":
            continue
        stated = None not in (case.gpu, case.gpu_memory_utilization, case.max_model_len)
        rows.append(VerdictRow(case, predict(case, catalogue), stated, _comfortable(case, catalogue)))
    return rows


def speed_rows(catalogue: Catalogue) -> list[SpeedRow]:
    """Printed speeds that say something about the estimate: neither eager nor speculative, and decoding apart from prompts."""
    rows = []
    for case in catalogue.measured:
        if case.enforce_eager:
            continue
        config = read_deployment(case, catalogue).config._replace(drafter=False)
        if config.accelerator.bandwidth_gb_per_s is None:
            continue
        for printed in case.throughput:
            if printed.decode is not None and not (printed.requests > 1 and printed.prompt_tokens):
                tokens = (printed.prompt_tokens or 256) + (printed.answer_tokens or 256) // 2
                rate = decode_rate(config, Load(printed.requests, 0, tokens)).typical * printed.requests
                rows.append(SpeedRow(case, f"decode, {printed.requests} at once", printed.decode, rate))
            if printed.prefill is not None:
                prompt = printed.prompt_tokens or 1000
                seconds = first_token_seconds(config, Load(1, 0, prompt), prompt).typical
                rows.append(SpeedRow(case, f"prefill of {prompt:,}", printed.prefill, prompt / seconds))
    return rows


#: Place of each ranged term within its range: -1 its low end, 0 typical, 1 its high end.
Places = dict[str, float]
_STEPS = tuple(step / 5 for step in range(-5, 6))


def fit_places(rows: Sequence[tuple[MeasuredCase, Budget]]) -> Places:
    """The places that make the sum of absolute errors least, one term after the other, twice over."""
    places: Places = dict.fromkeys(("buffers", "activations", "runtime", "CUDA graphs"), 0.0)

    def loss(candidate: Places) -> float:
        # a place away from typical must earn its keep
        pull = 0.01 * sum(abs(place) for place in candidate.values())
        return pull + sum(abs(pool_at(budget, candidate) / GIB - (case.kv_avail_gib or 0)) for case, budget in rows)

    for _ in range(2):
        for name in places:
            places[name] = min(_STEPS, key=lambda step: (loss({**places, name: step}), abs(step)))
    return places


def pool_at(budget: Budget, places: Places) -> float:
    """Bytes of the KV pool with the ranged terms at these places."""
    return budget.usable_bytes - sum(
        _at(term, places.get(term.name, 0.0)) for term in budget.terms[:-1] if term.from_pool
    )


def _at(term: Term, place: float) -> float:
    end = term.high_bytes if place > 0 else term.low_bytes
    return term.typical_bytes + abs(place) * (end - term.typical_bytes)


def _budget(case: MeasuredCase, catalogue: Catalogue) -> tuple[EngineConfig, Budget | None]:
    read = read_deployment(case, catalogue)
    budget = assess(read.config, Load(1, 1, read.config.max_model_len)) if read.unknown is None else None
    return read.config, budget


def _engine_counts(case: MeasuredCase) -> bool:
    """The engine is of 0.21 or later, by its version or (12B, whose support began then) by its image of 2026-06."""
    match = re.search(r"(\d+\.\d+)", case.engine_version or "")
    if match and "image" not in (case.engine_version or ""):
        return version_numbers(match.group(1)) >= KV_ENGINES_FROM
    return "gemma4-unified" in (case.engine_version or "")


def _comfortable(case: MeasuredCase, catalogue: Catalogue) -> bool:
    if case.outcome != "runs":
        return False
    if (case.max_concurrency_x or 0) >= COMFORTABLE_CONCURRENCY:
        return True
    if case.kv_avail_gib is None:
        return False
    config = read_deployment(case, catalogue).config
    layout = layout_of(config)
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    needed = layout.blocks_to_start(config.max_model_len, in_flight) * layout.bytes_per_block
    return case.kv_avail_gib * GIB >= COMFORTABLE_POOL * needed


def render_report(catalogue: Catalogue) -> str:
    """The report as Markdown; the same for the same catalogue."""
    intro = (
        "Generated by `python -m components.sizing predict --report`; a test fails when this page is stale. Sizes are GiB on\n"
        "one GPU. Each case with its flags and source: `components/sizing/data/measured.yaml`. Constants are fitted to all rows\n"
        "together, never to one."
    )
    sections = [
        *_weights_section(weights_rows(catalogue)),
        *_pool_section(pool_rows(catalogue)),
        *_verdict_section(verdict_rows(catalogue)),
        *_speed_section(speed_rows(catalogue)),
    ]
    return "\n\n".join(["# Evidence: predicted against measured", intro, *sections]) + "\n"


def _weights_section(rows: list[WeightsRow]) -> Iterator[str]:
    errors = sorted(abs(row.error) for row in rows if row.counts)
    yield "## Weights"
    yield (
        f"Rows rated high, CUDA and XPU: median error {median(errors):.2%}, worst {errors[-1]:.2%} ({len(errors)} rows).\n"
        "No size is corrected by its own measurement. Not counted: rows rated lower, and logs of a text-only run whose\n"
        "description does not say so (*)."
    )
    yield _table(
        ("case", "logged", "predicted", "error", "counts"),
        rows,
        lambda row: (
            row.case.id + (" *" if row.case.id in TEXT_ONLY_UNSTATED else ""),
            f"{row.case.weights_gib:.2f}",
            f"{row.predicted:.2f}",
            f"{row.error:+.2%}",
            _yes(row.counts),
        ),
    )


def _pool_section(rows: list[PoolRow]) -> Iterator[str]:
    counted = [row for row in rows if row.counts]
    logged = [row.case.kv_avail_gib or 1 for row in counted]
    relative = [abs(row.error_gib) / pool for row, pool in zip(counted, logged, strict=True)]
    apart = [row.left_out - pool for row, pool in zip(counted, logged, strict=True)]
    apart_relative = [abs(error) / pool for error, pool in zip(apart, logged, strict=True)]
    yield "## KV pool"
    yield (
        f"Engines of 0.21 or later ({len(counted)} rows): median error {median(relative):.2%}, largest overestimate\n"
        f"{max(row.error_gib for row in counted):.2f} GiB, inside the spread "
        f"{sum(row.inside for row in counted)} of {len(counted)}.\n"
        f"With each model left out of the fit: median {median(apart_relative):.2%}, largest overestimate {max(apart):.2f} GiB.\n"
        "A case whose card is not stated cannot be predicted and is missing here."
    )
    yield _table(
        ("case", "engine", "logged", "predicted", "spread", "error", "inside", "error, its model left out", "counts"),
        rows,
        lambda row: (
            row.case.id,
            row.case.engine_version or "not stated",
            f"{row.case.kv_avail_gib:.2f}",
            f"{row.predicted:.2f}",
            f"+-{row.spread:.2f}",
            f"{row.error_gib:+.2f}",
            _yes(row.inside),
            f"{row.left_out - (row.case.kv_avail_gib or 0):+.2f}",
            _yes(row.counts),
        ),
    )


def _verdict_section(rows: list[VerdictRow]) -> Iterator[str]:
    stated = [row for row in rows if row.stated]
    unsure = sum(row.prediction.verdict in (Fit.TIGHT, Fit.UNKNOWN) for row in stated)
    yield "## Verdicts"
    yield (
        f"{sum(row.wrong for row in rows)} of {len(rows)} contradict what came of it: a failure called `fits`, or a comfortable\n"
        "run (logged concurrency of 1.5, or a pool of 1.25 times the need) called `does-not-fit`. Of the "
        f"{len(stated)} rows with\ncard, utilization and context stated {unsure} are `tight` or `unknown`. "
        "A context that is not stated counts as the\nmodel's longest."
    )
    yield _table(
        ("case", "outcome", "verdict", "why"),
        rows,
        lambda row: (row.case.id, row.case.outcome, str(row.prediction.verdict), row.prediction.reason),
    )


def _speed_section(rows: list[SpeedRow]) -> Iterator[str]:
    yield "## Speed"
    yield (
        f"Measured over estimated; the band of decoding is {DECODE_BAND[0]} to {DECODE_BAND[1]}, of prefill\n"
        f"{PREFILL_BAND[0]} to {PREFILL_BAND[1]}. Tokens per second of all requests together."
    )
    yield _table(
        ("case", "what", "measured", "estimated", "ratio"),
        rows,
        lambda row: (row.case.id, row.what, _rate(row.measured), _rate(row.estimated), f"{row.ratio:.2f}"),
    )


def _table(headings: tuple[str, ...], rows: list[T], cells: Callable[[T], tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *(cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
