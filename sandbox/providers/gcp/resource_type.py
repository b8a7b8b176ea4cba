"""What the stand-in knows of one resource type, and helpers to say it briefly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.cloud import Cloud

#: State of what was deleted and is still there for a while.
DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class World:
    """What resources of a type may look at: the other resources, and the provider's project and region."""

    cloud: Cloud
    project: str
    region: str

    def find(self, token: str, resource_id: str) -> dict[str, Any] | None:
        """The record of a resource; None also for one that was deleted and still holds its id."""
        record = self.cloud.get(token, resource_id)
        return None if record is None or record["outputs"].get("state") == DELETED else record

    def project_of(self, inputs: Properties) -> str:
        """The resource's own project, else the provider's."""
        return inputs.get("project") or self.project

    def region_of(self, inputs: Properties) -> str:
        """The resource's own region, else the provider's."""
        return inputs.get("region") or self.region

    def location_of(self, inputs: Properties) -> str:
        """The resource's own location, else the provider's region."""
        return inputs.get("location") or self.region


def _no_failures(world: World, inputs: Properties) -> list[Failure]:
    return []


def _nothing(world: World, inputs: Properties) -> Iterable[tuple[str, str]]:
    return ()


def _no_refusal(world: World, inputs: Properties) -> str | None:
    return None


def _no_change_failures(old: Properties, inputs: Properties) -> list[Failure]:
    return []


def _nothing_stays(inputs: Properties, outputs: Properties) -> Properties | None:
    return None


def _no_paths(old: Properties, inputs: Properties) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type.

    `identity` gives the id; it is asked only when all inputs are known. `computed` gives the outputs that the API adds, `replace`
    the paths of inputs that force a replacement, `replace_when` those that do so only for these old and new values. `limits` are
    checked at preview and update, with unknown values in place, and so is `changes`, which sees the old inputs too. `refuses` is
    asked only when something is created and `enforces` also at each update, because they look at what exists. `protected` says
    why something may not be deleted, `contents` gives (token, id) of what goes with it when it is. `stays` gives the outputs of
    what the cloud keeps after a delete; a state of DELETED in them means that nobody sees it any more but its id is taken.
    """

    token: str
    identity: Callable[[World, Properties], str]
    computed: Callable[[World, Properties], Properties] = lambda world, inputs: {}
    replace: Sequence[str] = ()
    replace_when: Callable[[Properties, Properties], Sequence[str]] = _no_paths
    changes: Callable[[Properties, Properties], list[Failure]] = _no_change_failures
    limits: Callable[[World, Properties], list[Failure]] = _no_failures
    refuses: Callable[[World, Properties], str | None] = _no_refusal
    enforces: Callable[[World, Properties], str | None] = _no_refusal
    protected: Callable[[World, Properties], str | None] = _no_refusal
    contents: Callable[[World, Properties], Iterable[tuple[str, str]]] = _nothing
    stays: Callable[[Properties, Properties], Properties | None] = _nothing_stays
    #: Outputs, by dotted path, that were handed out at the creation and are not made anew from the inputs.
    kept: Sequence[str] = ()
    #: True when creating what exists already takes it over, as switching on a service that is on.
    adopts: bool = False
    #: The argument that the real provider fills with `<resource name>-<7 characters>` when it is absent; None: it has none.
    auto_name: str | None = "name"
    labels: str | None = None


def digits(text: str, count: int) -> str:
    """Decimal digits made from a text: stands for numbers that Google hands out."""
    number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    return str(number)[:count]


def letters(text: str, count: int) -> str:
    """Lower-case letters and digits made from a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:count]


def handed_out(world: World, inputs: Properties, token: str) -> str:
    """What Google's numbers are made from: two resources with the same content are two, with two numbers."""
    return f"{sorted(inputs.items())}{sum(record['inputs'] == inputs for record in world.cloud.all(token))}"
