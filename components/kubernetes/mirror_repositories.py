"""The repositories of Artifact Registry that a mirror's images come from. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.kubernetes.chart_release import Mirror

#: What `mirror_prefixes` of registry_references.py makes.
_PREFIX = re.compile(r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<repository>[^/]+)")


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository, by what names it."""

    location: str
    project: str
    repository: str


def mirror_repositories(mirror: Mirror) -> list[Repository]:
    """Each repository once; mirrors outside Artifact Registry are others' to let read."""
    found = (_PREFIX.match(prefix) for prefix in mirror.get("images", {}).values())
    return sorted({Repository(**match.groupdict()) for match in found if match})
