"""What Google refuses of reminders: of a secret's rotation, of subscriptions and of alerts."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import PROJECT, SECRET, create_all, example, refused_paths
from tests.sandbox.providers.more_examples import ALERT, CHANNEL, SUBSCRIPTION, TOPIC, TOPIC_MEMBER
from tests.sandbox.providers.names import TOPIC_ID

AGENT = "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
THRESHOLD = "conditions.0.conditionThreshold"
AT = "conditions[0].conditionThreshold"


def due(**later: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(**later)).isoformat(timespec="seconds")


def reminding(period: Any = "7776000s", time: Any = "2999-01-31T08:00:00Z", topics: Any = None) -> dict[str, Any]:
    """A secret with a rotation; None leaves a part out."""
    rotation = {"rotationPeriod": period, "nextRotationTime": time}
    return {
        **example(SECRET),
        "topics": [{"name": TOPIC_ID}] if topics is None else topics,
        "rotation": {key: value for key, value in rotation.items() if value is not None},
    }


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        (reminding(), []),
        (reminding(topics=[]), ["rotation"]),
        (reminding(topics=[{"name": "spend"}]), ["topics[0].name"]),
        (reminding(period="90d"), ["rotation.rotationPeriod"]),
        (reminding(period="60s"), ["rotation.rotationPeriod"]),
        (reminding(time=None), ["rotation.nextRotationTime"]),
        (reminding(time="2999-01-31"), ["rotation.nextRotationTime"]),
        (reminding(time="tomorrow"), ["rotation.nextRotationTime"]),
    ],
)
def test_a_reminder_needs_a_topic_a_time_and_a_period(
    google: GoogleApi, inputs: dict[str, Any], refused: list[str]
) -> None:
    assert refused_paths(google, SECRET, inputs) == refused


def test_secret_manager_must_be_allowed_to_publish_to_the_topic(google: GoogleApi) -> None:
    with pytest.raises(CloudError, match="Resource not found"):
        google.create(SECRET, reminding())
    create_all(google, TOPIC)
    with pytest.raises(CloudError, match=rf"gcp-sa-secretmanager\S+ needs roles/pubsub.publisher on {TOPIC_ID}"):
        google.create(SECRET, reminding())
    google.create(TOPIC_MEMBER, {**example(TOPIC_MEMBER), "member": AGENT})
    google.create(SECRET, reminding())


def test_the_first_reminder_lies_ahead_when_the_secret_is_made_and_that_is_not_asked_again(google: GoogleApi) -> None:
    create_all(google, TOPIC)
    google.create(TOPIC_MEMBER, {**example(TOPIC_MEMBER), "member": AGENT})
    for time in (due(days=-1), due(minutes=3)):
        with pytest.raises(CloudError, match="at least 5 minutes in the future"):
            google.create(SECRET, reminding(time=time))
    secret_id, outputs = google.create(SECRET, reminding(time=due(minutes=7)))
    google.update(SECRET, secret_id, reminding(time=due(days=-1)), outputs)


@pytest.mark.parametrize(
    ("token", "path", "value", "refused"),
    [
        (SUBSCRIPTION, "name", "goog-x", "name"),
        (SUBSCRIPTION, "messageRetentionDuration", "2678401s", "messageRetentionDuration"),
        (SUBSCRIPTION, "ackDeadlineSeconds", 5, "ackDeadlineSeconds"),
        (SUBSCRIPTION, "filter", "eventType = SECRET_ROTATE", "filter"),
        (SUBSCRIPTION, "expirationPolicy.ttl", "3600s", "expirationPolicy.ttl"),
        (SUBSCRIPTION, "expirationPolicy.ttl", "never", "expirationPolicy.ttl"),
        (ALERT, "displayName", "", "displayName"),
        (ALERT, "combiner", "XOR", "combiner"),
        (ALERT, "conditions", [], "conditions"),
        (ALERT, THRESHOLD, None, "conditions[0]"),
        (ALERT, f"{THRESHOLD}.comparison", "COMPARISON_EQ", f"{AT}.comparison"),
        (ALERT, f"{THRESHOLD}.duration", "90s", f"{AT}.duration"),
        (ALERT, f"{THRESHOLD}.filter", 'resource.type = "x"', f"{AT}.filter"),
        (ALERT, f"{THRESHOLD}.aggregations", [{"alignmentPeriod": "30s"}], f"{AT}.aggregations[0].alignmentPeriod"),
        (
            ALERT,
            "alertStrategy",
            {"notificationChannelStrategies": [{"renotifyInterval": "172800s"}]},
            "alertStrategy.notificationChannelStrategies[0].renotifyInterval",
        ),
        (ALERT, "notificationChannels", ["x"] * 17, "notificationChannels"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    google: GoogleApi, token: str, path: str, value: Any, refused: str
) -> None:
    assert refused_paths(google, token, example(token)) == []
    assert refused_paths(google, token, example(token, path, value)) == [refused]


def test_a_subscription_needs_its_topic_and_an_alert_its_channels(google: GoogleApi) -> None:
    with pytest.raises(CloudError, match="Resource not found"):
        google.create(SUBSCRIPTION, example(SUBSCRIPTION))
    missing = f"projects/{PROJECT}/notificationChannels/1"
    with pytest.raises(CloudError, match=f"Notification channel {missing} does not exist"):
        google.create(ALERT, example(ALERT, "notificationChannels", [missing]))
    ids = create_all(google, TOPIC, SUBSCRIPTION, CHANNEL)
    google.create(ALERT, example(ALERT, "notificationChannels", [ids[CHANNEL]]))
