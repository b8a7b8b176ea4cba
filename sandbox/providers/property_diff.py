"""What changed between two sets of inputs: the path of each changed leaf and how it changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

How = Literal["add", "update", "delete"]


Change = tuple[str, How, Any, Any]


def changed_paths(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """(path, how, before, after) of every difference, down to the leaves; list elements are compared by position."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = property_key(path, key)
            if key not in new:
                yield inner, "delete", old[key], None
            elif key not in old:
                yield inner, "add", None, new[key]
            else:
                yield from changed_paths(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            inner = f"{path}[{index}]"
            if index >= len(new):
                yield inner, "delete", old[index], None
            elif index >= len(old):
                yield inner, "add", None, new[index]
            else:
                yield from changed_paths(old[index], new[index], inner)
    elif old != new:
        yield path, "update", old, new


def property_key(path: str, key: str) -> str:
    """A key in Pulumi's property-path syntax: plain words after a dot, anything else quoted in brackets."""
    if re.fullmatch(r"[A-Za-z_$][\w$-]*", key):
        return f"{path}.{key}" if path else key
    quoted = key.replace('"', '\\"')
    return f'{path}["{quoted}"]'


def covered_by(path: str, roots: Sequence[str]) -> bool:
    """True when `path` is one of `roots` or lies inside one. A `[*]` in a root stands for any index."""
    return any(re.match(rf"{_pattern(root)}($|[.\[])", path) for root in roots)


def touches(path: str, values: Sequence[Any], roots: Sequence[str]) -> bool:
    """True when the change at `path` changes something of `roots`: it lies in one, or what comes or goes there holds one.

    `values` are those before and after; an object that comes or goes whole has only one path in the diff.
    """
    inside = (leaf for value in values for leaf in leaf_paths(value, path))
    return covered_by(path, roots) or any(covered_by(leaf, roots) for leaf in inside)


def leaf_paths(value: Any, path: str) -> Iterator[str]:
    """The paths of everything inside a value, with the value's own path first."""
    yield path
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from leaf_paths(member, property_key(path, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaf_paths(member, f"{path}[{index}]")


def carried_over(outputs: Any, old_inputs: Any, inputs: Any) -> Any:
    """Outputs as they will be after an update: the new inputs, and what the API had added beside the old ones."""
    if not (isinstance(outputs, Mapping) and isinstance(inputs, Mapping)):
        return inputs
    before = old_inputs if isinstance(old_inputs, Mapping) else {}
    added = {key: value for key, value in outputs.items() if key not in inputs and key not in before}
    return added | {key: carried_over(outputs.get(key), before.get(key), value) for key, value in inputs.items()}


def _pattern(root: str) -> str:
    return re.escape(root).replace(r"\[\*\]", r"\[\d+\]")
