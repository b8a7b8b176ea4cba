"""The notation of the tables in `kinds/`: the fields of a custom kind, as one writes them down, and as a structural schema.

text, whole, number, flag, any      values; `text or whole` takes both, `any` takes whatever there is
0.., 1..65535                       a whole number within limits
red | blue                          text that is one of these
/[a-z]+/                            text that matches from end to end
{size!: whole, color: text}         an object with these fields and no others; those with `!` must be there
{"*": text}                         a map
[text], [text, 1..16]               a list, and how many members it has
core.v1.PodSpec                     a type that Kubernetes has
{<: core.v1.PodSpec without a b}    an object with the fields of such a type too, though without some of them
"""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]

SCALARS: dict[str, Schema] = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
    "text or whole": {"x-kubernetes-int-or-string": True},
}
RANGE = re.compile(r"(\d+)\.\.(\d*)")
BUILT_IN = re.compile(r"[a-z]+\.v\d\w*\.[A-Z]\w*")
#: Marks of a structural schema that `definitions.py` resolves: the type that stands here, and the type whose fields are here too.
TYPE, FIELDS_OF, WITHOUT = "x-type", "x-fields-of", "x-without"


def structural_schema(said: Any) -> Schema:
    """The schema that the notation says. Raises ValueError for what is no notation."""
    if isinstance(said, dict):
        return _map(said) if set(said) == {"*"} else _object(said)
    if isinstance(said, list):
        return _list(said)
    if isinstance(said, str):
        return _value(said)
    raise ValueError(f"{said!r} is no notation of a field")


def _object(said: dict[str, Any]) -> Schema:
    schema: Schema = {"type": "object"}
    if "<" in said:
        schema[FIELDS_OF], _, left_out = said["<"].partition(" without ")
        schema[WITHOUT] = left_out.split()
    fields = {key: value for key, value in said.items() if key != "<"}
    schema["properties"] = {key.rstrip("!"): structural_schema(value) for key, value in fields.items()}
    if needed := [key.rstrip("!") for key in fields if key.endswith("!")]:
        schema["required"] = needed
    return schema


def _map(said: dict[str, Any]) -> Schema:
    return {"type": "object", "additionalProperties": structural_schema(said["*"])}


def _list(said: list[Any]) -> Schema:
    member, *count = said
    schema: Schema = {"type": "array", "items": structural_schema(member)}
    return schema | (_limits(count[0], "minItems", "maxItems") if count else {})


def _value(said: str) -> Schema:
    if said in SCALARS:
        return dict(SCALARS[said])
    if RANGE.fullmatch(said):
        return {"type": "integer", **_limits(said, "minimum", "maximum")}
    if said.startswith("/") and said.endswith("/"):
        return {"type": "string", "pattern": f"^({said[1:-1]})$"}
    if BUILT_IN.fullmatch(said):
        return {TYPE: said}
    if " | " in said:
        return {"type": "string", "enum": said.split(" | ")}
    raise ValueError(f"'{said}' is no notation of a field")


def _limits(said: str, least: str, most: str) -> Schema:
    match = RANGE.fullmatch(said)
    if match is None:
        raise ValueError(f"'{said}' is no range like 0.. or 1..16")
    # a list cannot have fewer than no members
    lowest = {} if least == "minItems" and match[1] == "0" else {least: int(match[1])}
    return {**lowest, **({most: int(match[2])} if match[2] else {})}
