"""Names of arguments as callers write them: Pulumi's camelCase for programs in YAML and other languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_SNAKE_CASE = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def camel(name: str) -> str:
    """`context_tokens` as Pulumi's schemas spell it, `contextTokens`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def names_in(schema: Mapping[str, Any]) -> frozenset[str]:
    """Every argument, field and output that a package schema names."""
    described = [*schema["resources"].values(), *schema["types"].values()]
    parts = [entry.get(kind, {}) for entry in described for kind in ("inputProperties", "properties")]
    return frozenset(name for properties in parts for name in properties)


def in_callers_terms(text: str, names: Collection[str]) -> str:
    """A sentence about arguments by their Python names, with those that the schema has in its spelling."""

    def spelt(found: re.Match[str]) -> str:
        name = camel(found.group())
        return name if name in names else found.group()

    return _SNAKE_CASE.sub(spelt, text)
