"""Generates docs/google.md and docs/deployer-roles.md from what the environments declare (`python -m stacks.google_page`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.google.github_federation import only_grants
from components.sizing.replicas import HOURS_PER_MONTH
from stacks.describe.deployer_roles import granted_on_project, roles_table
from stacks.describe.diagram import components, mermaid
from stacks.describe.identities import identities_table
from stacks.describe.idle_cost import idle_table
from stacks.describe.page import ROOT, render
from stacks.describe.protected import protected_table
from stacks.describe.quotas import quota_table
from stacks.describe.resource_graph import ResourceGraph, load_plan, resource_graph
from stacks.environment_names import environment_names

PAGE = ROOT / "docs" / "google.md"
DEPLOYER_PAGE = ROOT / "docs" / "deployer-roles.md"


def environment_graphs(root: Path = ROOT) -> list[ResourceGraph]:
    """The graph of every environment that has a stack file, in alphabetical order."""
    return [resource_graph(load_plan(root, name)) for name in environment_names(root)]


def render_page(graphs: Sequence[ResourceGraph]) -> str:
    """docs/google.md. Raises MissingRowError naming the table that lacks a row for something declared."""
    return render("google.md.j2", environments=[_described(graph) for graph in graphs], hours=HOURS_PER_MONTH)


def render_deployer_page(graphs: Sequence[ResourceGraph]) -> str:
    """docs/deployer-roles.md. Raises MissingRowError for a type without roles."""
    project_roles = granted_on_project(graphs)
    return render(
        "deployer-roles.md.j2",
        names=" and ".join(graph.environment for graph in graphs),
        roles=roles_table(graphs),
        project_roles=project_roles,
        condition=only_grants(project_roles),
    )


def _described(graph: ResourceGraph) -> dict[str, Any]:
    settings = graph.plan.environment.settings
    return {
        "name": graph.environment,
        "project": settings.project,
        "region": settings.region,
        "count": len(graph.resources),
        "components": len(components(graph)),
        "diagram": mermaid(graph),
        "identities": identities_table(graph),
        "idle": idle_table(graph),
        "quota": quota_table(graph.plan),
        "quota_requested": settings.quota.request is not None,
        "protected": protected_table(graph),
    }


if __name__ == "__main__":
    described = environment_graphs()
    for target, text in ((PAGE, render_page(described)), (DEPLOYER_PAGE, render_deployer_page(described))):
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.relative_to(ROOT)}")
