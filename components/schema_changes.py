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
            yield from _compared(name, before[token], after[token], _INPUTS, _GIVEN)
            yield from _compared(f"{name} output", before[token], after[token], _PROPERTIES, _GOTTEN)
        else:
            yield from _described(name, before[token], after[token])
            # whoever reads a type and whoever writes it must both be left in peace
            words = _GIVEN if token in _written(old) else _GOTTEN
            yield from _compared(name, before[token], after[token], _PROPERTIES, words)


#: Where an entry of a schema has its fields, and the names of those that are required.
_INPUTS, _PROPERTIES = ("inputProperties", "requiredInputs"), ("properties", "required")
Verdict = tuple[str, Effect]


@dataclass(frozen=True, slots=True)
class _Words:
    """What a difference of one side is called, and what it does: of what callers give, or of what they get.

    `required` and `optional` are of a field that is new, `required_now` and `optional_now` of one that was the other before.
    """

    removed: Verdict
    removed_as_announced: Verdict
    required: Verdict
    optional: Verdict
    required_now: Verdict
    optional_now: Verdict


_GIVEN = _Words(
    removed=("argument removed", Effect.BREAKS),
    removed_as_announced=("argument removed", Effect.ANNOUNCED),
    required=("needed argument added", Effect.BREAKS),
    optional=("optional argument added", Effect.FINE),
    required_now=("argument is needed now", Effect.BREAKS),
    optional_now=("argument is optional now", Effect.FINE),
)
_GOTTEN = _Words(
    removed=("removed", Effect.BREAKS),
    removed_as_announced=("removed", Effect.BREAKS),
    required=("added", Effect.FINE),
    optional=("added", Effect.FINE),
    required_now=("always there now", Effect.FINE),
    optional_now=("may be absent now", Effect.BREAKS),
)


def _compared(owner: str, old: Schema, new: Schema, place: tuple[str, str], words: _Words) -> Iterator[Change]:
    fields, required_fields = place
    before, after = old.get(fields, {}), new.get(fields, {})
    required_before, required_after = old.get(required_fields, ()), new.get(required_fields, ())
    for name in {**before, **after}:
        where, required = f"{owner}.{name}", name in required_after
        if name not in after:
            announced = "deprecationMessage" in before[name]
            yield Change(where, *(words.removed_as_announced if announced else words.removed))
        elif name not in before:
            yield Change(where, *(words.required if required else words.optional))
        else:
            yield from _one(where, before[name], after[name])
            if (name in required_before) != required:
                yield Change(where, *(words.required_now if required else words.optional_now))


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
