"""What a project itself has: enabled services, the budget of its billing account, and where alerts go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, same
from tests.google_api.tables.common import DELETION, parts

SERVICE = Table(
    "serviceusage.v1:services.enable",
    {
        **DELETION,
        **parts("name", "project", "service"),
        "checkIfServiceHasUsageOnDestroy": Drop("belongs to the request that disables"),
        "disableDependentServices": Drop("belongs to the request that disables"),
        "disableOnDestroy": Drop("the provider's own: whether it disables at all"),
    },
)


def _in_lists(value: Any) -> Any:
    """The API takes a list of values for each label, Pulumi one value."""
    return {key: [member] for key, member in value.items()} if isinstance(value, Mapping) else value


_DATE: Fields = same("year", "month", "day")

BUDGET = Table(
    "billingbudgets.v1:billingAccounts.budgets.create",
    {
        **DELETION,
        **parts("parent", "billingAccount"),
        **same("displayName", "ownershipScope"),
        "amount": Block(
            "amount",
            {
                "specifiedAmount": Block("specifiedAmount", same("currencyCode", "nanos", "units")),
                "lastPeriodAmount": To("lastPeriodAmount", lambda wanted: {} if wanted is True else wanted),
            },
        ),
        "budgetFilter": Block(
            "budgetFilter",
            {
                **same("calendarPeriod", "creditTypes", "creditTypesTreatment", "projects", "resourceAncestors"),
                **same("services", "subaccounts"),
                "labels": To("labels", _in_lists),
                "customPeriod": Block(
                    "customPeriod", {"startDate": Block("startDate", _DATE), "endDate": Block("endDate", _DATE)}
                ),
            },
        ),
        "thresholdRules": Blocks("thresholdRules", same("thresholdPercent", "spendBasis")),
        "allUpdatesRule": Block(
            "notificationsRule",
            {
                **same("disableDefaultIamRecipients", "enableProjectLevelRecipients"),
                **same("monitoringNotificationChannels", "pubsubTopic", "schemaVersion"),
            },
        ),
    },
)

_VERSION = Drop("the provider's own: a new version makes it send the write-only value again")

NOTIFICATION_CHANNEL = Table(
    "monitoring.v3:projects.notificationChannels.create",
    {
        **DELETION,
        **parts("name", "project"),
        "forceDelete": Drop("belongs to the request that deletes"),
        **same("type", "description", "displayName", "enabled", "labels", "userLabels"),
        "sensitiveLabels": Block(
            "labels",
            {
                "authToken": To("auth_token"),
                "authTokenWo": To("auth_token"),
                "authTokenWoVersion": _VERSION,
                "password": To("password"),
                "passwordWo": To("password"),
                "passwordWoVersion": _VERSION,
                "serviceKey": To("service_key"),
                "serviceKeyWo": To("service_key"),
                "serviceKeyWoVersion": _VERSION,
            },
        ),
    },
)

_AGGREGATION: Fields = same("alignmentPeriod", "crossSeriesReducer", "groupByFields", "perSeriesAligner")

#: An alert on a metric above or below a number; conditions of other kinds are not used.
ALERT_POLICY = Table(
    "monitoring.v3:projects.alertPolicies.create",
    {
        **DELETION,
        **parts("name", "project"),
        **same("combiner", "displayName", "enabled", "notificationChannels", "severity", "userLabels"),
        "alertStrategy": Block(
            "alertStrategy",
            {
                **same("autoClose", "notificationPrompts"),
                "notificationChannelStrategies": Blocks(
                    "notificationChannelStrategy", same("notificationChannelNames", "renotifyInterval")
                ),
                "notificationRateLimit": Block("notificationRateLimit", same("period")),
            },
        ),
        "conditions": Blocks(
            "conditions",
            {
                **same("displayName", "name"),
                "conditionThreshold": Block(
                    "conditionThreshold",
                    {
                        **same("comparison", "denominatorFilter", "duration", "evaluationMissingData", "filter"),
                        **same("thresholdValue"),
                        "aggregations": Blocks("aggregations", _AGGREGATION),
                        "denominatorAggregations": Blocks("denominatorAggregations", _AGGREGATION),
                        "forecastOptions": Block("forecastOptions", same("forecastHorizon")),
                        "trigger": Block("trigger", same("count", "percent")),
                    },
                ),
            },
        ),
        "documentation": Block(
            "documentation",
            {**same("content", "mimeType", "subject"), "links": Blocks("links", same("displayName", "url"))},
        ),
    },
)

TABLES = {
    "gcp:monitoring/alertPolicy:AlertPolicy": ALERT_POLICY,
    "gcp:projects/service:Service": SERVICE,
    "gcp:billing/budget:Budget": BUDGET,
    "gcp:monitoring/notificationChannel:NotificationChannel": NOTIFICATION_CHANNEL,
}
