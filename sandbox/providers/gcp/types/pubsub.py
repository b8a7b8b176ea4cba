"""Pub/Sub topics. Limits: cloud.google.com/pubsub/docs/pubsub-basics, terraform-provider-google pubsub_topic (2026-08)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.references import PUBSUB_AGENT, key_failures, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.values import at, items, known

TOPIC = "gcp:pubsub/topic:Topic"
MEMBER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
#: How long messages may be kept: 10 minutes to 31 days.
LEAST_SECONDS, MOST_SECONDS = 600, 2_678_400


def topic_id(world: World, inputs: Properties, name: str) -> str:
    """The id of a topic that is named by its id or its short name."""
    return name if "/" in name else f"projects/{world.project_of(inputs)}/topics/{name}"


def _limits(world: World, inputs: Properties) -> list[Failure]:
    rule = "3 to 255 letters, digits and -_.~+%, a letter first, not beginning with goog"
    found = name_failures("name", inputs.get("name"), r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}", rule)
    found += key_failures("kmsKeyName", inputs.get("kmsKeyName"), None)
    kept = inputs.get("messageRetentionDuration")
    match = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", str(kept))
    if known(kept) and (match is None or not LEAST_SECONDS <= float(match.group(1)) <= MOST_SECONDS):
        found.append(
            ("messageRetentionDuration", f"'{kept}' is no duration between {LEAST_SECONDS}s and {MOST_SECONDS}s")
        )
    regions = at(inputs, "messageStoragePolicy", "allowedPersistenceRegions")
    if regions == []:
        found.append(("messageStoragePolicy.allowedPersistenceRegions", "at least one region is needed"))
    for index, region in enumerate(items(regions)):
        path = f"messageStoragePolicy.allowedPersistenceRegions[{index}]"
        found += name_failures(path, region, r"[a-z]+-[a-z]+\d+", "a region looks like us-central1")
    return found


def needs_topic(world: World, inputs: Properties, name: str) -> str | None:
    """A refusal when a topic of the provider's own project does not exist."""
    topic = topic_id(world, inputs, name)
    foreign = not topic.startswith(f"projects/{world.project}/")
    return (
        None if foreign or world.find(TOPIC, topic) else f"Error 404: Resource not found (resource={topic})., notFound"
    )


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    topic = topic_id(world, inputs, inputs["name"])
    for record in world.cloud.all(MEMBER):
        if topic_id(world, record["inputs"], record["inputs"]["topic"]) == topic:
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=TOPIC,
        identity=lambda w, i: topic_id(w, i, i["name"]),
        replace=("name", "tags"),
        limits=_limits,
        refuses=lambda w, i: needs_key(w, i.get("kmsKeyName"), PUBSUB_AGENT),
        contents=_members,
        labels="labels",
    ),
    iam_member(
        token=MEMBER,
        holder=lambda w, i: topic_id(w, i, i["topic"]),
        holder_fields=("topic",),
        refuses=lambda w, i: needs_topic(w, i, i["topic"]) or needs_member(w, i),
    ),
)
