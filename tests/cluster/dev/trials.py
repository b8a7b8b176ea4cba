"""Requests that change nothing: dry runs, which authorization and admission judge like others."""

from __future__ import annotations

from typing import Any

from components.kubernetes.inference_service import API_VERSION, KIND
from sandbox.cluster.api_server import MERGE, ApiError, ApiServer

NAMESPACE, MODEL = "team-payments", "assistant"
DRY_RUN = {"dryRun": "All"}


def patched(asking: ApiServer, change: Any) -> str | None:
    """What is said against a merge patch of the model; None when it would be made."""
    path = asking.kind(API_VERSION, KIND).path(NAMESPACE, MODEL)
    try:
        asking.request("PATCH", path, DRY_RUN, change, MERGE)
    except ApiError as error:
        return str(error)
    return None
