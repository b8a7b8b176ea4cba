"""What differs between two versions of the package schema, and which of it breaks callers. Pure.

Breaks: a component, argument, output or type that is gone, an argument that is newly needed, and a changed type, also one between
plain and not, since the generated SDKs of typed languages differ in it. What was announced as deprecated may go by a minor step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]


class Effect(StrEnum):
    """What a change does to callers."""

    BREAKS = "breaks callers"
    ANNOUNCED = "was announced"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, at a component, a type, or a field of one."""

    where: str
    what: str
    effect: Effect


def changes(old: Schema, new: Schema) -> list[Change]:
    """Every difference, those that break callers first."""
    found = [*_entries(old, new, "resources", "component"), *_entries(old, new, "types", "type")]
    order = list(Effect)
    return sorted(found, key=lambda change: (order.index(change.effect), change.where, change.what))


def _entries(old: Schema, new: Schema, kind: str, word: str) -> Iterator[Change]:
    before, after = old.get(kind, {}), new.get(kind, {})
    for token in {**before, **after}:
        name = token.rpartition(":")[2]
        if token not in after:
            yield Change(name, f"{word} removed", Effect.BREAKS)
        elif token not in before:
            yield Change(name, f"{word} added", Effect.FINE)
        elif kind == "resources":
            yield from _described(name, before[token], after[token])
            yield from _inputs(
                name, *(_fields(one, "inputProperties", "requiredInputs") for one in (before[token], after[token]))
            )
            yield from _outputs(
                f"{name} output", *(_fields(one, "properties", "required") for one in (before[token], after[token]))
            )
        else:
            yield from _described(name, before[token], after[token])
            fields = [_fields(one, "properties", "required") for one in (before[token], after[token])]
            # whoever reads a type and whoever writes it must both be left in peace
            yield from _inputs(name, *fields) if token in _written(old) else _outputs(name, *fields)


Fields = tuple[Mapping[str, Any], frozenset[str]]


def _fields(entry: Schema, properties: str, required: str) -> Fields:
    return entry.get(properties, {}), frozenset(entry.get(required, ()))


def _inputs(owner: str, old: Fields, new: Fields) -> Iterator[Change]:
    (before, needed_before), (after, needed_after) = old, new
    for name in {**before, **after}:
        where = f"{owner}.{name}"
        if name not in after:
            announced = "deprecationMessage" in before[name]
            yield Change(where, "argument removed", Effect.ANNOUNCED if announced else Effect.BREAKS)
        elif name not in before:
            needed = name in needed_after
            yield Change(
                where, f"{'needed' if needed else 'optional'} argument added", Effect.BREAKS if needed else Effect.FINE
            )
        else:
            yield from _one(where, before[name], after[name])
            if (name in needed_before) != (name in needed_after):
                needed = name in needed_after
                yield Change(
                    where,
                    "argument is needed now" if needed else "argument is optional now",
                    Effect.BREAKS if needed else Effect.FINE,
                )


def _outputs(owner: str, old: Fields, new: Fields) -> Iterator[Change]:
    (before, always_before), (after, always_after) = old, new
    for name in {**before, **after}:
        where = f"{owner}.{name}"
        if name not in after:
            yield Change(where, "removed", Effect.BREAKS)
        elif name not in before:
            yield Change(where, "added", Effect.FINE)
        else:
            yield from _one(where, before[name], after[name])
            if (name in always_before) != (name in always_after):
                always = name in always_after
                yield Change(
                    where,
                    "always there now" if always else "may be absent now",
                    Effect.FINE if always else Effect.BREAKS,
                )


def _one(where: str, old: Schema, new: Schema) -> Iterator[Change]:
    """What differs between two versions of one field, but for whether it is needed."""
    before, after = type_of(old), type_of(new)
    if before != after:
        yield Change(where, f"type changed from {before} to {after}", Effect.BREAKS)
    yield from _described(where, old, new)
    if old.get("deprecationMessage") != new.get("deprecationMessage"):
        yield Change(where, "deprecated" if "deprecationMessage" in new else "no longer deprecated", Effect.FINE)


def _described(where: str, old: Schema, new: Schema) -> Iterator[Change]:
    if old.get("description") != new.get("description"):
        yield Change(where, "description changed", Effect.FINE)


def type_of(field: Schema) -> str:
    """The type of a field in words, as `list of plain string`."""
    plain = "plain " if field.get("plain") else ""
    if "$ref" in field:
        return plain + field["$ref"].rpartition(":")[2].rpartition("/")[2]
    if field.get("type") == "array":
        return f"{plain}list of {type_of(field['items'])}"
    if field.get("type") == "object":
        return f"{plain}map of {type_of(field.get('additionalProperties', {}))}"
    return plain + str(field.get("type", "anything"))


def _written(schema: Schema) -> frozenset[str]:
    """Tokens of the types that callers write: those in arguments, and in such types."""
    found: set[str] = set()
    open_ = [field for entry in schema["resources"].values() for field in entry.get("inputProperties", {}).values()]
    while open_:
        field = open_.pop()
        token = field.get("$ref", "").removeprefix("#/types/")
        if token in schema.get("types", {}) and token not in found:
            found.add(token)
            open_ += schema["types"][token].get("properties", {}).values()
        open_ += [field[part] for part in ("items", "additionalProperties") if part in field]
    return frozenset(found)
