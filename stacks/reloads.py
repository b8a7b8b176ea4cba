"""Which deployments load their model anew by an update: told in the preview, since a reload takes minutes on a GPU. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.preview_report.words import minutes
from components.revisions import loads_anew


def reload_notes(before: object, after: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One sentence for each deployment that reloads, and for those that come or go.

    `before` is what the deployed stack published under `records`: anything else than records of this form counts as nothing.
    """
    deployed = before if isinstance(before, Mapping) else {}
    notes = []
    for key in sorted({*deployed, *after}):
        old, new = deployed.get(key), after.get(key)
        if new is None:
            notes.append(f"{key}: removed; its endpoint goes away")
        elif not isinstance(old, Mapping):
            notes.append(f"{key}: new; ready about {_minutes(new)} after its node is there")
        elif loads_anew(old, new):
            notes.append(
                f"{key}: a new revision loads the model anew, about {_minutes(new)} a replica; the old one serves until then"
            )
    return notes


def _minutes(record: Mapping[str, Any]) -> str:
    return minutes(int(record["startup_seconds"]))
