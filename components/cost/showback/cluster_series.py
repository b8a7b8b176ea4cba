"""Reads what a cluster's nodes cost and which pods held their GPUs from OpenCost's series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.showback import series
from components.cost.showback.items import Item, Whose
from components.cost.showback.month import SECONDS_OF_HOUR, Span
from components.cost.showback.nodes import Node, Pod
from components.cost.showback.prometheus import Prometheus
from components.cost.showback.records import Record
from components.cost.showback.samples import Run, Runs

#: Seconds before and after the month that are read, so that a sample on either side of its borders is found.
MARGIN = Decimal(3600)
#: Seconds without a sample after which a node was not there: names of nodes come again. Names of pods do not, so that a gap
#: between two samples of one pod is a gap of the measurement.
NODE_GAP = Decimal(3600)


@dataclass(frozen=True, slots=True)
class ClusterMonth:
    """What was read. `gap_hours` is time in which no node at all was measured."""

    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    others: tuple[Item, ...]
    gap_hours: Decimal


def read_cluster(prometheus: Prometheus, span: Span, records: Mapping[str, Record]) -> ClusterMonth:
    """Nodes, pods and fees of a span. Raises CostError where there is no node at all, and for a node without a price."""
    prices = _runs(prometheus, series.NODE_PRICE, span, NODE_GAP, ("node",))
    if not any(runs.found for runs in prices.values()):
        raise CostError(
            f"month without data: {prometheus.address} has no series {series.NODE_PRICE} in it; is OpenCost installed, and kept "
            "its metrics for that long?"
        )
    gpus = _last(prometheus, series.NODE_GPUS, span)
    labels = _labels(prometheus, series.NODE_LABELS, span, ("node",))
    by_label = {(record.place, record.name): key for key, record in records.items() if record.runs_on == "gke"}
    pods = tuple(_pods(prometheus, span, by_label))
    nodes = tuple(
        _node(name[0], tuple(runs.found), labels.get(name, {}), gpus.get(name, Decimal(0)), pods)
        for name, runs in sorted(prices.items())
        if runs.found
    )
    others = tuple(_fees(prometheus, span))
    return ClusterMonth(nodes, pods, others, _gap_hours(nodes, span))


def _pods(prometheus: Prometheus, span: Span, by_label: Mapping[tuple[str, str], str]) -> Iterable[Pod]:
    labels = _labels(prometheus, series.POD_LABELS, span, ("namespace", "pod"))
    held = _runs(prometheus, series.HELD_GPUS, span, None, ("namespace", "pod", "node"))
    for (namespace, pod, node), runs in sorted(held.items()):
        if not node or not any(run.value > 0 for run in runs.found):
            continue
        own = labels.get((namespace, pod), {})
        deployment = by_label.get((namespace, own.get(series.OF_INFERENCE_SERVICE, "")))
        yield Pod(namespace, pod, node, deployment, own.get(series.OF_TEAM), tuple(runs.found))


def _node(name: str, prices: tuple[Run, ...], labels: Mapping[str, str], gpus: Decimal, pods: Iterable[Pod]) -> Node:
    price_class = labels.get(series.OF_PRICE_CLASS, "")
    machine = price_class.partition("_")[0] or labels.get(series.OF_MACHINE, "")
    if not all(run.value > 0 for run in prices):
        raise CostError(
            f"unknown price: OpenCost has no price of node {name} ({price_class or machine or 'without a price class'}); see "
            "`python -m components.cost check-opencost`"
        )
    if not gpus and any(pod.node == name for pod in pods):
        gpus = max((run.value for pod in pods if pod.node == name for run in pod.gpus), default=gpus)
    return Node(name, price_class or machine or "nodes without a price class", machine, int(gpus), prices)


def _fees(prometheus: Prometheus, span: Span) -> Iterable[Item]:
    """The cluster's fee and load balancers, which serve all."""
    for metric, what in ((series.CLUSTER_FEE, "cluster fee"), (series.LOAD_BALANCER, "load balancers")):
        usd = Decimal(0)
        for runs in _runs(prometheus, metric, span, NODE_GAP, ()).values():
            usd += sum((run.value * (run.end - run.begin) for run in runs.found), Decimal(0)) / SECONDS_OF_HOUR
        if usd:
            yield Item("cluster", what, usd, Whose.COMMON)


def _runs(
    prometheus: Prometheus, metric: str, span: Span, bridge: Decimal | None, by: tuple[str, ...]
) -> dict[tuple[str, ...], Runs]:
    """When which series of a metric had which value, by some of its labels; without any, every series by itself."""
    wider = Span(span.start - MARGIN, span.end + MARGIN)
    found: dict[tuple[str, ...], Runs] = {}
    for one in prometheus.raw(metric, wider):
        name = tuple(one.labels.get(label, "") for label in by) if by else tuple(sorted(one.labels.values()))
        found.setdefault(name, Runs(span, bridge)).add(one.points)
    return found


def _last(prometheus: Prometheus, metric: str, span: Span) -> dict[tuple[str, ...], Decimal]:
    """The last value of a node in the span."""
    query = f"last_over_time({prometheus.selector(metric)}[{int(span.end - span.start)}s])"
    return {(one.labels.get("node", ""),): one.points[-1][1] for one in prometheus.at(query, span.end)}


def _labels(
    prometheus: Prometheus, metric: str, span: Span, by: tuple[str, ...]
) -> dict[tuple[str, ...], Mapping[str, str]]:
    """The labels that a series lists, of everything that was there in the span."""
    query = f"last_over_time({prometheus.selector(metric)}[{int(span.end - span.start)}s])"
    return {tuple(one.labels.get(label, "") for label in by): one.labels for one in prometheus.at(query, span.end)}


def _gap_hours(nodes: Iterable[Node], span: Span) -> Decimal:
    """Time in which no node was measured."""
    there = sorted((run.begin, run.end) for node in nodes for run in node.prices)
    missing, reached = Decimal(0), span.start
    for begin, end in there:
        missing += max(begin - reached, Decimal(0))
        reached = max(reached, end)
    return (missing + max(span.end - reached, Decimal(0))) / SECONDS_OF_HOUR
