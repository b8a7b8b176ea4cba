"""Generates docs/components.md from the package's schema and the examples (`python -m stacks.components_page`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.markdown import table
from components.schema_changes import type_of
from components.schema_check import SCHEMA
from stacks.describe.page import ROOT, render

PAGE = ROOT / "docs" / "components.md"
EXAMPLE = ROOT / "examples" / "yaml" / "Pulumi.yaml"


def render_page() -> str:
    """docs/components.md."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    types = {_name(token): entry for token, entry in schema["types"].items()}
    return render(
        "components.md.j2",
        example=_part_of_example("assistant"),
        components=[
            {
                "name": _name(token),
                "description": entry["description"],
                "inputs": _fields(entry["inputProperties"], entry.get("requiredInputs", ()), plain_alone=False),
                "outputs": table(
                    ("output", "type", "meaning"),
                    [(f"`{name}`", _type(field), field["description"]) for name, field in entry["properties"].items()],
                ),
            }
            for token, entry in schema["resources"].items()
        ],
        types=[
            {
                "name": name,
                "description": entry["description"],
                "fields": _fields(entry["properties"], entry.get("required", ()), plain_alone=True),
            }
            for name, entry in types.items()
        ],
    )


def _part_of_example(resource: str) -> str:
    """One resource of the YAML example, with the lines before it that name the package."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"  {resource}:")
    end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith("    "))
    return "\n".join(["resources:", *lines[start:end]])


def _fields(fields: Mapping[str, Any], needed: Any, *, plain_alone: bool) -> str:
    return table(
        ("argument", "type", "needed", "meaning"),
        [
            (
                f"`{name}`",
                _type(field) + _given(field, plain_alone),
                "yes" if name in needed else "",
                field["description"],
            )
            for name, field in fields.items()
        ],
    )


def _given(field: Mapping[str, Any], plain_alone: bool) -> str:
    return "" if plain_alone or field.get("plain") else ", or an output"


def _type(field: Mapping[str, Any]) -> str:
    """The type, with a link to what it is made of."""
    words = type_of(field).replace("plain ", "")
    name = words.rpartition(" ")[2]
    return words.replace(name, f"[{name}](#{name.lower()})") if name[0].isupper() and name != "Any" else words


def _name(token: str) -> str:
    return token.rpartition(":")[2]


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
