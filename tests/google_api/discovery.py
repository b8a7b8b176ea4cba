"""Google's description of its REST APIs, as the wheel of google-api-python-client brings it, and the check of a value against it.

The wheel is installed without its dependencies (requirements-nodeps.txt) and never imported: its documents are read as files.
Format of the documents: developers.google.com/discovery/v1/reference/apis and .../type-format (2026).
"""

from __future__ import annotations

import base64
import datetime
import importlib.util
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]
#: Names and, in lists, positions, from the body down to a value.
Place = tuple[str | int, ...]
Failure = tuple[Place, str]


class Hidden:
    """Stands for a value that a preview does not show: known only after creation, or a secret."""


HIDDEN = Hidden()


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an API: its id, its parameters in the URL, and the schema of its body."""

    id: str
    parameters: Mapping[str, Schema]
    request: Schema
    document: Document


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The description of one version of one API."""

    name: str
    content: Mapping[str, Any]

    def method(self, path: str) -> Method:
        """The method of a path such as `projects.locations.clusters.create`. Raises KeyError naming it when there is none."""
        *folders, last = path.split(".")
        place: Mapping[str, Any] = self.content
        try:
            for folder in folders:
                place = place["resources"][folder]
            found = place["methods"][last]
        except KeyError:
            raise KeyError(f"{self.name} has no method {path}") from None
        return Method(found["id"], found.get("parameters", {}), found["request"], self)

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself, where `schema` only refers to one."""
        return self.content["schemas"][schema["$ref"]] if "$ref" in schema else schema


def folder() -> Path:
    """Where the documents lie. Raises FileNotFoundError saying what to do when the wheel is not installed."""
    spec = importlib.util.find_spec("googleapiclient")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("google-api-python-client is not installed: run `make setup` (requirements-nodeps.txt)")
    return Path(spec.submodule_search_locations[0]) / "discovery_cache" / "documents"


@cache
def load(name: str) -> Document:
    """The document of a name such as `container.v1`."""
    return Document(name, json.loads((folder() / f"{name}.json").read_text(encoding="utf-8")))


def failures(method: Method, schema: Schema, value: object, place: Place = ()) -> Iterator[Failure]:
    """(place, reason) of all that is wrong with a value that is sent where `schema` describes it."""
    if schema.get("readOnly"):
        yield place, "is output only: the API sets it"
        return
    target = method.document.resolve(schema)
    kind = target["type"]
    if kind == "object":
        yield from _object(method, target, value, place)
    elif kind == "array":
        if isinstance(value, list):
            for index, member in enumerate(value):
                yield from failures(method, target["items"], member, (*place, index))
        else:
            yield place, f"must be a list, found {word(value)}"
    elif kind != "any" and (reason := _wrong_scalar(target, value)) is not None:
        yield place, reason


def described(schema: Schema, value: object) -> bool:
    """True when the field's description, the only place where some fields list what they allow, names the value."""
    return re.search(rf"(?<![\w-]){re.escape(str(value))}(?![\w-])", schema.get("description", "")) is not None


def is_required(method: Method, schema: Schema) -> bool:
    return method.id in schema.get("annotations", {}).get("required", ())


def _object(method: Method, schema: Schema, value: object, place: Place) -> Iterator[Failure]:
    if not isinstance(value, Mapping):
        yield place, f"must be an object ({schema.get('id', 'without a name')}), found {word(value)}"
        return
    fields, more = schema.get("properties", {}), schema.get("additionalProperties")
    for key, member in value.items():
        if key in fields:
            yield from failures(method, fields[key], member, (*place, key))
        elif more is not None:
            yield from failures(method, more, member, (*place, key))
        else:
            near = get_close_matches(key, fields, n=1)
            hint = f", did you mean '{near[0]}'?" if near else ""
            yield (*place, key), f"is unknown{hint} ({schema.get('id', 'it')} has {', '.join(sorted(fields))})"
    for key, field in fields.items():
        if key not in value and is_required(method, field):
            yield (*place, key), f"is missing, {method.id} requires it"


def _wrong_scalar(schema: Schema, value: object) -> str | None:
    kind, form, allowed = schema["type"], schema.get("format"), schema.get("enum")
    if isinstance(value, Hidden):
        plain = kind == "string" and not (allowed or form)
        return None if plain else f"a preview does not show it, so it cannot be checked ({form or kind})"
    if isinstance(value, list):
        return f"must be one value ({kind}), found a list"
    if kind == "boolean":
        return None if isinstance(value, bool) else f"must be true or false, found {word(value)}"
    if kind in ("integer", "number"):
        return _wrong_number(kind, form, value)
    if not isinstance(value, str):
        if form in ("int64", "uint64"):
            return f"must be a {form} written as text, as JSON has no numbers of 64 bits, found {word(value)}"
        return f"must be text, found {word(value)}"
    if allowed and value not in allowed:
        near = get_close_matches(value, allowed, n=1)
        hint = f", did you mean {near[0]}?" if near else ""
        return f"'{value}' is not allowed{hint} Allowed: {', '.join(allowed)}"
    if form and not _has_format(form, value):
        return f"'{value}' is no {form}"
    pattern = schema.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"'{value}' does not match {pattern}"
    return None


def _wrong_number(kind: str, form: str | None, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number ({form or kind}), found {word(value)}"
    if kind == "integer" and value != int(value):
        return f"must be a whole number, found {value}"
    low, high = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}.get(form or "", (-math.inf, math.inf))
    return None if low <= value <= high else f"must be from {low} to {high}, found {value}"


def _has_format(form: str, value: str) -> bool:
    if form in ("int64", "uint64"):
        low, high = (0, 2**64 - 1) if form == "uint64" else (-(2**63), 2**63 - 1)
        return re.fullmatch(r"-?[0-9]+", value) is not None and low <= int(value) <= high
    if form == "google-duration":
        return re.fullmatch(r"-?[0-9]+(\.[0-9]{1,9})?s", value) is not None
    if form in ("google-datetime", "date-time", "date"):
        try:
            found = (datetime.date if form == "date" else datetime.datetime).fromisoformat(value)
        except ValueError:
            return False
        return form == "date" or (isinstance(found, datetime.datetime) and found.tzinfo is not None)
    if form == "byte":
        try:
            base64.b64decode(value, altchars=b"-_", validate=True)
        except ValueError:  # also binascii.Error
            return False
    return True


def word(value: object) -> str:
    """What a value is; not the value itself."""
    words = (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "text"),
        (list, "a list"),
        (Mapping, "an object"),
        (Hidden, "a value that a preview does not show"),
    )
    return next((text for kind, text in words if isinstance(value, kind)), type(value).__name__)
