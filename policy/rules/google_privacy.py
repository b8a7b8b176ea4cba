"""What Google resources must be like so that nothing is public, too widely allowed, elsewhere or without the demanded key.

One table of what properties must be, and what holds for every type: who is granted what, and where it is. A member or key that
another resource computes is not known before the update; no such value is one of those that are refused here. What should be
plain and is unknown is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.google.cloud_run_limits import EVERYBODY, INGRESS
from policy.rules.resource_types import CLOUD_RUN_SERVICE, NODE_POOL
from policy.rules.rule import UNKNOWN, Context, Resource

CLUSTER = "gcp:container/cluster:Cluster"
BUCKET = "gcp:storage/bucket:Bucket"
SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105  (a type's name)
REGIONAL_SECRET = "gcp:secretmanager/regionalSecret:RegionalSecret"  # noqa: S105  (a type's name)

#: What is refused by its mere presence: credentials that do not expire, and a generation of Cloud Run that is not judged here.
NEVER = {
    "gcp:serviceaccount/key:Key": "is a key of a service account, which never expires; use Workload Identity Federation",
    "gcp:storage/hmacKey:HmacKey": "is a key of a service account, which never expires; use Workload Identity Federation",
    "gcp:cloudrun/service:Service": f"is of the first generation of Cloud Run's API; declare it as {CLOUD_RUN_SERVICE}",
}
#: Roles over a whole project (docs.cloud.google.com/iam/docs/roles-overview, 2026).
PRIMITIVE_ROLES = ("roles/owner", "roles/editor", "roles/viewer")
#: Properties that say who may do something. `policyData` is a whole policy as JSON, `entity` and the rest are old access lists.
MEMBERS = ("member", "members", "entity", "entities", "roleEntities", "policyData", "bindings")
#: Access lists that Cloud Storage knows by name and that let everybody in.
PUBLIC_LISTS = ("publicRead", "publicReadWrite", "authenticatedRead")
LOCATIONS = ("location", "region", "zone")


@dataclass(frozen=True, slots=True)
class Must:
    """A property that must have one of `values`, or some value where there are none; one that has `demanded` only where the
    environment demands keys of its own for that."""

    type: str
    path: tuple[str, ...]
    values: tuple[Any, ...]
    why: str
    demanded: str | None = None


TABLE: tuple[Must, ...] = (
    Must(CLUSTER, ("privateClusterConfig", "enablePrivateNodes"), (True,), "nodes would have public addresses"),
    Must(
        CLUSTER,
        ("controlPlaneEndpointsConfig", "ipEndpointsConfig", "enabled"),
        (False,),
        "the control plane would have an address; its DNS endpoint asks IAM first",
    ),
    Must(CLUSTER, ("databaseEncryption", "state"), ("ENCRYPTED",), "secrets in etcd", demanded="cluster"),
    Must(CLUSTER, ("databaseEncryption", "keyName"), (), "secrets in etcd", demanded="cluster"),
    # without it a pool has what the cluster has
    Must(NODE_POOL, ("networkConfig", "enablePrivateNodes"), (True, None), "nodes would have public addresses"),
    Must(BUCKET, ("uniformBucketLevelAccess",), (True,), "access lists of single objects would count beside IAM"),
    Must(BUCKET, ("publicAccessPrevention",), ("enforced",), "a grant to everybody would be possible"),
    Must(BUCKET, ("encryption", "defaultKmsKeyName"), (), "objects", demanded="buckets"),
    Must(CLOUD_RUN_SERVICE, ("ingress",), tuple(INGRESS.values()), "the internet would reach it"),
    Must(CLOUD_RUN_SERVICE, ("invokerIamDisabled",), (False, None), "nobody would be asked who calls"),
    Must(REGIONAL_SECRET, ("customerManagedEncryption", "kmsKeyName"), (), "its values", demanded="secrets"),
)


def judges(resource_type: str) -> bool:
    """True for every Google resource: each may grant something or be somewhere."""
    return resource_type.startswith("gcp:")


def faults(resource: Resource, context: Context) -> Iterator[str]:
    """What is wrong with a Google resource, in half sentences."""
    if resource.type in NEVER:
        yield NEVER[resource.type]
    for must in TABLE:
        if must.type == resource.type and (must.demanded is None or must.demanded in context.encrypted):
            yield from _unlike(must, resource)
    if resource.type == SECRET and "secrets" in context.encrypted:
        yield from _without_key(resource)
    yield from _grants(resource)
    if context.region is not None:
        yield from _elsewhere(resource, context.region)


def _unlike(must: Must, resource: Resource) -> Iterator[str]:
    value, name = resource.at(*must.path), ".".join(must.path)
    if must.demanded is not None and not must.values:
        if not value:
            yield f"has no {name}; the environment demands a key of its own for {must.demanded} ({must.why})"
    elif value is UNKNOWN:
        yield f"has a {name} that is not known before the update; write it as a plain value"
    elif value not in must.values:
        allowed = " or ".join(_written(one) for one in must.values if one is not None)
        yield f"has {name} {_written(value)}, allowed: {allowed}; otherwise {must.why}"


def _written(value: Any) -> str:
    return "left out" if value is None else json.dumps(value, default=str)


def _without_key(secret: Resource) -> Iterator[str]:
    key = ("customerManagedEncryption", "kmsKeyName")
    replicas = secret.at("replication", "userManaged", "replicas")
    paths: list[tuple[str | int, ...]] = [
        ("replication", "userManaged", "replicas", i) for i in range(_length(replicas))
    ]
    if not all(secret.at(*path, *key) for path in paths or [("replication", "auto")]):
        yield f"has no {'.'.join(key)} in its replication; the environment demands a key of its own for secrets"


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _grants(resource: Resource) -> Iterator[str]:
    """Everybody as a member, and roles over a whole project."""
    for name in MEMBERS:
        for text in _texts(resource.at(name)):
            if any(everybody in text for everybody in EVERYBODY):
                yield f"lets everybody in: {name} has {' or '.join(e for e in EVERYBODY if e in text)}; name groups or accounts"
    for text in (*_texts(resource.at("predefinedAcl")), *_texts(resource.at("defaultAcl"))):
        if text in PUBLIC_LISTS:
            yield f"lets everybody in by the access list '{text}'"
    grants = any(resource.at(name) is not None for name in ("member", "members"))
    if grants and resource.at("role") is UNKNOWN:
        yield "grants a role that is not known before the update; write it as a plain value"
    roles = (*_texts(resource.at("role")), *_quoted(resource.at("policyData")))
    for role in sorted({role for role in roles if role in PRIMITIVE_ROLES}):
        yield f"grants the primitive role {role}; grant the roles of what is needed"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _quoted(policy: Any) -> Iterator[str]:
    """Texts of a policy that is written as JSON."""
    try:
        yield from _texts(json.loads(policy) if isinstance(policy, str) else None)
    except json.JSONDecodeError:
        return


def _elsewhere(resource: Resource, region: str) -> Iterator[str]:
    """A place that is not the region, a zone of it, nor a service without places."""
    placed = resource.at("customPlacementConfig", "dataLocations")
    if resource.type == BUCKET and isinstance(placed, list):
        if region not in [str(place).lower() for place in placed]:
            yield f"is in {', '.join(map(str, placed))}; one of both must be {region}"
        return
    replicas = resource.at("replication", "userManaged", "replicas")
    if resource.type == SECRET and not isinstance(replicas, list):
        yield f"is replicated wherever Google likes; write replication.userManaged with {region}"
    listed = resource.at("nodeLocations")
    places = [
        *(resource.at(name) for name in LOCATIONS),
        *(resource.at("replication", "userManaged", "replicas", i, "location") for i in range(_length(replicas))),
        *(listed if isinstance(listed, list) else [listed]),
    ]
    for place in places:
        if place is UNKNOWN:
            yield "is at a place that is not known before the update; write it as a plain value"
        elif place is not None and not _is_in(str(place).lower().rpartition("/")[2], region):
            yield f"is in {place}; the environment's region is {region}"


def _is_in(place: str, region: str) -> bool:
    return place in (region, "global") or (place.startswith(f"{region}-") and len(place) == len(region) + 2)
