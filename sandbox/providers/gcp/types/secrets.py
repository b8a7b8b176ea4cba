"""Secret Manager: containers of secrets and who may read them. Limits: cloud.google.com/secret-manager/docs (2026)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.providers.api import Properties
from sandbox.providers.gcp.limits import member_failures, name_failures, role_failures
from sandbox.providers.gcp.references import needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World

SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105
MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"


def _secret_id(world: World, inputs: Properties) -> str:
    """The id of a secret that is named by its id or its short name."""
    name = str(inputs["secretId"])
    return name if "/" in name else f"projects/{world.project_of(inputs)}/secrets/{name}"


def _needs_secret(world: World, inputs: Properties) -> str | None:
    secret = _secret_id(world, inputs)
    if world.cloud.get(SECRET, secret) is None:
        return f"Error 404: Secret [{secret}] not found., notFound"
    return needs_member(world, inputs)


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(MEMBER):
        if _secret_id(world, record["inputs"]) == _secret_id(world, inputs):
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=SECRET,
        identity=_secret_id,
        computed=lambda w, i: {"name": f"projects/{w.project_of(i)}/secrets/{i.get('secretId')}"},
        replace=("secretId", "replication"),
        limits=lambda w, i: name_failures(
            "secretId", i.get("secretId"), r"[A-Za-z0-9_-]{1,255}", "1 to 255 letters, digits, hyphens and underscores"
        ),
        contents=_members,
        auto_name=None,
        labels="labels",
    ),
    ResourceType(
        token=MEMBER,
        identity=lambda w, i: f"{_secret_id(w, i)}/{i['role']}/{i['member']}",
        computed=lambda w, i: {"etag": "BwYstandin="},
        replace=("secretId", "role", "member", "condition"),
        limits=lambda w, i: member_failures("member", i.get("member")) + role_failures("role", i.get("role")),
        refuses=_needs_secret,
        auto_name=None,
    ),
)
