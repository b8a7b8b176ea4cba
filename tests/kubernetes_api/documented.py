"""Schemas of the kinds in `google_kinds.yaml`, whose notation that file explains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "google_kinds.yaml"
WHOLE_NUMBER = re.compile(r"whole number(?: (\d+) to (\d+))?")
REQUIRED = "!"


def documented_kinds() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(apiVersion, kind, schema) of each."""
    for row in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        fields = {"apiVersion!": "text", "kind!": "text", "spec!": row["spec"]}
        yield row["apiVersion"], row["kind"], schema_of(fields)


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON schema of one shape; ValueError for a shape that the notation does not have."""
    if isinstance(shape, dict):
        return {
            "type": "object",
            "properties": {name.removesuffix(REQUIRED): schema_of(member) for name, member in shape.items()},
            "required": [name.removesuffix(REQUIRED) for name in shape if name.endswith(REQUIRED)],
            "additionalProperties": False,
        }
    if isinstance(shape, list) and len(shape) == 1:
        return {"type": "array", "items": schema_of(shape[0])}
    if shape == "text":
        return {"type": "string"}
    if shape == "true or false":
        return {"type": "boolean"}
    if isinstance(shape, str) and (number := WHOLE_NUMBER.fullmatch(shape)):
        low, high = number.groups()
        return {"type": "integer", **({"minimum": int(low), "maximum": int(high)} if low else {})}
    if isinstance(shape, str) and " | " in shape:
        return {"enum": shape.split(" | ")}
    raise ValueError(f"{shape!r} is no shape: {FILE.name} explains what there is")
