"""What the environment of a stack allows, read from its stack file in the project's folder (a pack's working directory)."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.errors import SizingError
from policy.rules.rule import Context


def context_of(urn: str) -> Context:
    """The context of the stack that a URN (`urn:pulumi:<stack>::<project>::...`) belongs to."""
    return _context(urn.split("::", 1)[0].rpartition(":")[2])


@cache
def _context(stack: str) -> Context:
    """Strict where the stack has no file or no settings of this platform."""
    path = Path(f"Pulumi.{stack}.yaml")
    data: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    config = data.get("config") if isinstance(data, dict) else None
    for key, value in config.items() if isinstance(config, dict) else ():
        if str(key).endswith(":environment") and isinstance(value, dict):
            return Context(
                allow_tight=value.get("allow_tight") is True,
                allow_unknown=_unexpired(value),
                catalogue=_catalogue(value),
            )
    return Context()


def _unexpired(settings: dict[str, Any]) -> frozenset[str]:
    """Deployments of `allow_unknown` whose last day has not passed; what cannot be read allows nothing."""
    stated, rows = settings.get("today"), settings.get("allow_unknown")
    today = stated if isinstance(stated, datetime.date) else datetime.datetime.now(datetime.UTC).date()
    return frozenset(
        str(row.get("deployment"))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and isinstance(row.get("expires"), datetime.date) and row["expires"] >= today
    )


def _catalogue(settings: dict[str, Any]) -> Catalogue:
    """With the organisation's own rows; without them where its file cannot be read, which the program itself reports."""
    own = settings.get("catalogue")
    try:
        return load_catalogue(Path(own).resolve() if isinstance(own, str) else None)
    except SizingError:
        return load_catalogue()
