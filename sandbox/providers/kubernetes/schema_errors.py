"""Turns what a JSON-schema validator says into (path of the field, reason), in words and without the values themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure
from sandbox.providers.property_diff import property_key

WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def schema_failures(validator: Draft202012Validator, value: Any, prefix: str = "") -> Iterator[Failure]:
    """Everything in `value` that the schema refuses, each at its own path below `prefix`; unknown values pass."""
    for error in validator.iter_errors(value):
        if error.instance != UNKNOWN:
            yield from _explained(error, _path(error, prefix))


def word(value: Any) -> str:
    """What a value is; never the value itself, which may be a secret."""
    if isinstance(value, bool):
        return WORDS["boolean"]
    kinds = ((Mapping, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number"))
    return next((WORDS[name] for kind, name in kinds if isinstance(value, kind)), "nothing")


def _explained(error: ValidationError, path: str) -> Iterator[Failure]:
    """The failures that one error stands for."""
    rule, schema = error.validator, error.schema
    limit: Any = error.validator_value
    if rule == "additionalProperties" and limit is False:
        yield from _unknown_fields(error, path)
    elif rule == "required":
        # jsonschema reports each missing name by itself
        missing = error.message.split("'")[1]
        yield property_key(path, missing), "is missing, the API requires it"
    elif rule == "type":
        yield path, f"must be {_types(schema)}, found {word(error.instance)}"
    elif rule == "enum":
        yield path, f"must be one of {', '.join(str(value) for value in limit)}"
    elif rule in ("oneOf", "anyOf") and error.context:
        yield from _nearest(error, path)
    elif rule in ("pattern", "format"):
        yield path, f"does not match {limit}"
    elif rule in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
        yield path, f"breaks the limit {rule} {limit}"
    else:
        yield path, f"breaks the schema's rule {rule}"


def _unknown_fields(error: ValidationError, path: str) -> Iterator[Failure]:
    fields = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    instance: Any = error.instance
    for name in sorted(set(instance) - set(fields)):
        near = get_close_matches(name, fields, n=1)
        hint = f", did you mean '{near[0]}'?" if near else ""
        yield property_key(path, name), f"field not declared in schema{hint}"


def _nearest(error: ValidationError, path: str) -> Iterator[Failure]:
    """When a value meets none of several alternatives: what is wrong with the one that it meets furthest.

    If all of them already refuse its type, the types that would do.
    """
    inner = list(error.context or ())
    own = [one for one in inner if one.validator == "type" and not one.relative_path]
    if len(own) == len(inner):
        yield (
            path,
            f"must be {' or '.join(dict.fromkeys(_types(one.schema) for one in own))}, found {word(error.instance)}",
        )
        return
    best = max((one for one in inner if one not in own), key=lambda one: len(one.relative_path))
    if best.instance != UNKNOWN:
        tail = _path(best, "", relative=True)
        yield from _explained(best, f"{path}.{tail}" if path and tail and not tail.startswith("[") else path + tail)


def _types(schema: Any) -> str:
    names = schema.get("type", ()) if isinstance(schema, Mapping) else ()
    names = [names] if isinstance(names, str) else names
    return " or ".join(WORDS[name] for name in names if name != "null")


def _path(error: ValidationError, prefix: str, relative: bool = False) -> str:
    text = prefix
    for part in error.relative_path if relative else error.absolute_path:
        text = f"{text}[{part}]" if isinstance(part, int) else property_key(text, str(part))
    return text
