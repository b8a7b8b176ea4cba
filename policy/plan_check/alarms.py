"""The replacement alarm: a plan that replaces or deletes what holds models, weights or keys needs somebody who agrees. Pure.

A policy cannot raise it: it sees what a resource will be, neither what it was nor what happens to it. `protect` and Google's own
deletion protection stand behind it, where the environment's `deletion_protection` asks for them.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.plan_step import CLEANS_UP, DELETE, REPLACES, UNKNOWN, Step

#: What is watched, by type token: what it is called, and what is lost with it.
WATCHED: Mapping[str, tuple[str, str]] = {
    "gcp:container/cluster:Cluster": ("cluster", "everything that runs in it stops, and starts anew from nothing"),
    "gcp:container/nodePool:NodePool": (
        "node pool",
        "what runs on its nodes stops, and starts again only where machines can still be had",
    ),
    "gcp:storage/bucket:Bucket": ("bucket", "all that it holds is deleted, and has to be loaded anew"),
    "gcp:secretmanager/secret:Secret": ("secret", "all its versions are destroyed, and nobody can bring them back"),
    "gcp:secretmanager/regionalSecret:RegionalSecret": (
        "secret",
        "all its versions are destroyed, and nobody can bring them back",
    ),
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One resource that a change may replace or delete until the end of a day in UTC."""

    #: Its name as a preview shows it, or `<type>::<name>`.
    resource: str
    reason: str
    expires: datetime.date

    def holds_on(self, today: datetime.date) -> bool:
        """True until the end of its last day."""
        return today <= self.expires


@dataclass(frozen=True, slots=True)
class Alarm:
    """One watched resource that a plan replaces or deletes."""

    urn: str
    name: str
    #: Name by which it is acknowledged.
    resource: str
    #: What it is called, what would happen to it and because of what, and what is lost with it.
    kind: str
    happens: str
    cause: str
    loss: str
    acknowledged: Acknowledgement | None
    #: The last day of an acknowledgement that holds no more.
    lapsed: datetime.date | None

    @property
    def why(self) -> str:
        """Because of what, what is lost, and that somebody had agreed until a day, where somebody had."""
        ended = f" Its acknowledgement ended on {self.lapsed}." if self.lapsed else ""
        return f"{self.cause}: {self.loss}.{ended}"

    @property
    def message(self) -> str:
        """All of it in a sentence."""
        return f"{self.kind} '{self.name}' would be {self.happens}, because {self.why}"


def alarms(steps: Sequence[Step], acknowledgements: Iterable[Acknowledgement], today: datetime.date) -> list[Alarm]:
    """What a plan replaces or deletes of what is watched, in the order of the plan."""
    written = list(acknowledgements)
    lost: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.type in WATCHED and (step.op == DELETE or step.op in REPLACES):
            lost[step.urn].append(step)
    names = [parts[0].name for parts in lost.values()]
    return [_alarm(parts, names.count(parts[0].name) > 1, written, today) for parts in lost.values()]


def without_effect(
    found: Sequence[Alarm], acknowledgements: Iterable[Acknowledgement], today: datetime.date
) -> list[str]:
    """What is told of acknowledgements that nothing in the plan needs: they would let a later accident pass."""
    used = [alarm.acknowledged for alarm in found]
    return [
        f"'{one.resource}' {'' if one.holds_on(today) else f'ended on {one.expires} and '}has no effect on this plan; remove it "
        "once the change is done"
        for one in acknowledgements
        if one not in used
    ]


def _alarm(parts: Sequence[Step], ambiguous: bool, written: Sequence[Acknowledgement], today: datetime.date) -> Alarm:
    step = next((part for part in parts if part.reasons), parts[0])
    full = f"{step.type}::{step.name}"
    resource = full if ambiguous else step.name
    own = [one for one in written if one.resource in {resource, full}]
    holding = next((one for one in own if one.holds_on(today)), None)
    kind, loss = WATCHED[step.type]
    happens = "deleted" if all(part.op == DELETE for part in parts) else "replaced"
    lapsed = max(one.expires for one in own) if holding is None and own else None
    return Alarm(step.urn, step.name, resource, kind, happens, _cause(parts, step), loss, holding, lapsed)


def _cause(parts: Sequence[Step], step: Step) -> str:
    ops = {part.op for part in parts}
    if ops == {DELETE}:
        return "nothing declares it any more"
    if ops == {CLEANS_UP}:
        return "an update that broke off has replaced it already"
    if not step.reasons:
        return "what it belongs to is replaced"
    return " and ".join(f"{name} changes{_values(step, name)}" for name in step.reasons)


def _values(step: Step, name: str) -> str:
    """From what to what, where both can be shown. The same text twice is a secret, or the name of what is replaced itself."""
    old, new = _at(step.old, name), _at(step.new, name)
    shown = isinstance(old, str | int) and isinstance(new, str | int) and new not in (old, UNKNOWN)
    return f" from {old} to {new}" if shown else ""


def _at(inputs: Mapping[str, Any], path: str) -> Any:
    value: Any = inputs
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
