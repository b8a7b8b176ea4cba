"""Grants of a role to a member on something: what all of Google's `...IamMember` resources have in common."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import member_failures, role_failures
from sandbox.providers.gcp.resource_type import ResourceType, World


def member_limits(world: World, inputs: Properties) -> list[Failure]:
    """What is wrong with member and role by themselves."""
    return member_failures("member", inputs.get("member")) + role_failures("role", inputs.get("role"))


def iam_member(
    token: str,
    holder: Callable[[World, Properties], str],
    holder_fields: tuple[str, ...],
    refuses: Callable[[World, Properties], str | None],
    limits: Callable[[World, Properties], list[Failure]] = member_limits,
) -> ResourceType:
    """The type of a grant on `holder` (its id), which the inputs `holder_fields` name. Every change of it replaces it."""
    return ResourceType(
        token=token,
        identity=lambda w, i: f"{holder(w, i)}/{i['role']}/{i['member']}",
        computed=lambda w, i: {"etag": "BwYstandin="},
        replace=(*holder_fields, "role", "member", "condition"),
        limits=limits,
        refuses=refuses,
        auto_name=None,
    )
