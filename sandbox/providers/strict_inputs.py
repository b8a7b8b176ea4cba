"""Checks a resource's inputs against what the installed SDK's argument classes take, nested to the leaves.

The engine passes any key to a provider; the real ones refuse what their schema lacks, and so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.sdk_arguments import LIST, MAP, OBJECT, Arguments, Shape, arguments_at

Failure = tuple[str, str]


def failures(arguments: Arguments, inputs: Mapping[str, Any]) -> list[Failure]:
    """(path, reason) of every unknown name, missing argument and wrong type in `inputs` (camelCase names)."""
    return list(_object(arguments, inputs, ""))


def _object(arguments: Arguments, value: Mapping[str, Any], path: str) -> Iterator[Failure]:
    for key, member in value.items():
        if key.startswith("__"):
            continue  # Pulumi's own bookkeeping
        inner = f"{path}.{key}" if path else key
        if key not in arguments.fields:
            near = get_close_matches(key, arguments.fields, n=1)
            hint = f", did you mean '{near[0]}'?" if near else ""
            yield inner, f"unknown{hint} ({arguments.name} has {', '.join(sorted(arguments.fields))})"
        else:
            yield from _value(arguments.fields[key], member, inner)
    for key in sorted(arguments.required - value.keys()):
        yield (f"{path}.{key}" if path else key), f"is missing, {arguments.name} requires it"


def _value(expected: Shape, value: Any, path: str) -> Iterator[Failure]:
    if value is None or value == UNKNOWN:
        return
    if expected.kind == OBJECT:
        inner = arguments_at(expected.arguments)
        if isinstance(value, Mapping):
            yield from _object(inner, value, path)
        else:
            yield path, f"must be an object ({inner.name}), found {_word(value)}"
    elif expected.kind == LIST and expected.members is not None:
        if isinstance(value, list):
            for index, member in enumerate(value):
                yield from _value(expected.members, member, f"{path}[{index}]")
        else:
            yield path, f"must be a list, found {_word(value)}"
    elif expected.kind == MAP and expected.members is not None:
        if isinstance(value, Mapping):
            for key, member in value.items():
                yield from _value(expected.members, member, f"{path}.{key}")
        else:
            yield path, f"must be a map, found {_word(value)}"
    elif expected.kind in CHECKS:
        wanted, is_one = CHECKS[expected.kind]
        if not is_one(value):
            yield path, f"must be {wanted}, found {_word(value)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


#: In words, and the test, by the kinds of sdk_arguments.py.
CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "int": ("a whole number", lambda value: _is_number(value) and value == int(value)),
    "float": ("a number", _is_number),
    "str": ("text", lambda value: isinstance(value, str)),
}


def _word(value: Any) -> str:
    """What a value is; never the value itself, which may be a secret."""
    words = (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "text"),
        (list, "a list"),
        (Mapping, "an object"),
    )
    return next((word for kind, word in words if isinstance(value, kind)), type(value).__name__)
