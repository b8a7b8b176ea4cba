"""Checks a resource's inputs against the installed SDK's own argument classes, nested to the leaves.

The engine passes any key to a provider; the real ones refuse what their schema lacks, and so does this. The SDK's classes carry
that schema: names, types, and which arguments have no default.
"""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from pulumi import _types
from pulumi.runtime.rpc import UNKNOWN

Failure = tuple[str, str]


@cache
def arguments_class(token: str) -> type | None:
    """The SDK's argument class of a resource token such as `gcp:container/nodePool:NodePool`; None when there is none."""
    package, module, name = token.split(":")
    try:
        return getattr(importlib.import_module(f"pulumi_{package}.{module.partition('/')[0]}"), f"{name}Args", None)
    except ModuleNotFoundError:
        return None


def failures(arguments: type, inputs: Mapping[str, Any]) -> list[Failure]:
    """(path, reason) of every unknown name, missing argument and wrong type in `inputs` (camelCase names)."""
    return list(_object(arguments, inputs, ""))


def names(arguments: type) -> frozenset[str]:
    """The Pulumi names of a class's arguments."""
    return frozenset(_fields(arguments)[0])


@cache
def _fields(arguments: type) -> tuple[dict[str, Any], frozenset[str]]:
    """(type of each argument, names of the required ones), by their Pulumi names."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    types = _types.input_type_types(arguments)
    hints = _hints(arguments)
    parameters = inspect.signature(arguments.__init__).parameters.values()
    required = {names[p.name] for p in parameters if p.default is inspect.Parameter.empty and p.name in names}
    return {pulumi: types.get(pulumi) or hints.get(python) for python, pulumi in names.items()}, frozenset(required)


def _hints(arguments: type) -> dict[str, Any]:
    """Types of the arguments as their properties declare them: the only place where some (lists, integers) stand."""
    hints = {}
    for name, value in inspect.getmembers(arguments, lambda member: isinstance(member, property)):
        if value.fget is not None:
            scope = vars(importlib.import_module(arguments.__module__))
            hints[name] = typing.get_type_hints(value.fget, scope).get("return")
    return hints


def _object(arguments: type, value: Mapping[str, Any], path: str) -> Iterator[Failure]:
    fields, required = _fields(arguments)
    for key, member in value.items():
        if key.startswith("__"):
            continue  # Pulumi's own bookkeeping
        inner = f"{path}.{key}" if path else key
        if key not in fields:
            near = get_close_matches(key, fields, n=1)
            hint = f", did you mean '{near[0]}'?" if near else ""
            yield inner, f"unknown{hint} ({arguments.__name__} has {', '.join(sorted(fields))})"
        else:
            yield from _value(fields[key], member, inner)
    for key in sorted(required - value.keys()):
        yield (f"{path}.{key}" if path else key), f"is missing, {arguments.__name__} requires it"


def _value(declared: Any, value: Any, path: str) -> Iterator[Failure]:
    if value is None or value == UNKNOWN:
        return
    expected = _unwrap(declared)
    origin = typing.get_origin(expected)
    if inspect.isclass(expected) and _types.is_input_type(expected):
        if isinstance(value, Mapping):
            yield from _object(expected, value, path)
        else:
            yield path, f"must be an object ({expected.__name__}), found {_word(value)}"
    elif origin in (list, collections.abc.Sequence):
        if isinstance(value, list):
            for index, member in enumerate(value):
                yield from _value(typing.get_args(expected)[0], member, f"{path}[{index}]")
        else:
            yield path, f"must be a list, found {_word(value)}"
    elif origin in (dict, collections.abc.Mapping):
        if isinstance(value, Mapping):
            for key, member in value.items():
                yield from _value(typing.get_args(expected)[1], member, f"{path}.{key}")
        else:
            yield path, f"must be a map, found {_word(value)}"
    elif (reason := _wrong_scalar(expected, value)) is not None:
        yield path, reason


def _wrong_scalar(expected: Any, value: Any) -> str | None:
    if expected is bool and not isinstance(value, bool):
        return f"must be true or false, found {_word(value)}"
    if expected is int and (isinstance(value, bool) or not isinstance(value, int | float) or value != int(value)):
        return f"must be a whole number, found {_word(value)}"
    if expected is float and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"must be a number, found {_word(value)}"
    if expected is str and not isinstance(value, str):
        return f"must be text, found {_word(value)}"
    return None


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


def _unwrap(declared: Any) -> Any:
    """The type inside Optional and Input: of a union the first member that is neither None, awaitable nor output."""
    while typing.get_origin(declared) is typing.Union or type(declared).__name__ == "UnionType":
        members = [m for m in typing.get_args(declared) if m is not type(None)]
        plain = [m for m in members if "Awaitable" not in str(m) and "Output" not in str(m)]
        # beside its class an object may be given as a TypedDict; the class carries the schema
        declared = next(
            (m for m in plain if inspect.isclass(m) and _types.is_input_type(m)), plain[0] if plain else Any
        )
    return declared
