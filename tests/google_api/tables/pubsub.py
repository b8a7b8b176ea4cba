"""Pub/Sub topics, without ingestion from other clouds and message transforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.google_api.discovery import Place
from tests.google_api.mapping import Block, Leaf, Problem, Table, To, same
from tests.google_api.tables.common import DELETION, member_table, parts


@dataclass(frozen=True)
class UnlessEmpty(To):
    """A text whose empty value is not sent: the object around it alone says that there is no limit."""

    def leaves(self, value: Any, base: Place, origin: str) -> Iterator[Leaf | Problem]:
        return iter(()) if value == "" else super().leaves(value, base, origin)


TOPIC = Table(
    "pubsub.v1:projects.topics.create",
    {
        **DELETION,
        **parts("name", "project", "name"),
        **same("kmsKeyName", "labels", "messageRetentionDuration", "tags"),
        "messageStoragePolicy": Block("messageStoragePolicy", same("allowedPersistenceRegions", "enforceInTransit")),
        "schemaSettings": Block("schemaSettings", same("schema", "encoding", "firstRevisionId", "lastRevisionId")),
    },
)

#: A subscription that is pulled from, without deliveries to other services and message transforms.
SUBSCRIPTION = Table(
    "pubsub.v1:projects.subscriptions.create",
    {
        **DELETION,
        **parts("name", "project", "name"),
        **same("ackDeadlineSeconds", "enableExactlyOnceDelivery", "enableMessageOrdering", "filter", "labels"),
        **same("messageRetentionDuration", "retainAckedMessages", "tags", "topic"),
        "deadLetterPolicy": Block("deadLetterPolicy", same("deadLetterTopic", "maxDeliveryAttempts")),
        "expirationPolicy": Block("expirationPolicy", {"ttl": UnlessEmpty("ttl")}),
        "retryPolicy": Block("retryPolicy", same("minimumBackoff", "maximumBackoff")),
    },
)

TABLES = {
    "gcp:pubsub/subscription:Subscription": SUBSCRIPTION,
    "gcp:pubsub/topic:Topic": TOPIC,
    "gcp:pubsub/topicIAMMember:TopicIAMMember": member_table(
        "pubsub.v1:projects.topics.setIamPolicy", parts("resource", "project", "topic")
    ),
}
