"""The Kubernetes objects that an environment declares, as manifests.

They come from `stacks.describe.resource_graph`: the program in this process, as in a preview. What only an update knows is left
out there, so that the field's type is not checked; where the API requires such a field, it is reported as missing.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pulumi.runtime import rpc

from sandbox.paths import ROOT
from stacks.describe.resource_graph import Node, ResourceGraph, load_plan, resource_graph

ENVIRONMENTS = ("dev", "prod")
#: A chart's release: what it renders is made in the cluster.
RELEASE = "kubernetes:helm.sh/v3:Release"

Manifest = dict[str, Any]


@cache
def graph_of(environment: str) -> ResourceGraph:
    """Everything that an environment of this project registers; computed once in a process."""
    return resource_graph(load_plan(ROOT, environment))


def manifests_of(graph: ResourceGraph) -> list[Manifest]:
    """All Kubernetes objects of an environment but charts."""
    nodes = [node for node in graph.resources if node.type.startswith("kubernetes:") and node.type != RELEASE]
    return [manifest_of(node) for node in nodes]


def manifest_of(node: Node) -> Manifest:
    """One object as it goes to the API server; AssertionError for a resource that is none, such as a folder of YAML files."""
    manifest = _without_marks(node.inputs)
    assert {"apiVersion", "kind"} <= set(manifest), (
        f"{node.type} '{node.name}' is no single object: declare each by itself"
    )
    return manifest


def _without_marks(value: Any) -> Any:
    """The same with secrets as plain values and without Pulumi's own bookkeeping."""
    if isinstance(value, dict) and rpc.is_rpc_secret(value):
        return _without_marks(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _without_marks(member) for key, member in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_without_marks(member) for member in value]
    return value
