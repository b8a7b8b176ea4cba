"""One row of the table: a change of arguments, and what becomes of the component's resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A change, and what it does: resources by service and kind (`compute.Subnetwork`). What is not named stays as it is.

    `start` is what the component had before, beside the arguments that all its cases share; None takes an argument away.
    """

    change: Arguments
    replaced: Sequence[str] = ()
    updated: Sequence[str] = ()
    created: Sequence[str] = ()
    deleted: Sequence[str] = ()
    start: Arguments = field(default_factory=dict)

    @property
    def expected(self) -> dict[str, set[str]]:
        """The engine's words for what happens, by resource."""
        found: dict[str, set[str]] = {}
        kinds = {"replace": self.replaced, "update": self.updated, "create": self.created, "delete": self.deleted}
        for word, resources in kinds.items():
            for resource in resources:
                found.setdefault(resource, set()).add(word)
        return found


@dataclass(frozen=True)
class Subject:
    """A component, its arguments in the instance of a number, and its cases.

    Instances stand side by side in one project, so that names differ by the number.
    """

    component: type[pulumi.ComponentResource]
    arguments: Callable[[int], Arguments]
    cases: Sequence[Case]

    def instance(self, number: int) -> str:
        """Name of the instance that stands for a case; no name is the beginning of another one."""
        return f"{self.component.__name__}.{number:02}"

    def declared(self, number: int, changed: bool) -> dict[str, Any]:
        """Arguments of an instance, before or after its change."""
        case = self.cases[number]
        merged = {**self.arguments(number), **case.start, **(case.change if changed else {})}
        return {key: value for key, value in merged.items() if value is not None}
