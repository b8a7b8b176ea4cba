"""Which pods need new nodes, and of which pool: the part of GKE's cluster autoscaler that judges. Pure: plain data.

Left out, as no pod of the platform asks for it of its nodes: affinity between pods, spreading that must hold, ports and volumes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from components.kubernetes.engine_pod import COMPUTE_CLASS_LABEL
from sandbox.cluster.api_server import Object
from sandbox.cluster.node_objects import POOL_LABEL, ZONE_LABEL, Pool, labels_of_node, next_zone, node_names

Resources = dict[str, Decimal]
#: Taints of this beginning tell a node's state, which passes; a new node has one until it is ready.
PASSING_TAINTS = "node.kubernetes.io/"
SELECTOR_MISMATCH = "node(s) didn't match Pod's node affinity/selector"
OTHER_CLASS = "node pool(s) not in the Pod's ComputeClass"


@dataclass
class Room:
    """A node that stands or is coming, with what is free on it."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    free: Resources
    pool: str
    zone: str
    new: bool = False

    def refuses(self, pod: Mapping[str, Any]) -> str | None:
        """Why the pod cannot go there, in the scheduler's words; None when it can."""
        if not selects(pod["spec"], self.labels, self.name):
            return SELECTOR_MISMATCH
        for taint in self.taints:
            if not tolerates(pod["spec"].get("tolerations", []), taint):
                return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
        for resource, wanted in requests_of(pod["spec"]).items():
            if wanted > self.free.get(resource, Decimal(0)):
                return f"Insufficient {resource}"
        return None

    def take(self, pod: Mapping[str, Any]) -> None:
        """Counts the pod as being there."""
        for resource, wanted in requests_of(pod["spec"]).items():
            self.free[resource] = self.free.get(resource, Decimal(0)) - wanted


@dataclass
class Plan:
    """What to do about the pods that wait."""

    new: list[Room] = field(default_factory=list)
    """Nodes to make."""
    grown: list[tuple[Object, str]] = field(default_factory=list)
    """(pod, message): for these pods nodes are made."""
    refused: list[tuple[Object, str]] = field(default_factory=list)
    """(pod, message): for these none can be made."""
    expected: set[str] = field(default_factory=set)
    """Names of the standing nodes that a waiting pod fits on."""


def plan(
    pods: Iterable[Object],
    pools: Sequence[Pool],
    rooms: Sequence[Room],
    counts: Mapping[str, int],
    taken: Iterable[str],
    ladders: Mapping[str, Sequence[str]],
) -> Plan:
    """Packs the waiting pods onto nodes that stand or are coming, then onto new ones of the first pool that may grow.

    `counts` says how many nodes each pool has, those without room included; `taken` are the names of all nodes; `ladders` are
    the pools of each ComputeClass in order. A new node is a `Room` with `new`, whose name and zone it is to have.
    """
    done = Plan()
    open_rooms, sizes, names = list(rooms), Counter(dict(counts)), set(taken)
    grown: list[tuple[Object, Pool]] = []
    for pod in pods:
        room = next((one for one in open_rooms if one.refuses(pod) is None), None)
        if room is None:
            room = _new_room(pod, pools, sizes, names, open_rooms, ladders, done)
            if room is None:
                continue
            open_rooms.append(room)
            done.new.append(room)
        room.take(pod)
        if room.new:
            grown.append((pod, next(pool for pool in pools if pool.name == room.pool)))
        else:
            done.expected.add(room.name)
    for pod, pool in grown:
        change = f"{pool.name} {counts.get(pool.name, 0)}->{sizes[pool.name]} (max: {pool.maximum})"
        done.grown.append((pod, f"pod triggered scale-up: [{{{change}}}]"))
    return done


def _new_room(
    pod: Object,
    pools: Sequence[Pool],
    sizes: Counter[str],
    names: set[str],
    rooms: Sequence[Room],
    ladders: Mapping[str, Sequence[str]],
    done: Plan,
) -> Room | None:
    """A node for the pod, counted in `sizes` and `names`; None, with the reason in `done`, when no pool may make one."""
    wanted = pod["spec"].get("nodeSelector", {}).get(COMPUTE_CLASS_LABEL)
    reasons: dict[str, list[str]] = {}
    if wanted is not None and wanted not in ladders:
        reasons[f"ComputeClass {wanted} does not exist"] = []
    for pool in _in_order(pools, ladders.get(wanted) if wanted is not None else None):
        if wanted is not None and pool.name not in ladders.get(wanted, ()):
            reasons.setdefault(OTHER_CLASS, []).append(pool.name)
            continue
        room, reason = _fresh(pod, pool, names, [one.zone for one in rooms if one.pool == pool.name])
        if reason is None and sizes[pool.name] >= pool.maximum:
            detail = f"pool {pool.name}: {sizes[pool.name]} of {pool.maximum} nodes"
            reasons.setdefault("max node group size reached", []).append(detail)
        elif reason is not None:
            reasons.setdefault(reason, []).append(pool.name)
        else:
            sizes[pool.name] += 1
            names.add(room.name)
            return room
    done.refused.append((pod, f"pod didn't trigger scale-up: {_told(reasons)}"))
    return None


def _fresh(pod: Mapping[str, Any], pool: Pool, names: set[str], used: Sequence[str]) -> tuple[Room, str | None]:
    """(the pool's next node, in a zone that the pod can go to; why the pod cannot go there)."""
    name = node_names(pool, names, 1)[0]
    allowed = [zone for zone in pool.zones if selects(pod["spec"], labels_of_node(pool, name, zone), name)]
    zone = next_zone(pool, used, allowed)
    free = amounts(pool.resources()[1])
    room = Room(name, labels_of_node(pool, name, zone), pool.taints, free, pool.name, zone, new=True)
    return room, room.refuses(pod)


def _in_order(pools: Sequence[Pool], ladder: Sequence[str] | None) -> list[Pool]:
    """The pools of a ComputeClass in its order, then the others; without one, by name."""
    rank = {name: number for number, name in enumerate(ladder or ())}
    return sorted(pools, key=lambda pool: (rank.get(pool.name, len(rank)), pool.name))


def _told(reasons: Mapping[str, Sequence[str]]) -> str:
    """The reasons as GKE words them; the pools at their maximum are named."""
    parts = []
    for reason in sorted(reasons, key=lambda one: (not one.startswith("max node"), one)):
        found = reasons[reason]
        named = f" ({', '.join(found)})" if reason.startswith("max node") else ""
        parts.append(f"{len(found)} {reason}{named}" if found else reason)
    return ", ".join(parts) or "there is no node pool"


def room_of(node: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> Room:
    """What is free on a node that stands, beside the pods that are on it."""
    labels = node["metadata"].get("labels", {})
    free = amounts(node.get("status", {}).get("allocatable", {}))
    lasting = [one for one in node["spec"].get("taints", []) if not one["key"].startswith(PASSING_TAINTS)]
    room = Room(node["metadata"]["name"], labels, lasting, free, labels.get(POOL_LABEL, ""), labels.get(ZONE_LABEL, ""))
    for pod in pods:
        room.take(pod)
    return room


def amounts(quantities: Mapping[str, str]) -> Resources:
    """Quantities as numbers."""
    return {resource: parse_quantity(text) for resource, text in quantities.items()}


def requests_of(spec: Mapping[str, Any]) -> Resources:
    """What a pod takes from its node: all containers together or, where that is more, the start of it; and its own place."""
    running: Resources = {}
    for container in spec["containers"]:
        running = _sum(running, _container_requests(container))
    beside: Resources = {}  # containers that start first and go on
    start: Resources = {}
    for container in spec.get("initContainers", []):
        wanted = _container_requests(container)
        if container.get("restartPolicy") == "Always":
            beside = _sum(beside, wanted)
            wanted = {}
        start = _larger(start, _sum(beside, wanted))
    whole = _larger(_sum(running, beside), start)
    return {**_sum(whole, amounts(spec.get("overhead", {}))), "pods": Decimal(1)}


def _container_requests(container: Mapping[str, Any]) -> Resources:
    return amounts(container.get("resources", {}).get("requests", {}))


def _sum(one: Resources, other: Resources) -> Resources:
    return {key: one.get(key, Decimal(0)) + other.get(key, Decimal(0)) for key in {*one, *other}}


def _larger(one: Resources, other: Resources) -> Resources:
    return {key: max(one.get(key, Decimal(0)), other.get(key, Decimal(0))) for key in {*one, *other}}


def tolerates(tolerations: Iterable[Mapping[str, Any]], taint: Mapping[str, str]) -> bool:
    """True when the taint keeps no pod with these tolerations away."""
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any(
        one.get("effect", taint["effect"]) in ("", taint["effect"])
        and one.get("key", "") in ("", taint["key"])
        and (one.get("operator") == "Exists" or one.get("value", "") == taint.get("value", ""))
        for one in tolerations
    )


def selects(spec: Mapping[str, Any], labels: Mapping[str, str], name: str) -> bool:
    """True when selector and required affinity of a pod let it onto a node with these labels."""
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    affinity = spec.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    fields = {"metadata.name": name}
    return any(
        all(_holds(one, labels) for one in term.get("matchExpressions", []))
        and all(_holds(one, fields) for one in term.get("matchFields", []))
        for term in required["nodeSelectorTerms"]
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values", [])
    found = labels.get(key)
    if operator == "In":
        return found in values
    if operator == "NotIn":
        return found not in values
    if operator in ("Exists", "DoesNotExist"):
        return (found is not None) == (operator == "Exists")
    if found is None or not found.isdecimal():
        return False
    return int(found) > int(values[0]) if operator == "Gt" else int(found) < int(values[0])
