"""Which TLS a load balancer speaks. Limits and what forces replacement: terraform-provider-google compute_ssl_policy,
compute_region_ssl_policy (2026-08)."""

from __future__ import annotations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures, one_of
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.types.compute import API, NAME, NAME_RULE
from sandbox.providers.values import known

PROFILES = ("COMPATIBLE", "MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205")
VERSIONS = ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3")
EXCHANGES = ("DEFAULT", "ENABLED", "DEFERRED")


def _limits(world: World, inputs: Properties) -> list[Failure]:
    profile, features = inputs.get("profile"), inputs.get("customFeatures")
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += one_of("profile", profile, PROFILES)
    found += one_of("minTlsVersion", inputs.get("minTlsVersion"), VERSIONS)
    found += one_of("postQuantumKeyExchange", inputs.get("postQuantumKeyExchange"), EXCHANGES)
    if profile == "CUSTOM" and not features:
        found.append(("customFeatures", "is missing, the profile CUSTOM needs it"))
    if features and (profile is None or known(profile)) and profile != "CUSTOM":
        found.append(("customFeatures", "using custom_features requires the profile to be CUSTOM"))
    return found


def _path(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/global/sslPolicies/{inputs.get('name')}"


def _regional_path(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/regions/{world.region_of(inputs)}/sslPolicies/{inputs.get('name')}"


def _computed(path: str) -> Properties:
    return {
        "selfLink": f"{API}{path}",
        "creationTimestamp": "2026-01-01T00:00:00.000-08:00",
        "fingerprint": "stand-in",
        "enabledFeatures": ["TLS_AES_128_GCM_SHA256"],
    }


RESOURCE_TYPES = (
    ResourceType(
        token="gcp:compute/sSLPolicy:SSLPolicy",  # noqa: S106
        identity=_path,
        computed=lambda w, i: _computed(_path(w, i)),
        replace=("name", "description"),
        limits=_limits,
    ),
    ResourceType(
        token="gcp:compute/regionSslPolicy:RegionSslPolicy",  # noqa: S106
        identity=_regional_path,
        computed=lambda w, i: _computed(_regional_path(w, i)),
        replace=("name", "description", "region"),
        limits=_limits,
    ),
)
