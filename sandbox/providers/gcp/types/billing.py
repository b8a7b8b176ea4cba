"""Budgets and who hears of them. Limits: terraform-provider-google billing_budget, monitoring_notification_channel (2026-08),
cloud.google.com/billing/docs/how-to/budgets and cloud.google.com/monitoring/alerts/using-channels-api (2026)."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, exactly_one, name_failures, one_of
from sandbox.providers.gcp.resource_type import ResourceType, World, digits, handed_out, letters
from sandbox.providers.gcp.types.pubsub import needs_topic
from sandbox.providers.values import at, entries, items, known

BUDGET = "gcp:billing/budget:Budget"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
ACCOUNT = r"(billingAccounts/)?[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}"
TREATMENTS = ("INCLUDE_ALL_CREDITS", "EXCLUDE_ALL_CREDITS", "INCLUDE_SPECIFIED_CREDITS")
PERIODS = ("MONTH", "QUARTER", "YEAR", "CALENDAR_PERIOD_UNSPECIFIED")
SCOPES = ("OWNERSHIP_SCOPE_UNSPECIFIED", "ALL_USERS", "BILLING_ACCOUNT")
CHANNELS_PER_BUDGET = 5
#: The label that a kind of channel cannot do without; kinds that are not listed are not checked.
CHANNEL_LABELS = {
    "email": "email_address",
    "sms": "number",
    "pubsub": "topic",
    "slack": "channel_name",
    "webhook_tokenauth": "url",
    "webhook_basicauth": "url",
}
SECRETS = ("authToken", "password", "serviceKey", "authTokenWo", "passwordWo", "serviceKeyWo")


def _account(inputs: Properties) -> str:
    return str(inputs["billingAccount"]).removeprefix("billingAccounts/")


def _budget_limits(world: World, inputs: Properties) -> list[Failure]:
    account = inputs.get("billingAccount")
    found = name_failures("billingAccount", account, ACCOUNT, "a billing account looks like 012345-6789AB-CDEF01")
    found += name_failures("displayName", inputs.get("displayName"), r"[\s\S]{0,60}", "at most 60 characters")
    found += one_of("ownershipScope", inputs.get("ownershipScope"), SCOPES)
    found += _amount_limits(inputs.get("amount")) + _filter_limits(inputs.get("budgetFilter"))
    for index, rule in enumerate(items(inputs.get("thresholdRules"))):
        path = f"thresholdRules[{index}]"
        percent, basis = at(rule, "thresholdPercent"), at(rule, "spendBasis")
        if known(percent) and percent < 0:
            found.append((f"{path}.thresholdPercent", f"{percent} is negative; 0.9 means 90%"))
        found += one_of(f"{path}.spendBasis", basis, ("CURRENT_SPEND", "FORECASTED_SPEND"))
        if basis == "FORECASTED_SPEND" and known(at(inputs, "budgetFilter", "customPeriod")):
            found.append((f"{path}.spendBasis", "a budget over a period of one's own has no forecast"))
    return found + _update_limits(inputs)


def _amount_limits(amount: object) -> list[Failure]:
    found = exactly_one("amount", amount, ("lastPeriodAmount", "specifiedAmount"))
    units, currency = at(amount, "specifiedAmount", "units"), at(amount, "specifiedAmount", "currencyCode")
    found += name_failures(
        "amount.specifiedAmount.units", units, r"\d+", "a whole number as text; cents stand in nanos"
    )
    found += between("amount.specifiedAmount.nanos", at(amount, "specifiedAmount", "nanos"), 0, 999_999_999)
    return found + name_failures(
        "amount.specifiedAmount.currencyCode",
        currency,
        r"[A-Z]{3}",
        "a currency has three capitals, the billing account's own",
    )


def _filter_limits(filters: object) -> list[Failure]:
    found = one_of("budgetFilter.creditTypesTreatment", at(filters, "creditTypesTreatment"), TREATMENTS)
    found += one_of("budgetFilter.calendarPeriod", at(filters, "calendarPeriod"), PERIODS)
    for name, pattern, rule in (
        ("projects", r"projects/[^/]+", "projects/<number>"),
        ("services", r"services/[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", "services/<id> such as services/24E6-581D-38E5"),
    ):
        for index, value in enumerate(items(at(filters, name))):
            found += name_failures(f"budgetFilter.{name}[{index}]", value, pattern, f"its form is {rule}")
    if known(at(filters, "calendarPeriod")) and known(at(filters, "customPeriod")):
        found.append(("budgetFilter.customPeriod", "calendarPeriod and customPeriod exclude each other"))
    if len(entries(at(filters, "labels"))) > 1:
        found.append(("budgetFilter.labels", "a budget filters by one label at most"))
    specified = at(filters, "creditTypesTreatment") == "INCLUDE_SPECIFIED_CREDITS"
    if items(at(filters, "creditTypes")) and not specified and known(at(filters, "creditTypesTreatment")):
        found.append(("budgetFilter.creditTypes", "needs creditTypesTreatment INCLUDE_SPECIFIED_CREDITS"))
    return found


def _update_limits(inputs: Properties) -> list[Failure]:
    rule = inputs.get("allUpdatesRule")
    topic, channels = at(rule, "pubsubTopic"), at(rule, "monitoringNotificationChannels")
    found = name_failures(
        "allUpdatesRule.pubsubTopic", topic, r"projects/[^/]+/topics/[^/]+", "projects/<project>/topics/<topic>"
    )
    if len(items(channels)) > CHANNELS_PER_BUDGET:
        path = "allUpdatesRule.monitoringNotificationChannels"
        found.append((path, f"{len(items(channels))} channels, at most {CHANNELS_PER_BUDGET} are allowed"))
    empty = isinstance(rule, dict) and topic is None and not channels and not rule.get("enableProjectLevelRecipients")
    if empty:
        found.append(
            ("allUpdatesRule", "needs pubsubTopic, monitoringNotificationChannels or enableProjectLevelRecipients")
        )
    return found


def _listeners_missing(world: World, inputs: Properties) -> str | None:
    """Topic and channels of the own project must exist."""
    if (topic := at(inputs, "allUpdatesRule", "pubsubTopic")) and (reason := needs_topic(world, inputs, topic)):
        return reason
    return channel_missing(world, items(at(inputs, "allUpdatesRule", "monitoringNotificationChannels")))


def channel_missing(world: World, channels: Sequence[str]) -> str | None:
    """A refusal when a channel of the own project does not exist."""
    for channel in channels:
        if channel.startswith(f"projects/{world.project}/") and not world.find(CHANNEL, channel):
            return f"Error 400: Notification channel {channel} does not exist, badRequest"
    return None


def _channel_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("displayName", inputs.get("displayName"), r"[\s\S]{0,512}", "at most 512 characters")
    found += name_failures("description", inputs.get("description"), r"[\s\S]{0,1024}", "at most 1024 characters")
    labels, kind = inputs.get("labels"), inputs.get("type")
    needed = CHANNEL_LABELS.get(kind) if isinstance(kind, str) else None
    if needed and (labels is None or (known(labels) and not labels.get(needed))):
        found.append((f"labels.{needed}", f"is missing, a channel of type {kind} needs it"))
    address = entries(labels).get("email_address")
    found += name_failures("labels.email_address", address, r"[^@\s]+@[^@\s]+\.[^@\s]+", "it is no e-mail address")
    if inputs.get("sensitiveLabels") is not None:
        found += exactly_one("sensitiveLabels", inputs["sensitiveLabels"], SECRETS)
    for key in entries(inputs.get("userLabels")):
        found += name_failures(
            f"userLabels.{key}", key, r"[a-z][a-z0-9_-]{0,62}", "1 to 63 lower-case letters, digits, _ and -"
        )
    return found


def _channel_id(world: World, inputs: Properties) -> str:
    number = digits(handed_out(world, inputs, CHANNEL), 19)
    return f"projects/{world.project_of(inputs)}/notificationChannels/{number}"


def _budget_name(world: World, inputs: Properties) -> str:
    return letters(handed_out(world, inputs, BUDGET), 32)


RESOURCE_TYPES = (
    ResourceType(
        token=BUDGET,
        identity=lambda w, i: f"billingAccounts/{_account(i)}/budgets/{_budget_name(w, i)}",
        computed=lambda w, i: {"name": _budget_name(w, i)},
        replace=("billingAccount",),
        limits=_budget_limits,
        enforces=_listeners_missing,
        kept=("name",),
        auto_name=None,
    ),
    ResourceType(
        token=CHANNEL,
        identity=_channel_id,
        computed=lambda w, i: {"name": _channel_id(w, i), "verificationStatus": ""},
        limits=_channel_limits,
        kept=("name",),
        auto_name=None,
    ),
)
