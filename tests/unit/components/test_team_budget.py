"""What a budget counts, when it tells, and whom.

Decided here without a cloud: inputs and refusals. How Google counts a label's cost is for a real bill to show.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.google.team_budget import SpendBudget, SpendBudgetArgs
from tests.unit.components.registering import Program, previews_the_same, register

BUDGET = "gcp:billing/budget:Budget"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"


def args(**changes: Any) -> SpendBudgetArgs:
    plain = {
        "display_name": "gemma dev: payments",
        "billing_account": "012345-6789AB-CDEF01",
        "project": "p",
        "project_number": "100000000001",
        "team": "payments",
        "amount_usd": 4000,
        "emails": ["payments-ml@example.com"],
        "tell_billing_admins": False,
        "labels": {"team": "payments"},
    }
    return cast(SpendBudgetArgs, {key: value for key, value in (plain | changes).items() if value is not None})


def budget(**changes: Any) -> Program:
    return register(lambda: SpendBudget("payments", args(**changes)))


def test_a_teams_budget_counts_what_carries_its_label_in_this_project() -> None:
    counted = budget().one(BUDGET).inputs["budgetFilter"]
    assert counted["projects"] == ["projects/100000000001"]
    assert counted["labels"] == {"team": "payments"}
    assert counted["calendarPeriod"] == "MONTH"


def test_without_a_team_all_costs_of_the_project_count() -> None:
    assert "labels" not in budget(team=None).one(BUDGET).inputs["budgetFilter"]


@pytest.mark.parametrize("amount", [4000, 4000.0])
def test_the_amount_is_in_whole_dollars_however_the_number_arrives(amount: float) -> None:
    amount_input = budget(amount_usd=amount).one(BUDGET).inputs["amount"]
    assert amount_input == {"specifiedAmount": {"currencyCode": "USD", "units": "4000"}}


def test_it_tells_at_50_90_and_100_percent_and_when_the_month_will_come_to_100() -> None:
    rules = budget().one(BUDGET).inputs["thresholdRules"]
    assert [(rule["thresholdPercent"], rule["spendBasis"]) for rule in rules] == [
        (0.5, "CURRENT_SPEND"),
        (0.9, "CURRENT_SPEND"),
        (1.0, "CURRENT_SPEND"),
        (1.0, "FORECASTED_SPEND"),
    ]


def test_it_tells_the_named_addresses_by_mail() -> None:
    program = budget(emails=["a@example.com", "b@example.com"])
    channels = program.of(CHANNEL)
    assert [channel.inputs["labels"]["email_address"] for channel in channels] == ["a@example.com", "b@example.com"]
    for channel in channels:
        assert channel.inputs["type"] == "email"
        assert channel.inputs["userLabels"] == {"team": "payments"}
    told = program.one(BUDGET).inputs["allUpdatesRule"]
    assert told["monitoringNotificationChannels"] == [
        "computed/payments-a@example.com",
        "computed/payments-b@example.com",
    ]
    assert "pubsubTopic" not in told


@pytest.mark.parametrize("tell", [True, False])
def test_the_billing_administrators_are_told_if_asked_for(tell: bool) -> None:
    told = budget(tell_billing_admins=tell).one(BUDGET).inputs["allUpdatesRule"]
    assert told["disableDefaultIamRecipients"] is not tell


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: SpendBudget("payments", args()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"billing_account": "billingAccounts/012345-6789AB-CDEF01"}, "looks like 012345"),
        ({"amount_usd": 0}, "at least 1"),
        ({"amount_usd": 99.5}, "whole USD"),
        ({"emails": []}, "holds 0 addresses; 1 to 5"),
        ({"emails": [f"{n}@example.com" for n in range(6)]}, "holds 6 addresses"),
        ({"emails": ["a@example.com", "a@example.com"]}, "different"),
        ({"emails": ["payments"]}, "no e-mail address"),
        ({"team": "Payments Team"}, "no label can hold"),
    ],
)
def test_what_google_would_not_take_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SpendBudget("payments", args(**changes))
