"""Requests for more quota. Optional: most organisations ask for quota by hand, once, before a stack needs it.

Owns the requests, not the quota: Google decides, at once or after days, and may refuse; `granted` says what it is for now.
Removing one from the stack does not take it back: the API has no way to delete a request, and creating the same one again
fails until it is imported. So one stack asks for a quota, for one project. Replaced when: project changes; another quota or other
dimensions are another request. Google lowers a quota at once when less is asked for than is granted, and refuses it when that is
more than a tenth less. A later change of e-mail address or justification is not sent: the API never returns either, so that the
provider would send them again with every update. Costs nothing.
Source: docs.cloud.google.com/docs/quotas/reference/rest/v1/projects.locations.quotaPreferences (2026),
hashicorp/terraform-provider-google issue 19202 (open, 2025-08).
"""

from collections.abc import Iterable
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.quota_needs import Need
from components.package import token

#: Longest id of a request.
ID_LENGTH = 63


class QuotaWish(TypedDict):
    """A quota that is asked for."""

    service: str
    """Service that the quota belongs to, such as compute.googleapis.com."""
    quota_id: str
    """Id of the quota, such as GPUS-ALL-REGIONS-per-project."""
    dimensions: dict[str, str]
    """What the quota is for: region, gpu_family. Empty: the whole project."""
    value: int
    """Value that is asked for, in the unit of the quota."""


class QuotaPreferencesArgs(TypedDict):
    """Arguments of QuotaPreferences."""

    project: str
    """Id of the project."""
    contact_email: str
    """Whom Google may ask; must be allowed to change quotas of the project."""
    justification: str
    """Why the quota is needed."""
    wishes: list[QuotaWish]
    """The quotas."""


class QuotaPreferences(pulumi.ComponentResource):
    """One request a quota."""

    granted: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: QuotaPreferencesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args["wishes"])
        super().__init__(token(QuotaPreferences), name, {}, opts)
        granted: dict[str, pulumi.Output[str]] = {}
        for wish in args["wishes"]:
            request = gcp.cloudquota.SQuotaPreference(
                f"{name}-{request_id(wish)}",
                name=request_id(wish),
                parent=f"projects/{args['project']}",
                service=wish["service"],
                quota_id=wish["quota_id"],
                dimensions=wish["dimensions"],
                contact_email=args["contact_email"],
                justification=args["justification"],
                quota_config={"preferred_value": str(wish["value"])},
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=["contact_email", "justification"]),
            )
            granted[request_id(wish)] = request.quota_config.apply(lambda config: config.granted_value or "0")
        self.granted = pulumi.Output.all(**granted)
        self.register_outputs({"granted": self.granted})


def wishes_of(needs: Iterable[Need]) -> list[QuotaWish]:
    """Wishes for exactly what a stack needs."""
    return [
        QuotaWish(
            service=need.quota.service,
            quota_id=need.quota.quota_id,
            dimensions=need.quota.dimensions,
            value=need.units,
        )
        for need in needs
    ]


def request_id(wish: QuotaWish) -> str:
    """Id of the request for a wish: the quota and its dimensions."""
    quota = wish["quota_id"].lower()
    for part in (
        "-per-project-region",
        "perprojectregion",
        "gpualloc",
    ):  # what all have in common, for the sake of length
        quota = quota.replace(part, "")
    places = [value.lower().replace("_", "-") for _, value in sorted(wish["dimensions"].items())]
    return "-".join([quota, *places])


def _refuse(wishes: list[QuotaWish]) -> None:
    if not wishes:
        raise ValueError("wishes is empty")
    ids = [request_id(wish) for wish in wishes]
    if len(set(ids)) < len(ids):
        raise ValueError(f"wishes name one quota more than once: {', '.join(ids)}")
    for wish, name in zip(wishes, ids, strict=True):
        if wish["value"] < 0:
            raise ValueError(f"value of {wish['quota_id']} is {wish['value']}; it must not be negative")
        if len(name) > ID_LENGTH:
            raise ValueError(f"the id of the request, {name}, is longer than {ID_LENGTH} characters")
