"""What Google's description says against a resource that a program declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.google_api.request_body import complaints
from tests.google_api.tables import TABLES, UNDESCRIBED


def check(token: str, name: str, inputs: Mapping[str, Any]) -> list[str]:
    """One sentence for each complaint; inputs are in Pulumi's names."""
    if token in TABLES:
        return complaints(TABLES[token], token, name, inputs)
    if token not in UNDESCRIBED:
        return [f"{token} '{name}': the type has no table: add one to tests/google_api/tables"]
    unlisted = sorted(key for key in inputs.keys() - UNDESCRIBED[token][1] if not key.startswith("__"))
    return [f"{token} '{name}': {key}: is not listed: add it to tests/google_api/tables/quota.py" for key in unlisted]
