"""What orders the pools of a ladder, and how pods come to it."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi.runtime
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from components.google.gpu_node_pool import COMPUTE_CLASS_KEY
from components.kubernetes.compute_class import ComputeClass, ComputeClassArgs
from components.kubernetes.engine_pod import (
    ACCELERATOR_LABEL,
    COMPUTE_CLASS_LABEL,
    PLATFORM_ACCELERATOR_LABEL,
    POOL_LABEL,
    choose_nodes,
)

CLASS = "kubernetes:cloud.google.com/v1:ComputeClass"


class _Objects(Mocks):
    """Keeps what is registered: (type, name, inputs)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"{args.token} is looked up")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.seen.append((args.typ, args.name, args.inputs))
        return args.name, args.inputs


def ladder(name: str = "ladder-g2", pools: tuple[str, ...] = ("spot", "on-demand")) -> ComputeClassArgs:
    return ComputeClassArgs(name=name, pools=list(pools), labels={"team": "platform"})


def test_pools_are_tried_one_after_the_other_and_nothing_else_is() -> None:
    objects, names = _Objects(), []
    pulumi.runtime.set_mocks(objects)

    @pulumi.runtime.test
    def run() -> pulumi.Output[None]:
        return ComputeClass("ladder", ladder()).class_name.apply(names.append)

    run()
    # known once the object exists
    assert names == ["ladder-g2"]
    (inputs,) = [inputs for kind, _, inputs in objects.seen if kind == CLASS]
    assert (inputs["apiVersion"], inputs["kind"]) == ("cloud.google.com/v1", "ComputeClass")
    assert inputs["metadata"] == {"name": "ladder-g2", "labels": {"team": "platform"}}
    spec = inputs["spec"]
    # GKE keeps no order inside a rule, so that each pool has one of its own
    assert spec["priorities"] == [{"nodepools": ["spot"]}, {"nodepools": ["on-demand"]}]
    assert spec["whenUnsatisfiable"] == "DoNotScaleUp"
    assert spec["nodePoolAutoCreation"] == {"enabled": False}
    assert spec["activeMigration"] == {"optimizeRulePriority": False}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (ladder(name="gke-l4"), "name is 'gke-l4'; names that begin with gke or autopilot"),
        (ladder(name="autopilot-l4"), "begin with gke or autopilot"),
        (ladder(name="L4"), "name is 'L4'; at most 63"),
        (ladder(name="a" * 64), "at most 63"),
        (ladder(pools=()), "pools is empty"),
        (ladder(pools=("spot", "spot")), "more than once: spot, spot"),
    ],
)
def test_what_gke_does_not_take_is_refused_before_it_is_registered(args: ComputeClassArgs, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ComputeClass("ladder", args)


def test_a_pod_on_a_ladder_chooses_the_class_and_never_the_gpu_by_gkes_label() -> None:
    nodes = choose_nodes("nvidia-l4", "ladder-g2-standard-24")
    chosen = nodes["nodeSelector"]
    assert ACCELERATOR_LABEL not in chosen
    assert chosen[PLATFORM_ACCELERATOR_LABEL] == "nvidia-l4"
    assert chosen[COMPUTE_CLASS_LABEL] == chosen[POOL_LABEL] == "ladder-g2-standard-24"
    assert {taint["key"]: taint.get("value") for taint in nodes["tolerations"]} == {
        "nvidia.com/gpu": None,
        "cloud.google.com/compute-class": "ladder-g2-standard-24",
    }


def test_nodes_and_pods_mean_the_same_label() -> None:
    assert COMPUTE_CLASS_KEY == COMPUTE_CLASS_LABEL


def test_a_pod_on_a_single_pool_bears_no_class() -> None:
    nodes = choose_nodes("nvidia-l4", "g2-standard-24-spot")
    assert COMPUTE_CLASS_LABEL not in nodes["nodeSelector"]
    assert [taint["key"] for taint in nodes["tolerations"]] == ["nvidia.com/gpu"]
