"""Reads what engines served, from vLLM's own series: tokens, and how long a request was running."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.showback import series
from components.cost.showback.month import SECONDS_OF_HOUR, Span
from components.cost.showback.nodes import Pod
from components.cost.showback.prometheus import Prometheus, Series
from components.cost.showback.records import Record
from components.cost.showback.samples import Run, Runs, Steps, seconds_above_zero
from components.cost.showback.usage import Tokens
from components.sizing.replicas import CLOUD_RUN_IDLE_SECONDS, GKE_NODE_REMOVAL_SECONDS, GKE_SCALE_DOWN_DELAY_SECONDS

#: Seconds for which a sample stands at most: what Prometheus itself takes for it (--query.lookback-delta).
RUNNING_GAP = Decimal(300)
#: Seconds for which a replica and its node, or an instance, is kept after its last request: the longest of both.
IDLE_TAIL = Decimal(max(CLOUD_RUN_IDLE_SECONDS, GKE_SCALE_DOWN_DELAY_SECONDS + GKE_NODE_REMOVAL_SECONDS))
#: How far back the value of a counter before the month is looked for: the longest month.
BEFORE = 31 * 86_400

#: Namespace, or service on Cloud Run, and the name under which the model is served.
Engine = tuple[str, str]


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What one deployment's engines served. Hours are by pod, or by instance: `hours` those with a running request,
    `awake_hours` those in which it would be kept if it could stop: with the time after each request for which what is idle is
    kept."""

    tokens: Tokens
    hours: Mapping[str, Decimal]
    awake_hours: Mapping[str, Decimal]


def read_engines(prometheus: Prometheus, span: Span) -> dict[Engine, EngineUse]:
    """What all engines served in a span. Engines without all three counters of tokens are not among them."""
    counted = {metric: _steps(prometheus, metric, span) for metric in (series.PROMPT, series.CACHED, series.ANSWER)}
    running = _running(prometheus, span)
    found = {}
    for engine in sorted(set.intersection(*(set(by_engine) for by_engine in counted.values()))):
        try:
            tokens = Tokens(*(counted[metric][engine] for metric in (series.PROMPT, series.CACHED, series.ANSWER)))
        except CostError as error:
            raise CostError(f"{'/'.join(engine)}: {error}") from None
        pods = running.get(engine, {})
        hours = {pod: seconds_above_zero(runs) / SECONDS_OF_HOUR for pod, runs in pods.items()}
        awake = {pod: seconds_above_zero(runs, IDLE_TAIL) / SECONDS_OF_HOUR for pod, runs in pods.items()}
        found[engine] = EngineUse(tokens, hours, awake)
    return found


def use_of(record: Record, engines: Mapping[Engine, EngineUse]) -> EngineUse | None:
    """What a deployment's engines served; None where nobody measured it."""
    return engines.get((record.place, record.name))


def serving_hours(use: EngineUse, pods: Iterable[Pod]) -> Decimal:
    """Hours of held time with a running request: a pod serves no longer than it is there."""
    return sum((min(use.hours.get(pod.name, Decimal(0)), pod.seconds / SECONDS_OF_HOUR) for pod in pods), Decimal(0))


def missing_metrics(held: Iterable[str], records: Mapping[str, Record], engines: Mapping[Engine, EngineUse]) -> None:
    """Raises CostError naming every deployment that held time and of which no tokens were measured: that is no zero."""
    missing = [name for name in sorted(held) if use_of(records[name], engines) is None]
    if missing:
        raise CostError(
            "\n".join(
                f"{name} held GPUs, and {records[name].place} has no series {series.PROMPT}, {series.CACHED} and {series.ANSWER} "
                f'with model_name="{records[name].name}"; mend what collects them, since a bill without tokens would be wrong'
                for name in missing
            )
        )


def _engine(one: Series) -> Engine:
    return one.labels.get("namespace", ""), one.labels.get("model_name", "")


def _steps(prometheus: Prometheus, metric: str, span: Span) -> dict[Engine, Decimal]:
    """What a counter counted, by engine."""
    query = f"last_over_time({prometheus.selector(metric)}[{BEFORE}s])"
    before = {_key(one): one.points[-1][1] for one in prometheus.at(query, span.start)}
    counters: dict[tuple[tuple[str, str], ...], tuple[Engine, Steps]] = {}
    for one in prometheus.raw(metric, span):
        key = _key(one)
        if key not in counters:
            what = f"{metric} of {'/'.join(_engine(one))}"
            counters[key] = _engine(one), Steps(what, span, before.get(key, Decimal(0)))
        counters[key][1].add(one.points)
    found: dict[Engine, Decimal] = defaultdict(Decimal)
    for engine, steps in counters.values():
        found[engine] += steps.total
    return dict(found)


def _running(prometheus: Prometheus, span: Span) -> dict[Engine, dict[str, list[list[Run]]]]:
    """When requests ran, by engine and pod; a pod may hold several engines."""
    wider = Span(span.start - RUNNING_GAP, span.end + RUNNING_GAP)
    series_runs: dict[tuple[tuple[str, str], ...], tuple[Engine, str, Runs]] = {}
    for one in prometheus.raw(series.RUNNING, wider):
        key = _key(one)
        if key not in series_runs:
            pod = one.labels.get("pod") or one.labels.get("instance", "")
            series_runs[key] = _engine(one), pod, Runs(span, RUNNING_GAP)
        series_runs[key][2].add(one.points)
    found: dict[Engine, dict[str, list[list[Run]]]] = defaultdict(lambda: defaultdict(list))
    for engine, pod, runs in series_runs.values():
        found[engine][pod].append(runs.found)
    return found


def _key(one: Series) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(one.labels.items()))
