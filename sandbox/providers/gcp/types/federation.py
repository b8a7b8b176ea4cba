"""Workload Identity Federation: pools of foreign identities, and who vouches for them. Both are gone only 30 days after a delete.

What forces replacement and limits: terraform-provider-google iam_workload_identity_pool and ..._provider (2026-08).
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import exactly_one, name_failures, one_of
from sandbox.providers.gcp.references import WORKLOAD_POOL
from sandbox.providers.gcp.resource_type import DELETED, ResourceType, World, digits
from sandbox.providers.values import at, entries, known

PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
ID = r"(?!gcp-)[a-z0-9-]{4,32}"
ID_RULE = "4 to 32 lower-case letters, digits and hyphens, not beginning with gcp-"
MODES = ("FEDERATION_ONLY", "TRUST_DOMAIN", "SYSTEM_TRUST_DOMAIN")
SOURCES = ("aws", "oidc", "saml", "x509")
#: Issuer of all of GitHub: without a condition each of its users would be let in.
SHARED_ISSUER = "https://token.actions.githubusercontent.com"


def _pool_id(world: World, inputs: Properties, project: str | None = None) -> str:
    place = f"projects/{project or world.project_of(inputs)}/locations/global"
    return f"{place}/workloadIdentityPools/{inputs.get('workloadIdentityPoolId')}"


def _provider_id(world: World, inputs: Properties, project: str | None = None) -> str:
    return f"{_pool_id(world, inputs, project)}/providers/{inputs.get('workloadIdentityPoolProviderId')}"


def _numbered(world: World, inputs: Properties) -> str:
    """Names that Google gives back carry the project's number."""
    return digits(world.project_of(inputs), 12)


def _texts(inputs: Properties) -> list[Failure]:
    found = name_failures("displayName", inputs.get("displayName"), r"[\s\S]{0,32}", "at most 32 characters")
    return found + name_failures("description", inputs.get("description"), r"[\s\S]{0,256}", "at most 256 characters")


def _pool_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("workloadIdentityPoolId", inputs.get("workloadIdentityPoolId"), ID, ID_RULE)
    return found + _texts(inputs) + one_of("mode", inputs.get("mode"), MODES)


def _provider_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("workloadIdentityPoolId", inputs.get("workloadIdentityPoolId"), ID, ID_RULE)
    name = inputs.get("workloadIdentityPoolProviderId")
    found += name_failures("workloadIdentityPoolProviderId", name, ID, ID_RULE)
    found += _texts(inputs)
    found += exactly_one("", inputs, SOURCES)
    issuer, mapping = at(inputs, "oidc", "issuerUri"), inputs.get("attributeMapping")
    if known(issuer) and not str(issuer).startswith("https://"):
        found.append(("oidc.issuerUri", f"'{issuer}' must begin with https://"))
    if isinstance(inputs.get("oidc"), dict) and (
        mapping is None or ("google.subject" not in entries(mapping) and known(mapping))
    ):
        found.append(("attributeMapping", "an OIDC provider needs a mapping of google.subject"))
    for key in entries(mapping):
        if key not in ("google.subject", "google.groups") and not str(key).startswith("attribute."):
            found.append((f"attributeMapping.{key}", "keys are google.subject, google.groups or attribute.<name>"))
    condition = inputs.get("attributeCondition")
    if known(issuer) and str(issuer).startswith(SHARED_ISSUER) and condition is None:
        found.append(
            (
                "attributeCondition",
                f"is needed: {issuer} vouches for all of its customers. The attribute condition must reference one of the "
                "provider's claims",
            )
        )
    if known(condition) and len(str(condition)) > 4096:
        found.append(("attributeCondition", "at most 4096 characters"))
    return found


def _providers(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    """Providers go with their pool; they come back only with it."""
    pool = _pool_id(world, inputs)
    for record in world.cloud.all(PROVIDER):
        if _pool_id(world, record["inputs"]) == pool:
            yield PROVIDER, record["id"]


def _needs_pool(world: World, inputs: Properties) -> str | None:
    pool = _pool_id(world, inputs)
    return None if world.find(WORKLOAD_POOL, pool) else f"Error 404: Requested entity was not found: {pool}., notFound"


def _soft_deleted(inputs: Properties, outputs: Properties) -> Properties:
    return {**outputs, "state": DELETED}


RESOURCE_TYPES = (
    ResourceType(
        token=WORKLOAD_POOL,
        identity=_pool_id,
        computed=lambda w, i: {"name": _pool_id(w, i, _numbered(w, i)), "state": "ACTIVE"},
        replace=("workloadIdentityPoolId",),
        limits=_pool_limits,
        contents=_providers,
        stays=_soft_deleted,
        auto_name=None,
    ),
    ResourceType(
        token=PROVIDER,
        identity=_provider_id,
        computed=lambda w, i: {"name": _provider_id(w, i, _numbered(w, i)), "state": "ACTIVE"},
        replace=("workloadIdentityPoolId", "workloadIdentityPoolProviderId"),
        limits=_provider_limits,
        refuses=_needs_pool,
        stays=_soft_deleted,
        auto_name=None,
    ),
)
