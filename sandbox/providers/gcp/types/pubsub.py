"""Pub/Sub topics and the subscriptions to them. Limits: cloud.google.com/pubsub/docs/{pubsub-basics,subscription-properties},
terraform-provider-google pubsub_topic and pubsub_subscription (2026-08)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, name_failures
from sandbox.providers.gcp.references import PUBSUB_AGENT, key_failures, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.values import at, items, known

TOPIC = "gcp:pubsub/topic:Topic"
MEMBER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
PUBLISHER = "roles/pubsub.publisher"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
NAME = r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}"
NAME_RULE = "3 to 255 letters, digits and -_.~+%, a letter first, not beginning with goog"
#: How long a subscription lives that nobody uses: a day at least, or for ever.
LEAST_LIFE_SECONDS = 86_400
#: How long Pub/Sub waits for an acknowledgement.
ACK_SECONDS = (10, 600)
#: A comparison of an attribute, or that it is there.
_TERM = r'(NOT )?(attributes\.[\w-]+ (=|!=) "[^"]*"|attributes:[\w-]+|hasPrefix\(attributes\.[\w-]+, "[^"]*"\))'
FILTER = rf"{_TERM}( (AND|OR) {_TERM})*"
#: How long messages may be kept: 10 minutes to 31 days.
LEAST_SECONDS, MOST_SECONDS = 600, 2_678_400


def topic_id(world: World, inputs: Properties, name: str) -> str:
    """The id of a topic that is named by its id or its short name."""
    return name if "/" in name else f"projects/{world.project_of(inputs)}/topics/{name}"


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += key_failures("kmsKeyName", inputs.get("kmsKeyName"), None) + _kept_limits(inputs)
    regions = at(inputs, "messageStoragePolicy", "allowedPersistenceRegions")
    if regions == []:
        found.append(("messageStoragePolicy.allowedPersistenceRegions", "at least one region is needed"))
    for index, region in enumerate(items(regions)):
        path = f"messageStoragePolicy.allowedPersistenceRegions[{index}]"
        found += name_failures(path, region, r"[a-z]+-[a-z]+\d+", "a region looks like us-central1")
    return found


def _seconds(text: Any) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d{1,9})?)s", str(text))
    return float(match.group(1)) if match else None


def _kept_limits(inputs: Properties) -> list[Failure]:
    kept = inputs.get("messageRetentionDuration")
    seconds = _seconds(kept)
    if known(kept) and (seconds is None or not LEAST_SECONDS <= seconds <= MOST_SECONDS):
        return [("messageRetentionDuration", f"'{kept}' is no duration between {LEAST_SECONDS}s and {MOST_SECONDS}s")]
    return []


def _subscription_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE) + _kept_limits(inputs)
    found += between("ackDeadlineSeconds", inputs.get("ackDeadlineSeconds"), *ACK_SECONDS)
    rule = 'a filter looks like attributes.<name> = "<value>"'
    found += name_failures("filter", inputs.get("filter"), FILTER, rule)
    ttl = at(inputs, "expirationPolicy", "ttl")
    seconds = _seconds(ttl)
    if known(ttl) and ttl != "" and (seconds is None or seconds < LEAST_LIFE_SECONDS):
        found.append(
            ("expirationPolicy.ttl", f"'{ttl}' is no duration of at least {LEAST_LIFE_SECONDS}s, and not empty")
        )
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


def may_publish(world: World, topic: str, agent: str) -> bool:
    """True when a service's agent may publish to a topic."""
    grants = [record["inputs"] for record in world.cloud.all(MEMBER)]
    on_topic = (grant for grant in grants if topic_id(world, grant, grant["topic"]) == topic)
    return any(grant["role"] == PUBLISHER and f"@{agent}." in grant["member"] for grant in on_topic)


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
    ResourceType(
        token=SUBSCRIPTION,
        identity=lambda w, i: f"projects/{w.project_of(i)}/subscriptions/{i['name']}",
        replace=("name", "topic", "filter", "enableMessageOrdering", "messageTransforms", "tags"),
        limits=_subscription_limits,
        refuses=lambda w, i: needs_topic(w, i, i["topic"]),
        labels="labels",
    ),
    iam_member(
        token=MEMBER,
        holder=lambda w, i: topic_id(w, i, i["topic"]),
        holder_fields=("topic",),
        refuses=lambda w, i: needs_topic(w, i, i["topic"]) or needs_member(w, i),
    ),
)
