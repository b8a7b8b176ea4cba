"""Secret Manager: containers of secrets and who may read them. Limits: cloud.google.com/secret-manager/docs (2026)."""

from __future__ import annotations

from sandbox.providers.api import Properties
from sandbox.providers.gcp.limits import member_failures, name_failures, role_failures
from sandbox.providers.gcp.resource_type import ResourceType, World

SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105


def _needs_secret(world: World, inputs: Properties) -> str | None:
    name = str(inputs["secretId"]).rpartition("/")[2]
    if world.cloud.get(SECRET, f"projects/{world.project_of(inputs)}/secrets/{name}") is None:
        return f"Error 404: Secret [{name}] not found., notFound"
    return None


RESOURCE_TYPES = (
    ResourceType(
        token=SECRET,
        identity=lambda w, i: f"projects/{w.project_of(i)}/secrets/{i['secretId']}",
        computed=lambda w, i: {"name": f"projects/{w.project_of(i)}/secrets/{i.get('secretId')}"},
        replace=("secretId", "replication"),
        limits=lambda w, i: name_failures(
            "secretId", i.get("secretId"), r"[A-Za-z0-9_-]{1,255}", "1 to 255 letters, digits, hyphens and underscores"
        ),
        auto_name=None,
        labels="labels",
    ),
    ResourceType(
        token="gcp:secretmanager/secretIamMember:SecretIamMember",  # noqa: S106
        identity=lambda w, i: f"{i['secretId']}/{i['role']}/{i['member']}",
        computed=lambda w, i: {"etag": "BwYstandin="},
        replace=("secretId", "role", "member", "condition"),
        limits=lambda w, i: member_failures("member", i.get("member")) + role_failures("role", i.get("role")),
        refuses=_needs_secret,
        auto_name=None,
    ),
)
