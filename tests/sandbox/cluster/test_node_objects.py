"""Node pools of the cloud as nodes, and which pods get new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.cluster.node_objects import (
    GPU_TAINT,
    ZONE_LABEL,
    Pool,
    has_outlived,
    machine_size,
    make_node,
    next_zone,
    node_change,
    node_names,
    read_pool,
)
from sandbox.cluster.pod_fit import Plan, Room, plan, requests_of, room_of, selects, tolerates


def record(name: str = "spot", most: int = 3, **config: Any) -> dict[str, Any]:
    made = {
        "name": name,
        "cluster": "dev",
        "location": "us-central1-a",
        "nodeLocations": ["us-central1-a", "us-central1-b"],
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": most},
        "nodeConfig": {
            "machineType": "g2-standard-12",
            "diskSizeGb": 200,
            "guestAccelerators": [{"count": 1, "type": "nvidia-l4"}],
            "labels": {"team": "a"},
            **config,
        },
    }
    return {"id": name, "inputs": made, "outputs": {}}


def pool(name: str = "spot", most: int = 3, **config: Any) -> Pool:
    return read_pool(record(name, most, **config))


def pod(name: str = "p", gpus: int = 1, **spec: Any) -> dict[str, Any]:
    requests = {"cpu": "4", "memory": "18Gi", "nvidia.com/gpu": str(gpus)}
    return {
        "metadata": {"name": name, "namespace": "team", "uid": name},
        "spec": {
            "containers": [{"resources": {"requests": requests}}],
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            **spec,
        },
    }


def planned(
    pods: Sequence[dict[str, Any]],
    pools: Sequence[Pool],
    rooms: Sequence[Room] = (),
    ladders: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    counts = {one.name: sum(room.pool == one.name for room in rooms) for one in pools}
    return plan(pods, pools, rooms, counts, [room.name for room in rooms], ladders or {})


def standing(of: Pool, *pods: Mapping[str, Any]) -> Room:
    return room_of(make_node(of, node_names(of, (), 1)[0], of.zones[0]), pods)


def test_a_gpu_node_is_kwoks_and_keeps_pods_without_toleration_away() -> None:
    node = make_node(pool(), "n", "us-central1-b")
    assert node["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake"
    assert node["spec"]["taints"] == [GPU_TAINT]
    labels = node["metadata"]["labels"]
    assert labels["cloud.google.com/gke-accelerator"] == "nvidia-l4"
    assert (labels["topology.kubernetes.io/region"], labels[ZONE_LABEL]) == ("us-central1", "us-central1-b")


def test_a_system_node_is_served_here_and_ready_at_once() -> None:
    made = record()
    del made["inputs"]["autoscaling"]
    made["inputs"] |= {"nodeCount": 2, "nodeConfig": {"machineType": "e2-standard-4", "labels": {}}}
    system = read_pool(made)
    node = make_node(system, "n", "us-central1-a")
    assert (system.minimum, system.maximum, system.autoscaled) == (4, 4, False)
    assert "kwok.x-k8s.io/node" not in node["metadata"]["annotations"]
    assert node["metadata"]["labels"]["sandbox.gemma-platform/kubelet"] == "local"
    assert node["status"]["conditions"][0]["status"] == "True"


def test_pods_get_what_gke_leaves_of_a_machine() -> None:
    capacity, allocatable = pool().resources()
    assert (capacity["cpu"], allocatable["cpu"], allocatable["nvidia.com/gpu"]) == ("12", "11900m", "1")
    # 200 GiB: a tenth for eviction, 6 + 70 for GKE
    assert allocatable["ephemeral-storage"] == f"{104 * 1024}Mi"


@pytest.mark.parametrize(
    ("cards", "gpus"),
    [
        ({"gpuSharingConfig": {"gpuSharingStrategy": "TIME_SHARING", "maxSharedClientsPerGpu": 4}}, 8),
        ({"gpuPartitionSize": "3g.40gb"}, 4),
        ({"gpuPartitionSize": "1g.5gb"}, 14),
        ({"gpuPartitionSize": "1g.45gb"}, 8),
        ({"gpuPartitionSize": "2g.48gb"}, 4),
    ],
)
def test_shared_and_cut_cards_count_several_times(cards: dict[str, Any], gpus: int) -> None:
    assert pool(guestAccelerators=[{"count": 2, "type": "x", **cards}]).gpus == gpus


@pytest.mark.parametrize(
    ("machine", "size"), [("n2-highmem-4", (4, 32)), ("e2-custom-4-10240", (4, 10)), ("e2-standard-4", (4, 16))]
)
def test_the_size_of_a_machine_without_a_row_is_read_from_its_name(machine: str, size: tuple[int, int]) -> None:
    assert machine_size(machine) == size


def test_names_of_nodes_are_short_distinct_and_the_same_each_time() -> None:
    long = pool("p" * 60)
    names = node_names(long, (), 3)
    assert len(set(names)) == 3
    assert all(len(name) <= 63 for name in names)
    assert node_names(long, names[:1], 2) == names[1:]


def test_nodes_are_spread_over_the_zones() -> None:
    assert next_zone(pool(), ["us-central1-a"]) == "us-central1-b"


def test_a_changed_label_reaches_a_node_and_foreign_taints_stay() -> None:
    old, new = pool(labels={"team": "a", "old": "x"}), pool(labels={"team": "b"})
    node = make_node(old, "n", "us-central1-a")
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    node["spec"]["taints"].append(cordon)
    assert node_change(old, node) is None
    change = node_change(new, node)
    assert change is not None
    assert (change["metadata"]["labels"]["team"], change["metadata"]["labels"]["old"]) == ("b", None)
    assert change["spec"]["taints"] == [GPU_TAINT, cordon]
    assert not has_outlived(new, node)


def test_a_node_of_another_machine_or_zone_is_not_the_pools_any_more() -> None:
    node = make_node(pool(), "n", "us-central1-a")
    assert has_outlived(pool(machineType="g2-standard-24"), node)
    moved = record()
    moved["inputs"]["nodeLocations"] = ["us-central1-b"]
    assert has_outlived(read_pool(moved), node)


def test_each_pod_that_needs_a_node_gets_one_up_to_the_maximum_and_the_rest_hears_which_pool_is_full() -> None:
    result = planned([pod("a"), pod("b"), pod("c")], [pool(most=2), pool("system", guestAccelerators=[])])
    assert [room.zone for room in result.new] == ["us-central1-a", "us-central1-b"]
    assert [message for _, message in result.grown] == ["pod triggered scale-up: [{spot 0->2 (max: 2)}]"] * 2
    assert [message for _, message in result.refused] == [
        "pod didn't trigger scale-up: 1 max node group size reached (pool spot: 2 of 2 nodes), 1 Insufficient nvidia.com/gpu"
    ]


def test_two_pods_share_a_new_node_that_has_room_for_both() -> None:
    two = pool(guestAccelerators=[{"count": 2, "type": "nvidia-l4"}])
    assert len(planned([pod("a"), pod("b")], [two]).new) == 1


def test_a_node_that_is_coming_counts_and_is_expected_to_fill() -> None:
    room = standing(pool())
    result = planned([pod()], [pool()], [room])
    assert (result.new, result.expected) == ([], {room.name})


def test_a_full_node_makes_the_pool_grow_by_another_name() -> None:
    room = standing(pool(), pod("a"))
    (new,) = planned([pod("b")], [pool()], [room]).new
    assert new.name != room.name
    assert new.zone == "us-central1-b"


def test_a_ladder_is_tried_in_its_order_and_left_when_a_pool_is_full() -> None:
    label = "cloud.google.com/compute-class"
    of_class = {"labels": {label: "l"}, "taints": [{"key": label, "value": "l", "effect": "NO_SCHEDULE"}]}
    pools = [pool("a", most=1, **of_class), pool("z", most=1, **of_class), pool("other")]
    bears = [{"operator": "Exists"}]
    pods = [pod(name, nodeSelector={label: "l"}, tolerations=bears) for name in "123"]
    result = planned(pods, pools, ladders={"l": ["z", "a"]})
    assert [room.pool for room in result.new] == ["z", "a"]
    assert "pool z: 1 of 1 nodes, pool a: 1 of 1 nodes" in result.refused[0][1]
    assert "ComputeClass l does not exist" in planned(pods[:1], pools).refused[0][1]


def test_a_pod_of_one_zone_gets_its_node_there() -> None:
    terms = [{"matchExpressions": [{"key": ZONE_LABEL, "operator": "In", "values": ["us-central1-b"]}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    (room,) = planned([pod(affinity=affinity)], [pool()]).new
    assert room.zone == "us-central1-b"


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [("NotIn", ["x"], False), ("Exists", [], True), ("DoesNotExist", [], False), ("Gt", ["3"], False)],
)
def test_operators_of_affinity(operator: str, values: list[str], holds: bool) -> None:
    terms = [{"matchExpressions": [{"key": "k", "operator": operator, "values": values}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert selects({"affinity": affinity}, {"k": "x"}, "n") is holds


def test_a_toleration_of_another_value_does_not_help() -> None:
    assert not tolerates([{"key": "nvidia.com/gpu", "operator": "Equal", "value": "absent"}], GPU_TAINT)
    assert tolerates([{"key": "nvidia.com/gpu", "operator": "Equal", "value": "present"}], GPU_TAINT)


def test_sidecars_and_the_start_of_a_pod_count() -> None:
    def container(cpu: str, **more: str) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {
        "containers": [container("1"), container("500m")],
        "initContainers": [container("1", restartPolicy="Always"), container("3")],
    }
    assert requests_of(spec)["cpu"] == 4
