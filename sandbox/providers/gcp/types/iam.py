"""Service accounts, project roles and services. Limits: cloud.google.com/iam/docs/service-accounts-create (2026)."""

from __future__ import annotations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import member_failures, name_failures, role_failures
from sandbox.providers.gcp.references import ACCOUNT, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, digits


def _account_limits(world: World, inputs: Properties) -> list[Failure]:
    rule = "6 to 30 lower-case letters, digits and hyphens, a letter first, no hyphen last"
    found = name_failures("accountId", inputs.get("accountId"), r"[a-z][-a-z0-9]{4,28}[a-z0-9]", rule)
    return found + name_failures("displayName", inputs.get("displayName"), r"[\s\S]{0,100}", "at most 100 characters")


def _email(world: World, inputs: Properties) -> str:
    return f"{inputs.get('accountId')}@{world.project_of(inputs)}.iam.gserviceaccount.com"


def _service_limits(world: World, inputs: Properties) -> list[Failure]:
    return name_failures(
        "service", inputs.get("service"), r"[a-z0-9.-]+\.googleapis\.com", "a service ends with .googleapis.com"
    )


RESOURCE_TYPES = (
    ResourceType(
        token=ACCOUNT,
        identity=lambda w, i: f"projects/{w.project_of(i)}/serviceAccounts/{_email(w, i)}",
        computed=lambda w, i: {
            "email": _email(w, i),
            "member": f"serviceAccount:{_email(w, i)}",
            "name": f"projects/{w.project_of(i)}/serviceAccounts/{_email(w, i)}",
            "uniqueId": digits(_email(w, i), 21),
        },
        replace=("accountId",),
        limits=_account_limits,
        auto_name=None,
    ),
    ResourceType(
        token="gcp:projects/iAMMember:IAMMember",  # noqa: S106
        identity=lambda w, i: f"{i['project']}/{i['role']}/{i['member']}",
        computed=lambda w, i: {"etag": "BwYstandin="},
        replace=("role", "member", "condition"),
        limits=lambda w, i: member_failures("member", i.get("member")) + role_failures("role", i.get("role")),
        refuses=needs_member,
        auto_name=None,
    ),
    ResourceType(
        token="gcp:projects/service:Service",  # noqa: S106
        identity=lambda w, i: f"{w.project_of(i)}/{i['service']}",
        replace=("service",),
        limits=_service_limits,
        auto_name=None,
    ),
)
