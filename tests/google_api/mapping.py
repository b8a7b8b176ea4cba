"""How a property of a Pulumi resource becomes a part of a REST request. The tables in `tables/` are written with these rules.

A rule says which request fields it fills (`targets`, for the check of the tables) and what it makes of a value (`leaves`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.google_api.discovery import Hidden, Place, word

#: Stands in the places of `targets` for any position in a list and any key of a map.
ANY = "*"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the request and the property that it comes from. `parameter`: it stands in the URL, not in the body."""

    place: Place
    origin: str
    value: Any
    parameter: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A property of which no request can be made."""

    origin: str
    reason: str


class Rule(Protocol):
    """What becomes of one property."""

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]: ...

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]: ...


Fields = Mapping[str, Rule]


def _identity(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class To:
    """The value goes to `path`. `listed`: what is allowed stands only in the words of Google's description."""

    path: str
    convert: Callable[[Any], Any] = _identity
    listed: bool = False

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        try:
            sent = self.convert(value)
        except ValueError as error:
            yield Problem(origin, f"{'.'.join(map(str, (*base, self.path)))}: {error}")
        else:
            yield Leaf((*base, *self.path.split(".")), origin, sent, listed=self.listed)

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]:
        yield Leaf((*base, *self.path.split(".")), origin, None)


@dataclass(frozen=True, slots=True)
class Block:
    """An object becomes the object at `path`; an empty path means that its fields lie in the object around it.

    `only`: Pulumi has a list where the API has one object; `listed`: the other way round. `always`: what the provider sends as
    well.
    """

    path: str
    fields: Fields
    always: Mapping[str, Any] = field(default_factory=dict)
    only: bool = False
    listed: bool = False

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        if self.only:
            if not isinstance(value, list) or len(value) != 1:
                yield Problem(origin, "the API takes one object: it must be a list of exactly one")
                return
            value, origin = value[0], f"{origin}[0]"
        yield from object_leaves(self.fields, self.always, value, self._place(base), origin)

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]:
        yield from object_targets(self.fields, self.always, self._place(base), origin)

    def _place(self, base: Place) -> Place:
        place = (*base, *self.path.split(".")) if self.path else base
        return (*place, 0) if self.listed else place


@dataclass(frozen=True, slots=True)
class Blocks:
    """A list of objects becomes the list of objects at `path`, or, with `key`, a map whose keys that property gives."""

    path: str
    fields: Fields
    key: str | None = None

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        if not isinstance(value, list):
            yield Problem(origin, f"must be a list, found {word(value)}")
            return
        place = (*base, *self.path.split("."))
        if not value:
            yield Leaf(place, origin, {} if self.key else [])
        for index, member in enumerate(value):
            here = f"{origin}[{index}]"
            inner = member.get(self.key, index) if self.key and isinstance(member, Mapping) else index
            yield from object_leaves(self.fields, {}, member, (*place, inner), here)

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]:
        place: Place = (*base, *self.path.split("."))
        yield Leaf(place, origin, {} if self.key else [])
        yield from object_targets(self.fields, {}, (*place, ANY), f"{origin}[{ANY}]")


@dataclass(frozen=True, slots=True)
class Url:
    """The value is the parameter `name` of the URL; with `part`, a part of it such as the project or the location."""

    name: str
    part: bool = False

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        if not self.part:
            yield Leaf((self.name,), origin, value, parameter=True)

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]:
        yield Leaf((self.name,), origin, None, parameter=True)


@dataclass(frozen=True, slots=True)
class Drop:
    """The value is not sent with this request; `reason` says why."""

    reason: str

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        return iter(())

    def targets(self, base: Place, origin: str) -> Iterator[Leaf]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Table:
    """How one type of resource becomes the request that creates it.

    `method` is `<document>:<path of the method>`; places of `fields` and `always` begin at `inside` in the body.
    """

    method: str
    fields: Fields
    inside: Place = ()
    always: Mapping[str, Any] = field(default_factory=dict)


def object_leaves(
    fields: Fields, always: Mapping[str, Any], value: Any, base: Place, origin: str
) -> Iterator[Leaf | Problem]:
    """What becomes of an object's properties."""
    if not isinstance(value, Mapping):
        yield Problem(origin, f"must be an object, found {word(value)}")
        return
    yield Leaf(base, origin, {})
    for path, constant in always.items():
        yield Leaf((*base, *path.split(".")), origin, constant)
    for name, member in value.items():
        if name.startswith("__"):
            continue  # Pulumi's own bookkeeping
        here = f"{origin}.{name}" if origin else name
        if name in fields:
            yield from fields[name].leaves(member, base, here)
        else:
            yield Problem(here, "has no mapping to the REST API: add it to the table in tests/google_api/tables")


def object_targets(fields: Fields, always: Mapping[str, Any], base: Place, origin: str) -> Iterator[Leaf]:
    """Every place that rules can fill."""
    for path in always:
        yield Leaf((*base, *path.split(".")), origin, None)
    for name, rule in fields.items():
        yield from rule.targets(base, f"{origin}.{name}" if origin else name)


def as_list(value: Any) -> list[Any]:
    return [value]


def same(*names: str) -> dict[str, Rule]:
    """Properties that the API calls alike, in the same place."""
    return {name: To(name) for name in names}


def int64(path: str) -> To:
    """A whole number, which JSON writes as text where the API has 64 bits."""

    def convert(value: Any) -> Any:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return str(int(value)) if whole else value

    return To(path, convert)


def choice(path: str, values: Mapping[Any, Any]) -> To:
    """Each value stands for another one in the API."""

    def convert(value: Any) -> Any:
        if isinstance(value, Hidden):
            return value
        if not isinstance(value, str | int) or value not in values:
            raise ValueError(f"'{value}' is not allowed. Allowed: {', '.join(map(str, values))}")
        return values[value]

    return To(path, convert)


def listed(path: str) -> To:
    """A text without an enum whose allowed values Google's description lists in words."""
    return To(path, listed=True)
