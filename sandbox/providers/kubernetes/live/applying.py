"""How an object is applied: under whose name, over whose fields, and what a dry run does not tell. Pure."""

from __future__ import annotations

import hashlib

from sandbox.cluster.api_server import ApiError
from sandbox.providers.api import Properties

FORCE = "pulumi.com/patchForce"


def manager_of(inputs: Properties) -> str:
    """Name of the field manager, the same for an object at every operation; the real one makes it at random and keeps it."""
    metadata = inputs["metadata"]
    parts = (inputs["apiVersion"].partition("/")[0], inputs["kind"], metadata.get("namespace", ""), metadata["name"])
    return f"pulumi-kubernetes-{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:8]}"


def forced(inputs: Properties) -> bool:
    """The real provider takes fields of others only when the object says so."""
    return str((inputs["metadata"].get("annotations") or {}).get(FORCE, "")).lower() == "true"


def says_nothing(error: ApiError, inputs: Properties) -> bool:
    """True for refusals of a dry run that say nothing of the real thing: what it needs may come in the same run."""
    if "does not support dry run" in str(error):
        return True
    namespace = inputs["metadata"].get("namespace", "default")
    return error.status == 404 and (
        f'namespaces "{namespace}" not found' in str(error) or "could not find" in str(error)
    )
