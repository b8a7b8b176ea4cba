"""What refuses to be deleted, and by what."""

from __future__ import annotations

from components.markdown import table
from stacks.describe.resource_graph import Node, ResourceGraph

BUCKET = "gcp:storage/bucket:Bucket"


def guards(node: Node) -> list[str]:
    """What keeps a resource: Pulumi, the provider, or the objects inside it."""
    found = []
    if node.protect:
        found.append("`protect`")
    if node.inputs.get("deletionProtection") is True:
        found.append("`deletion_protection`")
    if node.inputs.get("deletionPolicy") in ("PREVENT", "ABANDON"):
        found.append(f"deletion policy `{node.inputs['deletionPolicy']}`")
    if node.type == BUCKET and not node.inputs.get("forceDestroy", False):
        found.append("its objects (`force_destroy` is off)")
    return found


def protected_table(graph: ResourceGraph) -> str | None:
    """What is guarded as a table, guards of the composer's own included; None when there is nothing."""
    rows = [
        [f"{node.kind} `{node.name}`", ", ".join(found), f"{graph.owner(node).kind} {graph.owner(node).name}"]
        for node in [*graph.resources, *graph.guards]
        if (found := guards(node))
    ]
    return table(["resource", "kept by", "declared by"], rows) if rows else None
