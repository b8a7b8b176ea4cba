"""Looking into values that may be missing or not known yet."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.rpc import UNKNOWN


def at(value: Any, *path: str | int) -> Any:
    """The value at a path; None where there is nothing, UNKNOWN where something on the way is not known."""
    for part in path:
        if value == UNKNOWN:
            return UNKNOWN
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and len(value) > part else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def items(value: Any) -> list[Any]:
    """The members of a list; none where there is no list or it is not known."""
    return value if isinstance(value, list) else []


def entries(value: Any) -> dict[str, Any]:
    """The entries of a map; none where there is no map or it is not known."""
    return value if isinstance(value, dict) else {}


def known(value: Any) -> bool:
    """True for a value that is there and known."""
    return value is not None and value != UNKNOWN
