"""Tells people by e-mail that the value of a secret is due to be replaced, until one of them says that it is done.

Owns a Pub/Sub topic that Secret Manager publishes to, the right of Secret Manager's agent to do so and of nobody else, a
subscription that keeps the reminders and lets everything else pass by, and an alert that mails once a day as long as one is kept.
It creates no secret, reads none and replaces no value. Who has replaced a value says so by
`gcloud pubsub subscriptions pull <subscription> --auto-ack`; a reminder that nobody takes is forgotten after 31 days.
Secret Manager's agent exists once `gcloud beta services identity create --service secretmanager.googleapis.com` was run.
Idle cost: none for topic and subscription, which are paid by volume; the alert's condition by month (price not looked up).
Replaced when: name or region changes; the alert and its channels change in place.
Sources: docs.cloud.google.com/secret-manager/docs/{secret-rotation,event-notifications}, /pubsub/docs/subscription-message-filter
and /monitoring/alerts/concepts-indepth (2026).
"""

import re
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.email_channels import check_emails, email_channels
from components.google.encryption_keys import service_agent
from components.package import token

PUBLISHER = "roles/pubsub.publisher"
#: Secret Manager tells of every change of a secret that has the topic; only this is a reminder.
REMINDERS_ONLY = 'attributes.eventType = "SECRET_ROTATE"'
#: The longest that Pub/Sub keeps a message: 31 days.
KEPT = f"{31 * 24 * 3600}s"
#: One mail a day.
MAIL_AGAIN = f"{24 * 3600}s"
_NAME = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9-]{2,254}")


class RotationReminderArgs(TypedDict):
    """Arguments of RotationReminder."""

    name: str
    """Name of topic and subscription."""
    project: str
    """Google Cloud project of the secrets."""
    project_number: str
    """Number of that project, whose agent of Secret Manager publishes."""
    region: str
    """Region in which the reminders are kept."""
    emails: list[str]
    """Addresses that are told, 1 to 5."""
    labels: dict[str, str]
    """Google labels."""


class RotationReminder(pulumi.ComponentResource):
    """Reminders of rotations. `topic` is known once Secret Manager may publish to it."""

    topic: pulumi.Output[str]
    subscription: pulumi.Output[str]

    def __init__(self, name: str, args: RotationReminderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_emails(args["emails"])
        if not _NAME.fullmatch(args["name"]):
            raise ValueError(
                f"name is '{args['name']}'; 3 to 255 letters, digits and hyphens, a letter first, not beginning with goog"
            )
        super().__init__(token(RotationReminder), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = gcp.pubsub.Topic(
            name,
            name=args["name"],
            message_storage_policy=gcp.pubsub.TopicMessageStoragePolicyArgs(
                allowed_persistence_regions=[args["region"]]
            ),
            labels=args["labels"],
            opts=child,
        )
        grant = gcp.pubsub.TopicIAMMember(
            f"{name}-agent",
            topic=topic.name,
            role=PUBLISHER,
            member=service_agent("secrets", args["project_number"]),
            opts=child,
        )
        subscription = gcp.pubsub.Subscription(
            name,
            name=args["name"],
            topic=topic.id,
            filter=REMINDERS_ONLY,
            message_retention_duration=KEPT,
            expiration_policy=gcp.pubsub.SubscriptionExpirationPolicyArgs(ttl=""),  # it never goes by itself
            labels=args["labels"],
            opts=child,
        )
        _alert(name, args, self)
        # Secret Manager looks at the right when a secret gets the topic
        self.topic = pulumi.Output.all(topic.id, grant.id).apply(lambda ids: ids[0])
        self.subscription = subscription.name
        self.register_outputs({"topic": self.topic, "subscription": self.subscription})


def _alert(name: str, args: RotationReminderArgs, parent: pulumi.Resource) -> None:
    child, title = pulumi.ResourceOptions(parent=parent), f"{args['name']}: a secret is due"
    channels = email_channels(name, args["project"], args["name"], args["emails"], args["labels"], child)
    waiting = (
        'resource.type = "pubsub_subscription" AND metric.type = "pubsub.googleapis.com/subscription/num_undelivered_messages" '
        f'AND resource.labels.subscription_id = "{args["name"]}"'
    )
    gcp.monitoring.AlertPolicy(
        name,
        project=args["project"],
        display_name=title,
        combiner="OR",
        conditions=[
            gcp.monitoring.AlertPolicyConditionArgs(
                display_name="a reminder waits",
                condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                    filter=waiting,
                    comparison="COMPARISON_GT",
                    threshold_value=0,
                    duration="0s",
                    aggregations=[
                        gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                            alignment_period="300s", per_series_aligner="ALIGN_MAX"
                        )
                    ],
                ),
            )
        ],
        notification_channels=channels,
        alert_strategy=gcp.monitoring.AlertPolicyAlertStrategyArgs(
            notification_channel_strategies=[
                gcp.monitoring.AlertPolicyAlertStrategyNotificationChannelStrategyArgs(
                    notification_channel_names=channels, renotify_interval=MAIL_AGAIN
                )
            ]
        ),
        documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
            content=_instructions(args), mime_type="text/markdown"
        ),
        user_labels=args["labels"],
        opts=child,
    )


def _instructions(args: RotationReminderArgs) -> str:
    subscription = f"{args['name']} --project={args['project']}"
    return (
        "The value of a secret is due to be replaced.\n\n"
        f"1. See which: `gcloud pubsub subscriptions pull {subscription} --limit=10`, attribute `secretId`.\n"
        '2. Get a new value where the old one is from, and add it: `printf %s "$VALUE" | gcloud secrets versions add <secret id> '
        "--data-file=-`.\n"
        "3. When everything that reads it works, disable the old version, and withdraw it where it is from.\n"
        f"4. End these mails: `gcloud pubsub subscriptions pull {subscription} --auto-ack --limit=10`.\n"
    )
