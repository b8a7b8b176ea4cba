"""Secret Manager: containers of secrets and who may read them. Limits: cloud.google.com/secret-manager/docs (2026)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.references import SECRETS_AGENT, key_failures, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.values import at, items, known

SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105
MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"


def _secret_id(world: World, inputs: Properties) -> str:
    """The id of a secret that is named by its id or its short name."""
    name = str(inputs["secretId"])
    return name if "/" in name else f"projects/{world.project_of(inputs)}/secrets/{name}"


def _keys(inputs: Properties) -> list[tuple[str, Any, Any]]:
    """(path, key, location of what it encrypts) of the secret's keys; a secret that is everywhere takes a global key."""
    end = ("customerManagedEncryption", "kmsKeyName")
    found = [("replication.auto", at(inputs, "replication", "auto", *end), "global")]
    for index, replica in enumerate(items(at(inputs, "replication", "userManaged", "replicas"))):
        found.append((f"replication.userManaged.replicas[{index}]", at(replica, *end), at(replica, "location")))
    return [(".".join((path, *end)), key, place) for path, key, place in found if known(key)]


def _limits(world: World, inputs: Properties) -> list[Failure]:
    rule = "1 to 255 letters, digits, hyphens and underscores"
    found = name_failures("secretId", inputs.get("secretId"), r"[A-Za-z0-9_-]{1,255}", rule)
    for path, key, place in _keys(inputs):
        found += key_failures(path, key, place)
    return found


def _key_missing(world: World, inputs: Properties) -> str | None:
    reasons = (needs_key(world, key, SECRETS_AGENT) for _, key, _ in _keys(inputs))
    return next((reason for reason in reasons if reason is not None), None)


def _moved(old: Properties, inputs: Properties) -> list[str]:
    """Where values are kept is fixed; the key that encrypts them there is not."""
    before, after = (
        [at(replica, "location") for replica in items(at(side, "replication", "userManaged", "replicas"))]
        for side in (old, inputs)
    )
    return ["replication"] if before != after else []


def _needs_secret(world: World, inputs: Properties) -> str | None:
    secret = _secret_id(world, inputs)
    if world.cloud.get(SECRET, secret) is None:
        return f"Error 404: Secret [{secret}] not found., notFound"
    return needs_member(world, inputs)


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(MEMBER):
        if _secret_id(world, record["inputs"]) == _secret_id(world, inputs):
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=SECRET,
        identity=_secret_id,
        computed=lambda w, i: {"name": f"projects/{w.project_of(i)}/secrets/{i.get('secretId')}"},
        replace=("secretId", "tags"),
        replace_when=_moved,
        limits=_limits,
        refuses=_key_missing,
        contents=_members,
        auto_name=None,
        labels="labels",
    ),
    iam_member(
        token=MEMBER,
        holder=_secret_id,
        holder_fields=("secretId",),
        refuses=_needs_secret,
    ),
)
