"""Who may publish reminders, what is kept of them and who is told. That a mail arrives is for a real project to show."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from components.google.rotation_reminder import RotationReminder, RotationReminderArgs
from tests.unit.components.registering import Program, previews_the_same, register

TOPIC = "gcp:pubsub/topic:Topic"
GRANT = "gcp:pubsub/topicIAMMember:TopicIAMMember"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"


def arguments(**changes: Any) -> RotationReminderArgs:
    plain = {
        "name": "secrets",
        "project": "p",
        "project_number": "123456789012",
        "region": "us-central1",
        "emails": ["ops@example.com", "ml@example.com"],
        "labels": {"team": "platform"},
    }
    return cast(RotationReminderArgs, plain | changes)


def made(**changes: Any) -> Program:
    return register(lambda: RotationReminder("reminder", arguments(**changes)))


def test_secret_managers_agent_may_publish_and_nobody_else() -> None:
    program = made()
    grant = program.one(GRANT).inputs
    assert grant["topic"] == program.one(TOPIC).inputs["name"] == "secrets"
    assert grant["role"] == "roles/pubsub.publisher"
    assert grant["member"] == "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"


def test_reminders_stay_in_the_region_and_nothing_but_reminders_is_kept() -> None:
    program = made()
    assert program.one(TOPIC).inputs["messageStoragePolicy"] == {"allowedPersistenceRegions": ["us-central1"]}
    subscription = program.one(SUBSCRIPTION).inputs
    assert subscription["topic"] == "reminder-id"
    assert subscription["filter"] == 'attributes.eventType = "SECRET_ROTATE"'
    assert subscription["messageRetentionDuration"] == "2678400s"  # 31 x 86,400, the most that Pub/Sub keeps
    assert subscription["expirationPolicy"] == {"ttl": ""}


def test_everybody_named_is_told_once_a_day_as_long_as_a_reminder_waits() -> None:
    program = made()
    assert [c.inputs["labels"] for c in program.of(CHANNEL)] == [
        {"email_address": "ops@example.com"},
        {"email_address": "ml@example.com"},
    ]
    alert = program.one(ALERT).inputs
    (condition,) = alert["conditions"]
    threshold = condition["conditionThreshold"]
    assert (threshold["comparison"], threshold["thresholdValue"], threshold["duration"]) == ("COMPARISON_GT", 0, "0s")
    labels = dict(re.findall(r'([\w.]+) = "([^"]+)"', threshold["filter"]))
    assert labels == {
        "resource.type": "pubsub_subscription",
        "metric.type": "pubsub.googleapis.com/subscription/num_undelivered_messages",
        "resource.labels.subscription_id": program.one(SUBSCRIPTION).inputs["name"],
    }
    (strategy,) = alert["alertStrategy"]["notificationChannelStrategies"]
    assert strategy["notificationChannelNames"] == alert["notificationChannels"]
    assert len(alert["notificationChannels"]) == 2
    assert strategy["renotifyInterval"] == "86400s"
    assert "gcloud pubsub subscriptions pull secrets --project=p --auto-ack" in alert["documentation"]["content"]


def test_the_topic_is_given_out_once_secret_manager_may_publish_there() -> None:
    assert made().outputs == {"topic": "reminder-id", "subscription": "secrets"}


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: RotationReminder("reminder", arguments()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"emails": []}, "emails holds 0 addresses; 1 to 5"),
        ({"emails": ["a@example.com", "a@example.com"]}, "1 to 5 different ones"),
        ({"emails": ["nobody"]}, "'nobody' is no e-mail address"),
        ({"name": "goog-secrets"}, "not beginning with goog"),
        ({"name": "a"}, "3 to 255 letters"),
    ],
)
def test_what_google_would_not_take_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RotationReminder("reminder", arguments(**changes))
