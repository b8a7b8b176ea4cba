"""Artifact Registry. Limits: cloud.google.com/artifact-registry/docs (2026)."""

from __future__ import annotations

from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.resource_type import ResourceType

RESOURCE_TYPES = (
    ResourceType(
        token="gcp:artifactregistry/repository:Repository",  # noqa: S106
        identity=lambda w, i: (
            f"projects/{w.project_of(i)}/locations/{i.get('location')}/repositories/{i['repositoryId']}"
        ),
        computed=lambda w, i: {"name": i.get("repositoryId"), "createTime": "2026-01-01T00:00:00Z"},
        replace=("repositoryId", "location", "format", "mode"),
        limits=lambda w, i: name_failures(
            "repositoryId",
            i.get("repositoryId"),
            r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
            "1 to 63 letters, digits, hyphens",
        ),
        auto_name=None,
        labels="labels",
    ),
)
