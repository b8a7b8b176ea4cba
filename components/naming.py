"""Every cloud name of the platform, made by one function within each service's limit. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """A service that names things."""

    BUCKET = "Cloud Storage bucket"
    CLOUD_RUN_SERVICE = "Cloud Run service"
    CLUSTER = "GKE cluster"
    COMPUTE = "Compute Engine resource"
    IDENTITY_POOL = "workload identity pool"
    JOB = "Cloud Run job"
    NAMESPACE = "Kubernetes namespace"
    NODE_POOL = "GKE node pool"
    REPOSITORY = "Artifact Registry repository"
    SERVICE_ACCOUNT = "service account"
    TOPIC = "Pub/Sub topic"


#: Longest name in characters. Sources, read 2026-11: reference pages of Cloud Storage, run.googleapis.com, GKE, Compute Engine,
#: IAM and Pub/Sub; kubernetes.io/docs/concepts/overview/working-with-objects/names.
NAME_LIMITS = {
    Service.BUCKET: 63,
    Service.CLOUD_RUN_SERVICE: 49,
    Service.CLUSTER: 40,
    Service.COMPUTE: 63,
    Service.IDENTITY_POOL: 32,
    Service.JOB: 49,
    Service.NAMESPACE: 63,
    Service.NODE_POOL: 40,
    Service.REPOSITORY: 63,
    Service.SERVICE_ACCOUNT: 30,
    Service.TOPIC: 255,
}
#: Names of these are always made of one part, which may therefore hold hyphens.
_ONE_PART = (Service.BUCKET, Service.IDENTITY_POOL, Service.NAMESPACE, Service.NODE_POOL, Service.REPOSITORY)


@dataclass(frozen=True, slots=True)
class Scope:
    """What all names of an environment share."""

    project: str
    environment: str


def cloud_name(service: Service, scope: Scope, *parts: str) -> str:
    """The name of something, `parts` being team and deployment, or what the platform calls it.

    `gemma-<environment>-<part>-...`; a bucket's name is global, so the project, which is too, stands in front; a namespace is
    `team-<team>`, which keeps it apart from system namespaces. Parts that contain a hyphen could be read in two ways (team `a-b`
    with `c`, team `a` with `b-c`), and long names must be cut: both get six characters of a digest at the end, so that different
    parts never share a name.
    """
    stems = {Service.BUCKET: (scope.project, scope.environment), Service.NAMESPACE: ("team",)}
    stem = stems.get(service, ("gemma", scope.environment))
    ambiguous = service not in _ONE_PART and any("-" in part for part in parts)
    return _within_limit(service, (*stem, *parts), told_apart=not ambiguous)


def account_id(name: str) -> str:
    """Id of the service account of something called `name`: Google wants at least six characters, so a word stands before it."""
    return _within_limit(Service.SERVICE_ACCOUNT, ("gemma", name), told_apart=True)


def _within_limit(service: Service, parts: tuple[str, ...], *, told_apart: bool) -> str:
    """The parts as one name; with a digest of them where it would be too long, or where other parts could make the same."""
    plain, limit = "-".join(parts), NAME_LIMITS[service]
    if len(plain) <= limit and told_apart:
        return plain
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:6]
    return f"{plain[: limit - 7].rstrip('-')}-{digest}"
