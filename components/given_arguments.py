"""What of the arguments that a program gives does not agree with the package schema: the check before a component. Pure.

Programs in typed languages cannot give most of this; others can, and Pulumi's own host would drop an unknown name without a word.
All problems are found at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.argument_error import ArgumentProblem, Path
from components.sizing.errors import did_you_mean

_WORDS = {"string": "text", "boolean": "true or false", "integer": "a whole number", "number": "a number"}
_PLAIN = (str, bool, int, float, list, dict)


def problems_in(
    given: Mapping[str, Any], resource: Mapping[str, Any], types: Mapping[str, Any]
) -> list[ArgumentProblem]:
    """What is wrong with the arguments of a resource of the schema."""
    return list(_in_object(given, resource["inputProperties"], resource.get("requiredInputs", ()), types, ()))


def whole_numbers(given: Any) -> Any:
    """The same with whole numbers as such: between processes all numbers travel as floats."""
    if isinstance(given, dict):
        return {name: whole_numbers(value) for name, value in given.items()}
    if isinstance(given, list):
        return [whole_numbers(value) for value in given]
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _in_object(
    given: Mapping[str, Any], properties: Mapping[str, Any], required: Any, types: Mapping[str, Any], path: Path
) -> Iterator[ArgumentProblem]:
    for name in given:
        if name not in properties:
            yield ArgumentProblem((*path, name), f"unknown argument{did_you_mean(name, properties)}")
    for name, described in properties.items():
        value = given.get(name)
        if value is not None:
            yield from _in_value(value, described, types, (*path, name))
        elif name in required:
            yield ArgumentProblem((*path, name), "is missing")


def _in_value(
    value: Any, described: Mapping[str, Any], types: Mapping[str, Any], path: Path
) -> Iterator[ArgumentProblem]:
    if not isinstance(value, _PLAIN):
        if described.get("plain"):
            yield ArgumentProblem(
                path,
                "must be a plain value: what another resource gives is known too late, and a secret would be shown",
            )
        return
    reference = described.get("$ref", "")
    if reference.startswith("#/types/"):
        inner = types[reference.removeprefix("#/types/")]
        if not isinstance(value, dict):
            yield _other(value, "an object with " + ", ".join(inner["properties"]), path)
        else:
            yield from _in_object(value, inner["properties"], inner.get("required", ()), types, path)
    elif described.get("type") == "array":
        yield from _in_list(value, described["items"], types, path)
    elif described.get("type") == "object":
        yield from _in_map(value, described.get("additionalProperties", {}), types, path)
    elif (kind := described.get("type")) is not None and not _is(value, kind):
        yield _other(value, _WORDS[kind], path)


def _in_list(value: Any, items: Mapping[str, Any], types: Mapping[str, Any], path: Path) -> Iterator[ArgumentProblem]:
    if not isinstance(value, list):
        yield _other(value, "a list", path)
        return
    for index, item in enumerate(value):
        yield from _in_value(item, items, types, (*path, index))


def _in_map(value: Any, values: Mapping[str, Any], types: Mapping[str, Any], path: Path) -> Iterator[ArgumentProblem]:
    if not isinstance(value, dict):
        yield _other(value, "a map", path)
        return
    for name, item in value.items():
        yield from _in_value(item, values, types, (*path, name))


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or float(value).is_integer())
    return isinstance(value, {"string": str, "boolean": bool}[kind])


def _other(value: Any, wanted: str, path: Path) -> ArgumentProblem:
    return ArgumentProblem(path, f"found {value!r}; allowed: {wanted}")
