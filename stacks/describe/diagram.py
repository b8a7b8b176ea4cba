"""The architecture as a Mermaid diagram: a box for each component with the number of its resources, an arrow to what it needs."""

from __future__ import annotations

import re
from collections import Counter

from stacks.describe.resource_graph import Node, ResourceGraph

#: Where the resources of a component live: the groups of the diagram.
GOOGLE, BOTH, KUBERNETES = "Google Cloud", "Google Cloud and Kubernetes", "Kubernetes"


def components(graph: ResourceGraph) -> dict[str, list[Node]]:
    """The resources of each outermost component, by its URN; a resource outside of components stands for itself."""
    found: dict[str, list[Node]] = {node.urn: [] for node in graph.nodes.values() if _is_outermost(graph, node)}
    for resource in graph.resources:
        found[graph.owner(resource).urn].append(resource)
    return found


def arrows(graph: ResourceGraph) -> set[tuple[str, str]]:
    """(component, component that it refers to or waits for), by URN, without those that follow from others."""
    needed: dict[str, set[str]] = {urn: set() for urn in components(graph)}
    for node in graph.nodes.values():
        if node.is_provider:
            continue
        owner = graph.owner(node).urn
        others = {graph.owner(graph.nodes[urn]).urn for urn in graph.needs(node) if urn in graph.nodes}
        needed[owner] |= {other for other in others if other != owner and other in needed}
    return {
        (owner, other)
        for owner, others in needed.items()
        for other in others
        # a way that leads back is no reason to leave an arrow out
        if not any(_leads(needed, step, other, {owner}) for step in others - {other})
    }


def mermaid(graph: ResourceGraph) -> str:
    """The diagram as text, the same for the same graph."""
    members = components(graph)
    ids = _ids([graph.nodes[urn] for urn in members])
    groups: dict[str, list[str]] = {}
    for urn, resources in members.items():
        box = f'    {ids[urn]}["{_label(graph.nodes[urn], resources)}"]'
        groups.setdefault(_where(resources), []).append(box)
    lines = ["flowchart LR"]
    for number, where in enumerate(where for where in (GOOGLE, BOTH, KUBERNETES) if where in groups):
        lines += [f'  subgraph where{number}["{where}"]', *sorted(groups[where]), "  end"]
    return "\n".join([*lines, *sorted(f"  {ids[owner]} --> {ids[other]}" for owner, other in arrows(graph))])


def _is_outermost(graph: ResourceGraph, node: Node) -> bool:
    return not node.is_provider and node.parent not in graph.nodes


def _leads(needed: dict[str, set[str]], start: str, goal: str, seen: set[str]) -> bool:
    """True when `goal` can be reached from `start` without passing what has been seen."""
    if goal in needed[start]:
        return True
    seen = seen | {start}
    return any(_leads(needed, step, goal, seen) for step in needed[start] - seen)


def _where(resources: list[Node]) -> str:
    in_cluster = {resource.type.startswith("kubernetes:") for resource in resources}
    return BOTH if len(in_cluster) == 2 else KUBERNETES if in_cluster == {True} else GOOGLE


def _label(node: Node, resources: list[Node]) -> str:
    count = f"{len(resources)} resource{'' if len(resources) == 1 else 's'}"
    name = node.name.replace('"', "'")
    return f"<b>{node.kind}</b><br/>{name}<br/>{count}" if node.is_component else f"<b>{node.kind}</b><br/>{name}"


def _ids(nodes: list[Node]) -> dict[str, str]:
    """A name for each box that Mermaid accepts and that stays the same when others come or go."""
    plain = {node.urn: re.sub(r"\W", "_", f"{node.kind}_{node.name}") for node in nodes}
    count = Counter(plain.values())
    seen: Counter[str] = Counter()
    ids = {}
    for urn, name in sorted(plain.items()):
        seen[name] += 1
        ids[urn] = name if count[name] == 1 else f"{name}_{seen[name]}"
    return ids
