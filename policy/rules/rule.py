"""What a rule is, and the resource that it judges, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.sizing.catalogue import Catalogue, load_catalogue


class _Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "(not known before the update)"


#: Stands in properties for what is known only after the update. A rule says what it means; it is never silently accepted.
UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as Pulumi declares it: type token, name, and its inputs by the provider's own (camelCase) names."""

    type: str
    name: str
    properties: Mapping[str, Any]

    def at(self, *path: str | int) -> Any:
        """The value at `path`; None where there is nothing, UNKNOWN where it or something above it is not known."""
        value: Any = self.properties
        for part in path:
            if value is UNKNOWN:
                return UNKNOWN
            if isinstance(part, int):
                value = value[part] if isinstance(value, list) and len(value) > part else None
            else:
                value = value.get(part) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True, slots=True)
class Context:
    """What an environment allows."""

    allow_tight: bool = False
    #: Deployments (`<team>/<name>`) that may run although a fact about their memory is missing.
    allow_unknown: frozenset[str] = frozenset()
    #: The shipped one, with the organisation's own rows where the environment names a file of them.
    catalogue: Catalogue = field(default_factory=load_catalogue)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` returns one message for each violation; an empty list means that the resource complies."""

    id: str
    title: str
    why: str
    severity: str
    check: Callable[[Resource, Context], list[str]]
