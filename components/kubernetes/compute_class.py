"""A ladder of node pools: GKE's custom ComputeClass, which says in which pool a waiting pod's node is made first, which second.

Owns that object; the pools exist before it and carry its name as label and taint `cloud.google.com/compute-class`, so that each
pool is in one class at most. Pods choose the class by the same label and must not choose the GPU by GKE's own label beside it:
GKE refuses labels that a ComputeClass has a field for.
GKE takes the next pool when it cannot make a node in the one before: no capacity, no quota, or the pool is at its maximum. A pod
goes to a node that already stands, whatever pool that is in; it moves up the ladder when it starts anew, not before.
Costs nothing. Replaced when: the name changes. Changes of the order count for new nodes only.
Source: cloud.google.com/kubernetes-engine/docs/concepts/about-custom-compute-classes (2026-04-13).
"""

import re
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.package import token

API_VERSION, KIND = "cloud.google.com/v1", "ComputeClass"
#: The name is the value of a label too. Names that begin with these are GKE's own.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
RESERVED = ("gke", "autopilot")


class ComputeClassArgs(TypedDict):
    """Arguments of ComputeClass."""

    name: str
    """Name of the class, by which pods choose it."""
    pools: list[str]
    """Names of the node pools, the one to try first in front."""
    labels: dict[str, str]
    """Kubernetes labels of the object."""


class ComputeClass(pulumi.ComponentResource):
    """Node pools in the order in which they are tried."""

    class_name: pulumi.Output[str]

    def __init__(self, name: str, args: ComputeClassArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args["name"], args["pools"])
        super().__init__(token(ComputeClass), name, {}, opts)
        made = k8s.apiextensions.CustomResource(
            name,
            api_version=API_VERSION,
            kind=KIND,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=args["name"], labels=args["labels"]),
            spec=make_spec(args["pools"]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.class_name = made.id.apply(lambda _: args["name"])
        self.register_outputs({"class_name": self.class_name})


def make_spec(pools: list[str]) -> dict[str, object]:
    """Spec of the object; pure."""
    return {
        # one rule a pool: GKE keeps no order among the pools of one rule
        "priorities": [{"nodepools": [pool]} for pool in pools],
        # written out, as its default has changed with a GKE version: never a node that nobody sized
        "whenUnsatisfiable": "DoNotScaleUp",
        # moving up the ladder would evict a loaded model, and its successor needs minutes to load
        "activeMigration": {"optimizeRulePriority": False},
        "nodePoolAutoCreation": {"enabled": False},
    }


def _refuse(name: str, pools: list[str]) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"name is '{name}'; at most 63 lower-case letters, digits and hyphens are allowed")
    if name.startswith(RESERVED):
        raise ValueError(f"name is '{name}'; names that begin with {' or '.join(RESERVED)} are GKE's own")
    if not pools:
        raise ValueError("pools is empty; name the node pools in the order in which they are tried")
    if len(set(pools)) < len(pools):
        raise ValueError(f"pools names one more than once: {', '.join(pools)}")
