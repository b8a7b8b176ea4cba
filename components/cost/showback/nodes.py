"""Divides the time of nodes among the pods that held their GPUs: whose an hour of a node is, and what it cost. Pure.

A node whose GPUs one deployment holds is its own for that time, all of it: a machine is paid as a whole. Several deployments
divide it by the GPUs that they hold; where they hold more than it has they share them, and the fairness key divides. A GPU node
without a pod is idle. A node without GPUs serves all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from components.cost.showback.items import Item, Whose
from components.cost.showback.month import SECONDS_OF_HOUR
from components.cost.showback.samples import Run


@dataclass(frozen=True, slots=True)
class Node:
    """A machine. `prices` says when it was there, and USD an hour then; `gpus` is 0 without GPUs."""

    name: str
    price_class: str
    machine_type: str
    gpus: int
    prices: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that held GPUs of a node. `deployment` is None where it is of none that is known; `team` is then what its label
    says."""

    namespace: str
    name: str
    node: str
    deployment: str | None
    team: str | None
    gpus: tuple[Run, ...]

    @property
    def seconds(self) -> Decimal:
        """How long it held them."""
        return sum((run.end - run.begin for run in self.gpus), Decimal(0))


@dataclass(frozen=True, slots=True)
class IdleNode:
    """A GPU node without a pod: how long, and what that cost."""

    node: str
    machine_type: str
    price_class: str
    hours: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class ClassUse:
    """All nodes of one price class: hours, and what the source says that they cost."""

    price_class: str
    hours: Decimal
    usd: Decimal


@dataclass(slots=True)
class DividedNodes:
    """The nodes of a month, divided."""

    items: list[Item] = field(default_factory=list)
    idle: list[IdleNode] = field(default_factory=list)
    classes: list[ClassUse] = field(default_factory=list)
    #: Machine types that each deployment held.
    held_types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: Hours in which each deployment held GPUs, pods counted one by one.
    held_hours: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


#: Whose a slice of a node is: what is divided how, and among whom.
_Owner = tuple[Whose, tuple[str, ...]]


def divide_nodes(nodes: Iterable[Node], pods: Iterable[Pod]) -> DividedNodes:
    """Whose every hour of every node is."""
    on: dict[str, list[Pod]] = defaultdict(list)
    divided = DividedNodes()
    for pod in pods:
        on[pod.node].append(pod)
        if pod.deployment is not None:
            divided.held_hours[pod.deployment] += pod.seconds / SECONDS_OF_HOUR
    usd: dict[tuple[str, _Owner], Decimal] = defaultdict(Decimal)
    classes: dict[str, tuple[Decimal, Decimal]] = {}
    for node in sorted(nodes, key=lambda each: each.name):
        idle_seconds = idle_usd = Decimal(0)
        for seconds, price, holders in _slices(node, on.get(node.name, [])):
            cost = price * seconds / SECONDS_OF_HOUR
            hours, sum_of_class = classes.get(node.price_class, (Decimal(0), Decimal(0)))
            classes[node.price_class] = hours + seconds / SECONDS_OF_HOUR, sum_of_class + cost
            for owner, share in _owners(node, holders).items():
                usd[node.price_class, owner] += cost * share
                if owner[0] in (Whose.DIRECT, Whose.SHARED):
                    for name in owner[1]:
                        divided.held_types[name].add(node.machine_type)
                if owner[0] is Whose.IDLE:
                    idle_seconds, idle_usd = idle_seconds + seconds, idle_usd + cost
        if idle_seconds:
            hours = idle_seconds / SECONDS_OF_HOUR
            divided.idle.append(IdleNode(node.name, node.machine_type, node.price_class, hours, idle_usd))
    divided.items = [Item("cluster", cls, cost, *owner) for (cls, owner), cost in sorted(usd.items())]
    divided.classes = [ClassUse(name, *found) for name, found in sorted(classes.items())]
    return divided


def _owners(node: Node, holders: Mapping[_Owner, Decimal]) -> dict[_Owner, Decimal]:
    """Who has which share of a slice."""
    if not holders:
        return {(Whose.IDLE, (node.machine_type,)) if node.gpus else (Whose.COMMON, ()): Decimal(1)}
    held = sum(holders.values())
    deployments = [owner[1][0] for owner in holders if owner[0] is Whose.DIRECT]
    if node.gpus and held > node.gpus and len(holders) > 1 and len(deployments) == len(holders):
        return {(Whose.SHARED, tuple(sorted(deployments))): Decimal(1)}
    return {owner: gpus / held for owner, gpus in holders.items()}


def _slices(node: Node, pods: Sequence[Pod]) -> Iterable[tuple[Decimal, Decimal, dict[_Owner, Decimal]]]:
    """(seconds, USD an hour, GPUs by owner) of each time in which nothing changed; none in which the node was not there."""
    runs = [(_owner(pod), run) for pod in pods for run in pod.gpus if run.value > 0]
    times = sorted(
        {t for run in node.prices for t in (run.begin, run.end)} | {t for _, r in runs for t in (r.begin, r.end)}
    )
    for begin, end in pairwise(times):
        holders: dict[_Owner, Decimal] = defaultdict(Decimal)
        for owner, run in runs:
            if run.begin <= begin and end <= run.end:
                holders[owner] += run.value
        price = _price(node, begin, end, held=bool(holders))
        if price is not None:
            yield end - begin, price, holders


def _price(node: Node, begin: Decimal, end: Decimal, *, held: bool) -> Decimal | None:
    """USD an hour of a slice; where a pod was on it while nobody measured the node, the price before, or else the next one."""
    for run in node.prices:
        if run.begin <= begin and end <= run.end:
            return run.value
    if not held or not node.prices:
        return None
    before = [run.value for run in node.prices if run.end <= begin]
    return before[-1] if before else node.prices[0].value


def _owner(pod: Pod) -> _Owner:
    if pod.deployment is not None:
        return Whose.DIRECT, (pod.deployment,)
    if pod.team is not None:
        return Whose.TEAM, (pod.team,)
    return Whose.UNATTRIBUTED, ()
