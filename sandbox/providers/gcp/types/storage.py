"""Buckets and who may read them. Limits: cloud.google.com/storage/docs/buckets (2026) and rules/buckets.py."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.references import STORAGE_AGENT, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.buckets import (
    encryption_limits,
    keeping_limits,
    place_limits,
    retention_changes,
    unlocked,
)
from sandbox.providers.gcp.rules.grants import member_limits
from sandbox.providers.values import at, known

BUCKET = "gcp:storage/bucket:Bucket"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
#: Names that somebody else in the world holds, so that a collision can be seen.
TAKEN = ("models", "test", "gemma", "data")


def _limits(world: World, inputs: Properties) -> list[Failure]:
    name = inputs.get("name")
    rule = "3 to 63 lower-case letters, digits, hyphens and underscores, a letter or digit first and last"
    found = name_failures("name", name, r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]", rule)
    if known(name) and ("google" in str(name) or str(name).startswith("goog")):
        found.append(("name", f"'{name}' is not allowed: bucket names cannot contain 'google'"))
    return found + place_limits(inputs) + keeping_limits(inputs) + encryption_limits(inputs)


def _taken(world: World, inputs: Properties) -> str | None:
    name = inputs["name"]
    if name in TAKEN or world.cloud.get(BUCKET, name) is not None:
        return (
            f"Error 409: The requested bucket name '{name}' is not available. The bucket namespace is shared by all users "
            "of the system. Please select a different name and try again., conflict"
        )
    return None


def _holds_objects(world: World, inputs: Properties) -> str | None:
    objects = world.cloud.objects(inputs["name"])
    if not objects:
        return None
    period = at(inputs, "retentionPolicy", "retentionPeriod")
    held = [path.name for path in objects if time.time() - path.stat().st_mtime < int(period or 0)]
    if held and inputs.get("forceDestroy"):
        return (
            f"Error 403: Object '{inputs['name']}/{held[0]}' is subject to bucket's retention policy or object retention and "
            "cannot be deleted or overwritten until it is over, retentionPolicyNotMet"
        )
    if inputs.get("forceDestroy"):
        for path in objects:
            path.unlink()
        return None
    return f"Error trying to delete bucket {inputs['name']} containing objects without `force_destroy` set to true"


def _needs_bucket(world: World, inputs: Properties) -> str | None:
    bucket = inputs["bucket"].removeprefix("b/")
    if world.cloud.get(BUCKET, bucket) is None:
        return f"Error 404: The specified bucket {bucket} does not exist., notFound"
    return needs_member(world, inputs)


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(MEMBER):
        if record["inputs"]["bucket"].removeprefix("b/") == inputs["name"]:
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=BUCKET,
        identity=lambda w, i: i["name"],
        computed=lambda w, i: {
            "url": f"gs://{i.get('name')}",
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{i.get('name')}",
            "timeCreated": "2026-01-01T00:00:00.000Z",
        },
        replace=(
            "name",
            "location",
            "hierarchicalNamespace",
            "enableObjectRetention",
            "customPlacementConfig.dataLocations",
        ),
        replace_when=unlocked,
        changes=retention_changes,
        limits=_limits,
        refuses=_taken,
        enforces=lambda w, i: needs_key(w, at(i, "encryption", "defaultKmsKeyName"), STORAGE_AGENT),
        protected=_holds_objects,
        contents=_members,
        labels="labels",
    ),
    ResourceType(
        token=MEMBER,
        identity=lambda w, i: (
            "/".join(
                [f"b/{i['bucket']}", i["role"], i["member"], str((i.get("condition") or {}).get("title", ""))]
            ).rstrip("/")
            + (f"#{(i.get('condition') or {}).get('expression', '')}" if i.get("condition") else "")
        ),
        computed=lambda w, i: {"etag": "CAstandin="},
        replace=("bucket", "role", "member", "condition"),
        limits=member_limits,
        refuses=_needs_bucket,
        auto_name=None,
    ),
)
