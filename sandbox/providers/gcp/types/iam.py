"""Service accounts, project roles and services. Limits: cloud.google.com/iam/docs/service-accounts-create (2026). Switching
services off: terraform-provider-google google_project_service (2026-08)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.references import ACCOUNT, PROJECT_MEMBER, needs_account, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, digits
from sandbox.providers.gcp.rules.grants import iam_member, member_limits

ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
SERVICE = "gcp:projects/service:Service"
#: Services that need another one, which cannot be switched off as long as they are on.
DEPENDS = {"container.googleapis.com": ("compute.googleapis.com",)}


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


def _service_in_use(world: World, inputs: Properties) -> str | None:
    """A service that others depend on stays on, unless these are to go with it; asked only when it would be switched off."""
    if not inputs.get("disableOnDestroy") or inputs.get("disableDependentServices"):
        return None
    service, project = inputs["service"], world.project_of(inputs)
    active = (
        name for name, needed in DEPENDS.items() if service in needed and world.find(SERVICE, f"{project}/{name}")
    )
    if (others := ", ".join(active)) == "":
        return None
    return (
        f"Error 400: The service {service} is depended on by the following active service(s): {others}. "
        "Please specify disable_dependent_services=true if you want to proceed with disabling all services., failedPrecondition"
    )


def _account_id(inputs: Properties) -> str:
    return str(inputs["serviceAccountId"])


def _needs_bound_account(world: World, inputs: Properties) -> str | None:
    return needs_account(world, _account_id(inputs).rpartition("/")[2]) or needs_member(world, inputs)


def _account_member_limits(world: World, inputs: Properties) -> list[Failure]:
    found = member_limits(world, inputs)
    rule = "the full name is needed: projects/<project>/serviceAccounts/<email>"
    pattern = r"projects/[^/]+/serviceAccounts/[^/]+"
    return found + name_failures("serviceAccountId", inputs.get("serviceAccountId"), pattern, rule)


def _account_members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(ACCOUNT_MEMBER):
        if _account_id(record["inputs"]).endswith(f"/{_email(world, inputs)}"):
            yield ACCOUNT_MEMBER, record["id"]


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
        contents=_account_members,
        auto_name=None,
    ),
    iam_member(
        token=ACCOUNT_MEMBER,
        holder=lambda w, i: _account_id(i),
        holder_fields=("serviceAccountId",),
        refuses=_needs_bound_account,
        limits=_account_member_limits,
    ),
    iam_member(
        token=PROJECT_MEMBER,
        holder=lambda w, i: i["project"],
        holder_fields=(),
        refuses=needs_member,
    ),
    ResourceType(
        token=SERVICE,
        identity=lambda w, i: f"{w.project_of(i)}/{i['service']}",
        replace=("service",),
        limits=_service_limits,
        protected=_service_in_use,
        # unless it is to be switched off, only the state forgets it
        stays=lambda inputs, outputs: None if inputs.get("disableOnDestroy") else outputs,
        adopts=True,
        auto_name=None,
    ),
)
