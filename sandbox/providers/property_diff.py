"""What changed between two sets of inputs: the path of each changed leaf and how it changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

How = Literal["add", "update", "delete"]


def changed_paths(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, How]]:
    """(path, how) of every difference, down to the leaves; list elements are compared by position."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            inner = _key(path, key)
            if key not in new:
                yield inner, "delete"
            elif key not in old:
                yield inner, "add"
            else:
                yield from changed_paths(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            inner = f"{path}[{index}]"
            if index >= len(new):
                yield inner, "delete"
            elif index >= len(old):
                yield inner, "add"
            else:
                yield from changed_paths(old[index], new[index], inner)
    elif old != new:
        yield path, "update"


def _key(path: str, key: str) -> str:
    """A key in Pulumi's property-path syntax: plain words after a dot, anything else quoted in brackets."""
    if re.fullmatch(r"[A-Za-z_$][\w$-]*", key):
        return f"{path}.{key}" if path else key
    quoted = key.replace('"', '\\"')
    return f'{path}["{quoted}"]'


def covered_by(path: str, roots: Sequence[str]) -> bool:
    """True when `path` is one of `roots` or lies inside one. A `[*]` in a root stands for any index."""
    for root in roots:
        pattern = re.escape(root).replace(r"\[\*\]", r"\[\d+\]")
        if re.match(rf"{pattern}($|[.\[])", path):
            return True
    return False
