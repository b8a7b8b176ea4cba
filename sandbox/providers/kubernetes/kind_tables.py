"""The custom kinds that the stand-in knows, from the tables in `kinds/`, as the CustomResourceDefinitions that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.providers.kubernetes.notation import structural_schema

Object = dict[str, Any]

TABLES = Path(__file__).parent / "kinds"


@cache
def known_definition(group: str, kind: str) -> Object | None:
    """The definition of a kind, with what is known of its fields, always the same object; None when no table has it."""
    row = _tables().get(group, {}).get(kind)
    return None if row is None else _definition(group, kind, row)


def definitions_of_groups(*groups: str) -> Iterator[Object]:
    """The definitions of all kinds of these groups."""
    for group in groups:
        yield from (known_definition(group, kind) or {} for kind in _tables()[group])


@cache
def _tables() -> dict[str, dict[str, Object]]:
    """Rows by group and kind."""
    found: dict[str, dict[str, Object]] = {}
    for path in sorted(TABLES.glob("*.yaml")):
        # the loader in C: every start of the stand-in reads these files
        found |= yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found


def _definition(group: str, kind: str, row: Object) -> Object:
    fields = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = structural_schema(row["fields"]) if "fields" in row else fields
    plural = plural_of(kind)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": row.get("scope", "Namespaced"),
            "names": {"kind": kind, "plural": plural},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == row["versions"][0],
                    "schema": {"openAPIV3Schema": schema},
                }
                for version in row["versions"]
            ],
        },
    }


def plural_of(kind: str) -> str:
    """The plural in a definition's name, as Kubernetes' generators make it."""
    word = kind.lower()
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    if word.endswith("rules"):
        return word
    return f"{word}es" if word.endswith("s") else f"{word}s"
