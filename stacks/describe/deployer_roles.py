"""The roles that whoever runs `pulumi up` needs, from the types of the resources that environments declare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from components.google.github_federation import GitHubFederation
from components.markdown import table
from stacks.describe.resource_graph import ResourceGraph
from stacks.describe.role_table import GRANTED_ELSEWHERE, PROJECT, PROJECT_GRANT, roles_for

#: What preflight reads before a preview (components/google/preflight.py); no resource of the stack.
PREFLIGHT_ROLES = ("roles/cloudquotas.viewer", "roles/compute.viewer")


@dataclass(frozen=True, slots=True)
class Needed:
    """One role of the deployer, and the types that need it."""

    role: str
    on: str
    types: tuple[str, ...]


def needed_roles(graphs: Iterable[ResourceGraph]) -> list[Needed]:
    """The deployer's roles for these environments together, in alphabetical order."""
    types = {node.type for graph in graphs for node in graph.resources}
    by_role: dict[str, set[str]] = {}
    for resource_type in types:
        for role in roles_for(resource_type):
            by_role.setdefault(role, set()).add(resource_type)
    return [
        Needed(role, GRANTED_ELSEWHERE.get(role, PROJECT), tuple(sorted(found)))
        for role, found in sorted(by_role.items())
    ]


def roles_table(graphs: Iterable[ResourceGraph]) -> str:
    """The same as a table, with what preflight reads."""
    graphs = list(graphs)
    rows = [
        [f"`{needed.role}`", needed.on, ", ".join(f"`{_short(t)}`" for t in needed.types)]
        for needed in needed_roles(graphs)
    ]
    if any(graph.plan.environment.settings.preflight == "auto" for graph in graphs):
        rows += [[f"`{role}`", PROJECT, "preflight: reads quotas and zones"] for role in PREFLIGHT_ROLES]
    return table(["role", "on", "for"], rows)


def granted_on_project(graphs: Iterable[ResourceGraph]) -> list[str]:
    """Roles that the program grants on the project: all that a deployer must be able to hand out there.

    Those of GitHub's identities are left out: a person grants them, since whoever could would make themselves anything.
    """
    return sorted(
        {
            str(node.inputs.get("role"))
            for graph in graphs
            for node in graph.of(PROJECT_GRANT)
            if graph.owner(node).kind != GitHubFederation.__name__
        }
    )


def _short(resource_type: str) -> str:
    """`gcp:compute/network:Network` as `gcp compute.Network`."""
    package, module, name = resource_type.split(":")
    return f"{package} {module.partition('/')[0]}.{name}"
