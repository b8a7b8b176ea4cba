"""Which repositories of an environment mirror which registries. Pure."""

from __future__ import annotations

from components.google.registry_references import mirror_prefixes
from components.naming import Scope, Service, cloud_name
from stacks.settings import EnvironmentSettings


def mirror_repositories(settings: EnvironmentSettings, environment: str) -> dict[str, str]:
    """Repository by registry; empty without mirrors."""
    scope = Scope(settings.project, environment)
    registries = settings.mirror.registries if settings.mirror else ()
    return {registry: cloud_name(Service.REPOSITORY, scope, registry.replace(".", "-")) for registry in registries}


def image_mirrors(settings: EnvironmentSettings, environment: str) -> dict[str, str]:
    """What stands instead of each registry's name in a reference, by registry."""
    return mirror_prefixes(settings.project, settings.region, mirror_repositories(settings, environment))
