"""Every cloud name of the platform, made from (environment, team, deployment) within each service's limit. Pure."""

from __future__ import annotations

import hashlib
from enum import StrEnum

PREFIX = "gemma"


class Service(StrEnum):
    """A service that names things."""

    CLOUD_RUN_SERVICE = "Cloud Run service"
    SERVICE_ACCOUNT = "service account"
    CLUSTER = "GKE cluster"
    NODE_POOL = "GKE node pool"
    COMPUTE = "Compute Engine resource"


#: Longest name in characters. Sources, read 2026-11: reference pages of run.googleapis.com Service, IAM service accounts,
#: GKE clusters and node pools, Compute Engine resource names.
NAME_LIMITS = {
    Service.CLOUD_RUN_SERVICE: 49,
    Service.SERVICE_ACCOUNT: 30,
    Service.CLUSTER: 40,
    Service.NODE_POOL: 40,
    Service.COMPUTE: 63,
}


def cloud_name(service: Service, *parts: str) -> str:
    """`gemma-<part>-<part>...` for that service.

    Parts that contain a hyphen could be read in two ways (team `a-b` with `c`, team `a` with `b-c`), and long ones must be cut:
    both get six characters of a digest at the end, so that different parts never share a name.
    """
    plain, limit = "-".join((PREFIX, *parts)), NAME_LIMITS[service]
    if len(plain) <= limit and not any("-" in part for part in parts[1:]):
        return plain
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:6]
    return f"{plain[: limit - 7].rstrip('-')}-{digest}"


def namespace_name(team: str) -> str:
    """The Kubernetes namespace of a team; the prefix keeps it apart from system namespaces."""
    return f"team-{team}"


def bucket_name(project: str, environment: str) -> str:
    """The environment's model bucket. Bucket names are global, so the project's id, which is too, stands in front."""
    return f"{project}-{environment}-models"
