"""Secret Manager: containers of secrets, their reminders, and who may read them. Limits: cloud.google.com/secret-manager/docs
(2026)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.references import SECRETS_AGENT, key_failures, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, digits
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.gcp.types.pubsub import PUBLISHER, may_publish, needs_topic
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
    return found + _rotation_limits(inputs)


def _rotation_limits(inputs: Properties) -> list[Failure]:
    """Reminders need topics, a time and a period of at least an hour."""
    found: list[Failure] = []
    for index, topic in enumerate(items(inputs.get("topics"))):
        form = r"projects/[^/]+/topics/[^/]+"
        found += name_failures(
            f"topics[{index}].name", at(topic, "name"), form, "a topic is projects/<project>/topics/<name>"
        )
    rotation = inputs.get("rotation")
    if not isinstance(rotation, dict):
        return found
    period, due = rotation.get("rotationPeriod"), rotation.get("nextRotationTime")
    if not items(inputs.get("topics")) and inputs.get("topics") != UNKNOWN:
        found.append(("rotation", "needs topics, to which the reminders are published"))
    match = re.fullmatch(r"(\d+)(\.\d{1,9})?s", str(period))
    if known(period) and (match is None or not 3600 <= int(match[1]) <= 3_153_600_000):
        found.append(("rotation.rotationPeriod", f"'{period}' is no duration between 3600s and 3153600000s"))
    if period is not None and due is None:
        found.append(("rotation.nextRotationTime", "is missing, rotationPeriod needs it"))
    if known(due) and _time(due) is None:
        found.append(("rotation.nextRotationTime", f"'{due}' is no time such as 2027-01-31T08:00:00Z"))
    return found


def _time(text: Any) -> datetime.datetime | None:
    with suppress(ValueError):
        found = datetime.datetime.fromisoformat(str(text))
        return found if found.tzinfo is not None else None
    return None


def _topic_missing(world: World, inputs: Properties) -> str | None:
    """Secret Manager looks at its topics, and at its right to publish there."""
    number = digits(world.project, 12)
    for topic in (str(at(topic, "name")) for topic in items(inputs.get("topics"))):
        if (reason := needs_topic(world, inputs, topic)) is not None:
            return reason
        if topic.startswith(f"projects/{world.project}/") and not may_publish(world, topic, SECRETS_AGENT):
            agent = f"service-{number}@{SECRETS_AGENT}.iam.gserviceaccount.com"
            return f"Error 400: Secret Manager's agent {agent} needs {PUBLISHER} on {topic}, failedPrecondition"
    return None


def _due_too_soon(world: World, inputs: Properties) -> str | None:
    due = _time(at(inputs, "rotation", "nextRotationTime"))
    if due is None or due > datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5):
        return None
    return f"Error 400: Secret.rotation.next_rotation_time must be at least 5 minutes in the future, found {due.isoformat()}"


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
        refuses=lambda w, i: _key_missing(w, i) or _due_too_soon(w, i),
        enforces=_topic_missing,
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
