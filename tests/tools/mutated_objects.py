"""Objects made from others by one small change: what people mistype, leave out, or count otherwise. Always the same ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Object = dict[str, Any]
Path = tuple[str | int, ...]

#: With these changed an object is another object, or none.
IDENTITY: set[Path] = {
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("spec",),
}


def mutated(original: Object, random: Random) -> Object:
    """A copy with one change somewhere."""
    changed = copy.deepcopy(original)
    path = random.choice([path for path in places(changed) if path not in IDENTITY])
    holder: Any = changed
    for part in path[:-1]:
        holder = holder[part]
    _change(holder, path[-1], random)
    return changed


def places(content: Any, inside: Path = ()) -> Iterator[Path]:
    """Where something stands, holders included."""
    if isinstance(content, dict | list):
        for key, member in content.items() if isinstance(content, dict) else enumerate(content):
            yield (*inside, key)
            yield from places(member, (*inside, key))


def _change(holder: Any, key: Any, random: Random) -> None:
    value = holder[key]
    choice = random.random()
    if choice < 0.25:
        del holder[key]
    elif choice < 0.35 and isinstance(holder, dict):
        holder[random.choice([key.capitalize(), f"{key}s", key[:-1] or "x"])] = holder.pop(key)
    elif isinstance(value, list):
        value.append(copy.deepcopy(random.choice(value)) if value else "x")
    elif isinstance(value, dict):
        holder[key] = {}
    else:
        holder[key] = random.choice(_others(value))


def _others(value: Any) -> list[Any]:
    """Values that are near another."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(value - 1, 0), value * 10, 0]
    if not isinstance(value, str):
        return [None]
    near = [value.upper(), value.capitalize(), f"{value}x", f"x{value}", value[:-1], value.replace("-", "_"), ""]
    if value.isdecimal():
        near = [str(int(value) + 1), str(max(int(value) - 1, 0)), f"{value}0", "0", *near[:1]]
    return [one for one in near if one != value] or ["x"]
