"""The rounds of what stands in for the cluster autoscaler, against an API of plain dictionaries."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox.cluster import node_pools
from sandbox.cluster.api_server import ApiError, ApiServer, told
from sandbox.cluster.mirror import Mirror
from sandbox.cluster.node_objects import POOL_LABEL
from sandbox.cluster.node_pools import IDLE_SECONDS, NODE_POOL, NodePools, make_event
from sandbox.providers.cloud import Cloud
from tests.sandbox.cluster.test_node_objects import pod, record

NOW = datetime.datetime.now(datetime.UTC)


class Api:
    """Objects by kind and name; it is the mirror of itself."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}

    def all(self, _: str, kind: str) -> list[dict[str, Any]]:
        return [made for (held, _), made in self.objects.items() if held == kind]

    def list(self, _: str, kind: str, fields: str) -> list[dict[str, Any]]:
        node = fields.partition(",")[0].removeprefix("spec.nodeName=")
        return [made for made in self.all("", kind) if made["spec"].get("nodeName") == node]

    def create(self, made: dict[str, Any]) -> None:
        key = made["kind"], made["metadata"]["name"]
        if key in self.objects:
            raise ApiError(409, "AlreadyExists", "it is there")
        self.objects[key] = made

    def patch(self, made: dict[str, Any], change: dict[str, Any]) -> None:
        self.objects[made["kind"], made["metadata"]["name"]].update(change)

    def delete(self, made: dict[str, Any], grace: int | None = None) -> None:
        self.objects.pop((made["kind"], made["metadata"]["name"]), None)


class Round:
    """A cluster whose clock a test sets."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api, self.cloud, self.seconds = Api(), Cloud(folder), 0.0
        monkeypatch.setattr(node_pools.time, "monotonic", lambda: self.seconds)
        self.pools = NodePools(cast(ApiServer, self.api), cast(Mirror, self.api), self.cloud)

    def put(self, made: dict[str, Any]) -> None:
        self.cloud.put(NODE_POOL, made["id"], made["inputs"], made["outputs"])

    def pod(self, name: str, node: str | None = None, seconds: int = 10) -> None:
        since = told(datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds))
        waiting = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": since}
        made = {"kind": "Pod", **pod(name), "status": {"conditions": [waiting]}}
        made["metadata"]["creationTimestamp"] = since
        made["spec"] |= {"nodeName": node} if node else {}
        self.api.objects["Pod", name] = made

    def nodes(self) -> list[str]:
        return [made["metadata"]["name"] for made in self.api.all("", "Node")]

    def after(self, seconds: float) -> list[str]:
        self.seconds += seconds
        self.pools.reconcile()
        return self.nodes()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    return Round(tmp_path, monkeypatch)


def test_there_are_no_nodes_before_there_are_pools(cluster: Round) -> None:
    assert cluster.after(0) == []


def test_a_pool_of_fixed_size_stands_at_once_and_follows_its_size(cluster: Round) -> None:
    made = record("system", guestAccelerators=[])
    del made["inputs"]["autoscaling"]
    for count, nodes in ((2, 4), (1, 2)):
        made["inputs"]["nodeCount"] = count
        cluster.put(made)
        assert len(cluster.after(0)) == nodes
        assert len(cluster.after(IDLE_SECONDS + 1)) == nodes
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in cluster.api.all("", "Node")]
    assert sorted(zones) == ["us-central1-a", "us-central1-b"]


def test_a_pod_waits_a_moment_and_then_gets_one_node_only(cluster: Round) -> None:
    cluster.put(record())
    cluster.pod("p", seconds=-60)
    assert cluster.after(0) == []
    cluster.pod("p")
    assert len(cluster.after(0)) == 1
    assert len(cluster.after(1)) == 1
    assert [event["reason"] for event in cluster.api.all("", "Event")] == ["TriggeredScaleUp"]


def test_a_node_is_removed_when_it_has_been_idle_long_enough(cluster: Round) -> None:
    cluster.put(record())
    cluster.pod("p")
    (node,) = cluster.after(0)
    cluster.pod("p", node)
    assert cluster.after(IDLE_SECONDS * 2) == [node]
    cluster.api.objects.pop(("Pod", "p"))
    assert cluster.after(1) == [node]
    assert cluster.after(IDLE_SECONDS - 1) == [node]
    assert cluster.after(2) == []


def test_a_pool_keeps_its_minimum(cluster: Round) -> None:
    made = record()
    made["inputs"]["autoscaling"]["totalMinNodeCount"] = 1
    cluster.put(made)
    assert len(cluster.after(0)) == 1
    cluster.after(1)
    assert len(cluster.after(IDLE_SECONDS * 2)) == 1


def test_a_removed_pool_takes_its_nodes_and_their_pods_along(cluster: Round) -> None:
    cluster.put(record())
    cluster.pod("p")
    (node,) = cluster.after(0)
    cluster.pod("p", node)
    cluster.cloud.delete(NODE_POOL, "spot")
    assert cluster.after(1) == []
    assert cluster.api.all("", "Pod") == []


def test_a_node_that_somebody_else_made_stays(cluster: Round) -> None:
    cluster.api.create({"kind": "Node", "metadata": {"name": "own", "labels": {}}, "spec": {}})
    assert cluster.after(IDLE_SECONDS * 2) == ["own"]


def test_a_cordoned_node_is_no_room(cluster: Round) -> None:
    cluster.put(record())
    cluster.pod("p")
    (node,) = cluster.after(0)
    cluster.api.objects["Node", node]["spec"]["unschedulable"] = True
    assert len(cluster.after(1)) == 2


def test_a_refusal_is_told_once_and_again_when_it_changes(cluster: Round) -> None:
    cluster.put(record(most=0))
    cluster.pod("p")
    cluster.after(0)
    cluster.after(1)
    (event,) = cluster.api.all("", "Event")
    assert "pool spot: 0 of 0 nodes" in event["message"]
    cluster.put(record(most=1))
    cluster.after(1)
    assert len(cluster.api.all("", "Event")) == 2
    assert cluster.api.all("", "Node")[0]["metadata"]["labels"][POOL_LABEL] == "spot"


def test_the_same_words_about_a_pod_are_the_same_event() -> None:
    one, other = (make_event(pod(), "NotTriggerScaleUp", text, NOW)["metadata"]["name"] for text in ("a", "b"))
    assert one != other
    assert one == make_event(pod(), "NotTriggerScaleUp", "a", NOW)["metadata"]["name"]
