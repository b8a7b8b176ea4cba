"""Pub/Sub topics, without ingestion from other clouds and message transforms."""

from __future__ import annotations

from tests.google_api.mapping import Block, Table, same
from tests.google_api.tables.common import DELETION, member_table, parts

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

TABLES = {
    "gcp:pubsub/topic:Topic": TOPIC,
    "gcp:pubsub/topicIAMMember:TopicIAMMember": member_table(
        "pubsub.v1:projects.topics.setIamPolicy", parts("resource", "project", "topic")
    ),
}
