"""Which objects of a stack belong in which team's namespace, as a preview sees it. No rule by itself.

At admission the namespace's own label decides. A preview may not know a namespace's name yet, but labels are static by design.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.kubernetes.team_namespace import TEAM_LABEL
from components.labels import PLATFORM_TEAM, TEAM
from policy.rules.resource_types import NAMESPACE
from policy.rules.rule import UNKNOWN, Resource


def team_namespaces(resources: Sequence[Resource]) -> Iterator[Resource]:
    """The namespaces that are marked as a team's."""
    for resource in resources:
        if resource.type == NAMESPACE and resource.at("metadata", "labels", TEAM_LABEL) is not None:
            yield resource


def in_namespace(resource: Resource, namespace: Resource) -> bool:
    """True where the object stands in the namespace: by the names where both are known, else by the labels of the team."""
    stated, name = resource.at("metadata", "namespace"), namespace.at("metadata", "name")
    if isinstance(stated, str) and isinstance(name, str):
        return stated == name
    team = resource.at("metadata", "labels", TEAM)
    return isinstance(team, str) and team == namespace.at("metadata", "labels", TEAM_LABEL)


def is_of_a_team(resource: Resource) -> bool:
    """False for what the platform labels as its own. Whatever has no such label is judged as a team's, which is stricter."""
    return resource.at("metadata", "labels", TEAM) != PLATFORM_TEAM


def has_name(resource: Resource, name: str) -> bool:
    """True where the object has that name, or may have it."""
    return resource.at("metadata", "name") in (name, UNKNOWN)
