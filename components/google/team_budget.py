"""Budget of a team, or of the whole environment, that tells by e-mail how much of a month's money is spent.

Owns the budget and the channels by which it tells. **It only tells: nothing is stopped or scaled down, and Google counts a cost
up to a day late.** A team's budget counts what carries the team's label: not the GPU pools, which teams share. Costs nothing.
Replaced when: billing account changes. Needs `roles/billing.costsManager` on the billing account, which must bill in USD. With a
person's own credentials (not a service account's) the provider must be given `billing_project` and `user_project_override=True`,
or Google answers 403.
Source: docs.cloud.google.com/billing/docs/how-to/budgets (2026).
"""

import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.email_channels import check_emails, email_channels
from components.labels import TEAM, is_label_value
from components.package import token

#: Shares of the amount at which mail is sent, with what is compared: what has been spent, or what the month will come to.
THRESHOLDS = ((0.5, "CURRENT_SPEND"), (0.9, "CURRENT_SPEND"), (1.0, "CURRENT_SPEND"), (1.0, "FORECASTED_SPEND"))
_BILLING_ACCOUNT = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")


class SpendBudgetArgs(TypedDict):
    """Arguments of SpendBudget."""

    display_name: str
    """Name of the budget in reports and mails."""
    billing_account: str
    """Billing account, `012345-6789AB-CDEF01`."""
    project: str
    """Google Cloud project of the channels."""
    project_number: str
    """Number of the project whose costs count."""
    team: NotRequired[str]
    """Count only what carries this team's label; without it, all costs of the project."""
    amount_usd: int
    """Amount of a calendar month in whole USD."""
    emails: list[str]
    """Addresses that are told, 1 to 5."""
    tell_billing_admins: bool
    """Tell the administrators of the billing account as well."""
    labels: dict[str, str]
    """Google labels of the channels; a budget carries none."""


class SpendBudget(pulumi.ComponentResource):
    """A monthly budget that tells of spend."""

    budget_name: pulumi.Output[str]

    def __init__(self, name: str, args: SpendBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__(token(SpendBudget), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        channels = email_channels(name, args["project"], args["display_name"], args["emails"], args["labels"], child)
        team = args.get("team")
        budget = gcp.billing.Budget(
            name,
            display_name=args["display_name"],
            billing_account=args["billing_account"],
            budget_filter=gcp.billing.BudgetBudgetFilterArgs(
                projects=[f"projects/{args['project_number']}"],
                labels={TEAM: team} if team else None,
                calendar_period="MONTH",
                credit_types_treatment="INCLUDE_ALL_CREDITS",
            ),
            amount=gcp.billing.BudgetAmountArgs(
                specified_amount=gcp.billing.BudgetAmountSpecifiedAmountArgs(
                    currency_code="USD", units=str(int(args["amount_usd"]))
                )
            ),
            threshold_rules=[
                gcp.billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis=basis)
                for share, basis in THRESHOLDS
            ],
            all_updates_rule=gcp.billing.BudgetAllUpdatesRuleArgs(
                monitoring_notification_channels=channels,
                disable_default_iam_recipients=not args["tell_billing_admins"],
            ),
            opts=child,
        )
        self.budget_name = budget.name
        self.register_outputs({"budget_name": self.budget_name})


def _refuse(args: SpendBudgetArgs) -> None:
    if not _BILLING_ACCOUNT.fullmatch(args["billing_account"]):
        raise ValueError(f"billing_account is '{args['billing_account']}'; it looks like 012345-6789AB-CDEF01")
    if int(args["amount_usd"]) < 1 or int(args["amount_usd"]) != args["amount_usd"]:
        raise ValueError(f"amount_usd is {args['amount_usd']}; whole USD, at least 1")
    check_emails(args["emails"])
    if "team" in args and not is_label_value(args["team"]):
        raise ValueError(f"team is '{args['team']}', which no label can hold")
