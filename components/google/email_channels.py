"""E-mail addresses that Cloud Monitoring tells: their checks, and a channel for each. They cost nothing."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

#: Most addresses of one budget or reminder: a budget takes no more channels (docs.cloud.google.com/billing/docs/how-to/
#: notify-email-recipients, 2026).
MAX_EMAILS = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check_emails(emails: Sequence[str]) -> None:
    """Raises ValueError for none or too many addresses, for one named twice, and for what is no address."""
    if not 1 <= len(emails) <= MAX_EMAILS or len(set(emails)) < len(emails):
        raise ValueError(f"emails holds {len(emails)} addresses; 1 to {MAX_EMAILS} different ones")
    for email in emails:
        if not _EMAIL.fullmatch(email):
            raise ValueError(f"'{email}' is no e-mail address")


def email_channels(
    name: str,
    project: str,
    display_name: str,
    emails: Sequence[str],
    labels: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Output[str]]:
    """Makes a channel for each address; their names."""
    return [
        gcp.monitoring.NotificationChannel(
            f"{name}-{email}",
            project=project,
            display_name=f"{display_name}: {email}",
            type="email",
            labels={"email_address": email},
            user_labels=labels,
            opts=opts,
        ).name
        for email in emails
    ]
