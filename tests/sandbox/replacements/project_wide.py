"""APIs, keys, budgets, requests for quota and the identities of GitHub Actions."""

from __future__ import annotations

from components.google.encryption_keys import EncryptionKeys
from components.google.github_federation import PROJECT_IAM_ADMIN, GitHubFederation
from components.google.project_services import ProjectServices
from components.google.quota_needs import CEILING
from components.google.quota_preference import QuotaPreferences, QuotaWish
from components.google.rotation_reminder import RotationReminder
from components.google.team_budget import SpendBudget
from tests.sandbox.replacements.case import Arguments, Case, Subject
from tests.unit.components import (
    test_encryption_keys,
    test_github_federation,
    test_project_services,
    test_quota_preference,
    test_rotation_reminder,
    test_team_budget,
)

RING, KEY, USER = "kms.KeyRing", "kms.CryptoKey", "kms.CryptoKeyIAMMember"
POOL, PROVIDER = "iam.WorkloadIdentityPool", "iam.WorkloadIdentityPoolProvider"
ACCOUNT, TRUST, ROLE = "serviceaccount.Account", "serviceaccount.IAMMember", "projects.IAMMember"
BUDGET, CHANNEL = "billing.Budget", "monitoring.NotificationChannel"
REMINDER, ALERT = ("pubsub.Topic", "pubsub.TopicIAMMember", "pubsub.Subscription"), "monitoring.AlertPolicy"
REQUEST, API = "cloudquota.SQuotaPreference", "projects.Service"
L4 = "NVIDIA-L4-GPUS-per-project-region"


def keys(number: int) -> Arguments:
    return {**test_encryption_keys.args("cluster", protect=False), "key_ring": f"ring-{number}"}


def federation(number: int) -> Arguments:
    return {
        **test_github_federation.args(),
        "pool_id": f"pool-{number}",
        "deployer_account_id": f"deployer-{number}",
        "preview_account_id": f"preview-{number}",
    }


def budget(number: int) -> Arguments:
    return test_team_budget.args(display_name=f"budget {number}")


def reminder(number: int) -> Arguments:
    emails = ["one@a.example"]
    return {**test_rotation_reminder.arguments(), "name": f"reminder-{number}", "emails": emails}


def request(number: int) -> Arguments:
    """Each for a region of its own: there is one request for a quota and its dimensions."""
    return {**test_quota_preference.preferences(wish(number))}


def wish(number: int, value: int = 8) -> QuotaWish:
    return test_quota_preference.wish(L4, value, region=f"us-east{number + 1}")


def apis(number: int) -> Arguments:
    return {**test_project_services.services("run.googleapis.com"), "project": f"project-{number}"}


SUBJECTS = (
    Subject(
        ProjectServices,
        apis,
        [
            Case({"project": "other"}, replaced=[API]),
            Case({"services": ["dns.googleapis.com"]}, created=[API], deleted=[API]),
        ],
    ),
    Subject(
        EncryptionKeys,
        keys,
        [
            Case({"key_ring": "other"}, replaced=[RING, KEY, USER]),
            Case({"region": "us-east1"}, replaced=[RING, KEY, USER]),
            Case({"project_number": "100000000009"}, replaced=[USER]),
            Case({"purposes": ["cluster", "buckets"]}, created=[KEY, USER]),
            Case({"labels": {"team": "other"}}, updated=[KEY]),
            Case({"protect": True}),
        ],
    ),
    Subject(
        GitHubFederation,
        federation,
        [
            Case({"pool_id": "other"}, replaced=[POOL, PROVIDER, TRUST]),
            Case(
                {"deployer_account_id": "other-deployer", "preview_account_id": "other-preview"},
                replaced=[ACCOUNT, TRUST, ROLE],
            ),
            Case({"repository": "example/other"}, updated=[PROVIDER, ACCOUNT], created=[TRUST], deleted=[TRUST]),
            Case(
                {"project_number": "100000000009", "owner_id": "42", "grantable_roles": ["roles/browser"]},
                replaced=[TRUST, ROLE],
                updated=[PROVIDER],
                start={"deployer_roles": [PROJECT_IAM_ADMIN], "grantable_roles": ["roles/run.viewer"]},
            ),
            Case(
                {
                    "deploy_environments": ["dev", "test"],
                    "deploy_refs": ["refs/heads/main"],
                    "deployer_roles": ["roles/run.admin"],
                },
                created=[TRUST],
                deleted=[ROLE],
            ),
        ],
    ),
    Subject(
        SpendBudget,
        budget,
        [
            Case({"billing_account": "AAAAAA-BBBBBB-CCCCCC"}, replaced=[BUDGET]),
            Case(
                {"team": "other", "amount_usd": 9, "tell_billing_admins": True, "project_number": "100000000009"},
                updated=[BUDGET],
            ),
            Case({"display_name": "other"}, updated=[BUDGET, CHANNEL]),
            Case({"labels": {"team": "other"}}, updated=[CHANNEL]),
            Case({"emails": ["other@a.example"]}, updated=[BUDGET], created=[CHANNEL], deleted=[CHANNEL]),
        ],
    ),
    Subject(
        RotationReminder,
        reminder,
        [
            Case({"name": "other"}, replaced=REMINDER, updated=[ALERT, CHANNEL]),
            Case({"region": "us-east1"}, updated=[REMINDER[0]]),
            Case({"project_number": "210987654321"}, replaced=[REMINDER[1]]),
            Case({"emails": ["other@a.example"]}, updated=[ALERT], created=[CHANNEL], deleted=[CHANNEL]),
            Case({"labels": {"team": "other"}}, updated=[REMINDER[0], REMINDER[2], ALERT, CHANNEL]),
        ],
    ),
    Subject(
        QuotaPreferences,
        request,
        [
            Case({"wishes": [wish(0, value=16)]}, updated=[REQUEST]),
            Case({"wishes": [wish(9)]}, created=[REQUEST], deleted=[REQUEST]),
            Case({"wishes": [test_quota_preference.wish(CEILING)]}, created=[REQUEST], deleted=[REQUEST]),
            Case({"contact_email": "other@a.example", "justification": "Other."}),
            Case({"project": "other"}, replaced=[REQUEST]),
        ],
    ),
)
