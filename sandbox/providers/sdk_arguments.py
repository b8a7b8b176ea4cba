"""What the installed SDK's argument classes take, as plain data: names, types, and which arguments have no default.

To import Google's classes takes longer than all else that a stand-in does in one run (2.5 of 4 seconds, 2026-11-26). So what they
say is kept in `.sandbox/arguments`, for each release of an SDK, and the classes are imported for what is not there yet.
"""

from __future__ import annotations

import collections.abc
import hashlib
import importlib
import inspect
import json
import threading
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pulumi import _types

from sandbox.engine_setup import write_whole
from sandbox.paths import Layout

#: Kinds of values: of objects and of what holds members, and of the others by their types.
OBJECT, LIST, MAP, ANYTHING = "object", "list", "map", "anything"
SCALARS = {bool: "bool", int: "int", float: "float", str: "str"}
#: A stand-in answers by many threads, and two that describe would write into one scratch file.
_DESCRIBING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Shape:
    """The type of a value. `members` is that of a list's or a map's; `arguments` is the path of an object's class."""

    kind: str
    members: Shape | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Arguments:
    """An argument class: the shapes of its arguments and those that must be there, by their Pulumi names (camelCase)."""

    name: str
    fields: Mapping[str, Shape]
    required: frozenset[str]


@cache
def arguments_of(token: str) -> Arguments | None:
    """The arguments of a resource token such as `gcp:container/nodePool:NodePool`; None when the SDK has no such class."""
    package, module, name = token.split(":")
    try:
        return arguments_at(f"pulumi_{package}.{module.partition('/')[0]}:{name}Args")
    except (ModuleNotFoundError, AttributeError):
        return None


@cache
def arguments_at(path: str) -> Arguments:
    """The arguments of a class by its path, `module:Class`. Raises ModuleNotFoundError and AttributeError."""
    sdk = path.partition(":")[0].partition(".")[0]
    kept = _kept(sdk)
    with _DESCRIBING:
        if path not in kept:
            kept |= _described(path)
            file = _file(sdk)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(kept))
    return _read(kept[path])


@cache
def _kept(sdk: str) -> dict[str, Any]:
    """What is in the file, by paths of classes; whoever describes another one adds it. Of two that write, one describes again."""
    file = _file(sdk)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _file(sdk: str) -> Path:
    """Another one for each release of the SDK and each change of this module."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return Layout().arguments / f"{sdk}-{version(sdk)}-{own}.json"


def _read(written: Mapping[str, Any]) -> Arguments:
    fields = {name: _shape(shape) for name, shape in written["fields"].items()}
    return Arguments(written["name"], fields, frozenset(written["required"]))


def _shape(written: list[Any]) -> Shape:
    kind, *rest = written
    if kind == OBJECT:
        return Shape(kind, arguments=rest[0])
    return Shape(kind, _shape(rest[0])) if rest else Shape(kind)


def _described(path: str) -> dict[str, Any]:
    """The class and all that its arguments lead to, by their paths, as JSON can hold them."""
    found: dict[str, Any] = {}
    open_paths = [path]
    while open_paths:
        path = open_paths.pop()
        if path not in found:
            module, _, name = path.partition(":")
            found[path] = _describe(getattr(importlib.import_module(module), name))
            open_paths += (inner for shape in found[path]["fields"].values() for inner in _objects(shape))
    return found


def _describe(arguments: type) -> dict[str, Any]:
    names = _types.input_type_py_to_pulumi_names(arguments)
    types = _types.input_type_types(arguments)
    hints = _hints(arguments)
    parameters = inspect.signature(arguments.__init__).parameters.values()
    required = {names[one.name] for one in parameters if one.default is inspect.Parameter.empty and one.name in names}
    fields = {pulumi: _written(types.get(pulumi) or hints.get(python)) for python, pulumi in names.items()}
    return {"name": arguments.__name__, "fields": fields, "required": sorted(required)}


def _hints(arguments: type) -> dict[str, Any]:
    """Types of the arguments as their properties declare them: the only place where some (lists, integers) stand."""
    hints = {}
    for name, value in inspect.getmembers(arguments, lambda member: isinstance(member, property)):
        if value.fget is not None:
            scope = vars(importlib.import_module(arguments.__module__))
            hints[name] = typing.get_type_hints(value.fget, scope).get("return")
    return hints


def _written(declared: Any) -> list[Any]:
    expected = _unwrap(declared)
    origin = typing.get_origin(expected)
    if inspect.isclass(expected) and _types.is_input_type(expected):
        return [OBJECT, f"{expected.__module__}:{expected.__name__}"]
    if origin in (list, collections.abc.Sequence):
        return [LIST, _written(typing.get_args(expected)[0])]
    if origin in (dict, collections.abc.Mapping):
        return [MAP, _written(typing.get_args(expected)[1])]
    return [SCALARS.get(expected, ANYTHING)]


def _objects(written: list[Any]) -> Iterator[str]:
    """Paths of the classes in a shape."""
    kind, *rest = written
    if kind == OBJECT:
        yield rest[0]
    elif rest:
        yield from _objects(rest[0])


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
