"""Stands in for GKE's node pools and cluster autoscaler: makes and removes Node objects, by the cloud's pools and the pods.

The nodes of a pool without GPUs stand from the start and run their pods here; those with GPUs are kwok's, are made when a pod
needs one and removed when none does. All state is in the API server, except since when a node is idle, as with Google's own.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from sandbox.cluster.api_server import ApiError, ApiServer, Object, told
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.mirror import Mirror
from sandbox.cluster.node_objects import (
    POOL_LABEL,
    ZONE_LABEL,
    Pool,
    has_outlived,
    make_node,
    next_zone,
    node_change,
    node_names,
    read_pool,
)
from sandbox.cluster.pod_fit import Plan, plan, room_of
from sandbox.providers.cloud import Cloud
from sandbox.providers.gcp.types.node_pool import NODE_POOL

NODE, POD = ("v1", "Node"), ("v1", "Pod")
CLASS = ("cloud.google.com/v1", "ComputeClass")
#: How often the cloud's pools are read.
POLL_SECONDS = 1.0
#: A pod waits this long before a node is made for it, since one that stands may yet take it.
PATIENCE_SECONDS = 2.0
#: A node without pods is removed after this long; GKE waits 10 minutes.
IDLE_SECONDS = 20.0
AUTOSCALER = "cluster-autoscaler"


class NodePools:
    """The nodes of one cluster, brought in line with its pools and pods by `reconcile`."""

    def __init__(self, api: ApiServer, mirror: Mirror, cloud: Cloud) -> None:
        self.api, self.mirror, self.cloud = api, mirror, cloud
        self._idle: dict[str, float] = {}
        self._told: dict[str, tuple[str, str]] = {}

    def reconcile(self) -> None:
        """One round; raises ApiError and UnreachableError."""
        pools = [read_pool(record) for record in self.cloud.all(NODE_POOL)]
        nodes = self._keep_to_pools(pools)
        pods_of = self._pods_by_node()
        planned = self._plan(pools, nodes, pods_of)
        by_name = {pool.name: pool for pool in pools}
        for room in planned.new:
            self._create(by_name[room.pool], room.name, room.zone)
        self._tell(planned)
        self._remove_idle(pools, nodes, pods_of, planned.expected)

    def _keep_to_pools(self, pools: Iterable[Pool]) -> list[Object]:
        """Removes what belongs to no pool any more, changes what has changed, fills up to the minimum; the nodes that stay."""
        by_name = {pool.name: pool for pool in pools}
        members: dict[str, list[Object]] = {name: [] for name in by_name}
        for node in self.mirror.all(*NODE):
            name = node["metadata"].get("labels", {}).get(POOL_LABEL)
            if name is None or "deletionTimestamp" in node["metadata"]:
                continue  # a node that somebody else made, or that is going
            pool = by_name.get(name)
            if pool is None or has_outlived(pool, node):
                self._remove(node)
                continue
            members[name].append(node)
            if change := node_change(pool, node):
                self.api.patch(node, change)
        for pool in by_name.values():
            self._resize(pool, members[pool.name])
        return [node for found in members.values() for node in found]

    def _resize(self, pool: Pool, members: list[Object]) -> None:
        """Brings a pool up to its minimum and, where nobody scales it, down to its size."""
        if not pool.autoscaled:
            while len(members) > pool.maximum:
                self._remove(members.pop())
        zones = [node["metadata"]["labels"][ZONE_LABEL] for node in members]
        for name in node_names(pool, [_name(node) for node in members], pool.minimum - len(members)):
            zones.append(next_zone(pool, zones))
            self._create(pool, name, zones[-1])

    def _pods_by_node(self) -> dict[str, list[Object]]:
        """The pods that are on each node and have not ended."""
        found: dict[str, list[Object]] = defaultdict(list)
        for pod in self.mirror.all(*POD):
            node = pod["spec"].get("nodeName")
            if node and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
                found[node].append(pod)
        return found

    def _plan(self, pools: list[Pool], nodes: list[Object], pods_of: dict[str, list[Object]]) -> Plan:
        now = datetime.datetime.now(datetime.UTC)
        waiting = [pod for pod in self.mirror.all(*POD) if _waits(pod, now)]
        waiting.sort(key=lambda pod: (-pod["spec"].get("priority", 0), pod["metadata"]["creationTimestamp"]))
        rooms = [room_of(node, pods_of[_name(node)]) for node in nodes if not node["spec"].get("unschedulable")]
        ladders = {_name(made): _ladder(made) for made in self.mirror.all(*CLASS)}
        return plan(waiting, pools, rooms, _sizes(nodes), [_name(node) for node in nodes], ladders)

    def _remove_idle(
        self, pools: Iterable[Pool], nodes: list[Object], pods_of: dict[str, list[Object]], expected: set[str]
    ) -> None:
        now, sizes = time.monotonic(), Counter(_sizes(nodes))
        busy = {_name(node) for node in nodes if any(map(_counts, pods_of[_name(node)]))} | expected
        idle = [node for node in nodes if _name(node) not in busy]
        self._idle = {_name(node): self._idle.get(_name(node), now) for node in idle}
        minimum = {pool.name: pool.minimum for pool in pools}
        for node in idle:
            pool = node["metadata"]["labels"][POOL_LABEL]
            if now - self._idle[_name(node)] < IDLE_SECONDS or sizes[pool] <= minimum[pool]:
                continue
            # asked anew: what is mirrored may be a moment old
            if not any(map(_counts, self._pods_on(_name(node)))):
                sizes[pool] -= 1
                self._remove(node)

    def _pods_on(self, node: str) -> list[Object]:
        return self.api.list(*POD, fields=f"spec.nodeName={node},status.phase!=Succeeded,status.phase!=Failed")

    def _create(self, pool: Pool, name: str, zone: str) -> None:
        try:
            self.api.create(make_node(pool, name, zone))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            return  # made in the last round, and not mirrored yet
        print(f"made {name} in {zone}", flush=True)

    def _remove(self, node: Object) -> None:
        """Removes a node; its pods go with it at once, as nobody is left to end them."""
        self.api.delete(node)
        for pod in self.api.list(*POD, fields=f"spec.nodeName={_name(node)}"):
            self.api.delete(pod, grace=0)
        print(f"removed {_name(node)}", flush=True)

    def _tell(self, planned: Plan) -> None:
        """Writes an event of each pod for which something was decided that was not so before."""
        decided = {
            **{_uid(pod): (pod, "TriggeredScaleUp", message) for pod, message in planned.grown},
            **{_uid(pod): (pod, "NotTriggerScaleUp", message) for pod, message in planned.refused},
        }
        living = {_uid(pod) for pod in self.mirror.all(*POD)}
        self._told = {uid: told for uid, told in self._told.items() if uid in living}
        for uid, (pod, reason, message) in decided.items():
            if self._told.get(uid) != (reason, message):
                self._write_event(pod, reason, message)
                self._told[uid] = (reason, message)

    def _write_event(self, pod: Object, reason: str, message: str) -> None:
        event = make_event(pod, reason, message, datetime.datetime.now(datetime.UTC))
        try:
            self.api.create(event)
        except ApiError as error:
            if error.reason == "AlreadyExists":
                self.api.patch(event, {"lastTimestamp": event["lastTimestamp"]})
            elif error.status not in (403, 404):  # its namespace is going
                raise


def make_event(pod: Object, reason: str, message: str, now: datetime.datetime) -> Object:
    """An event of a pod as GKE's autoscaler writes it; the same words about the same pod have the same name."""
    metadata = pod["metadata"]
    digest = hashlib.sha256(json.dumps([metadata["uid"], reason, message]).encode()).hexdigest()[:16]
    moment = told(now)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name'][:200].rstrip('-.')}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reason": reason,
        "message": message,
        "type": "Normal",
        "source": {"component": AUTOSCALER},
        "reportingComponent": AUTOSCALER,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }


def _waits(pod: Object, now: datetime.datetime) -> bool:
    """True for a pod that the scheduler found no node for, some time ago; those of DaemonSets get no node of their own."""
    if "deletionTimestamp" in pod["metadata"] or pod["spec"].get("nodeName") or not _counts(pod):
        return False
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            since = datetime.datetime.fromisoformat(condition["lastTransitionTime"])
            return (now - since).total_seconds() >= PATIENCE_SECONDS
    return False


def _counts(pod: Object) -> bool:
    """True for a pod that keeps its node: those of DaemonSets and of the node itself do not."""
    owners = pod["metadata"].get("ownerReferences", [])
    return not any(owner["kind"] in ("DaemonSet", "Node") for owner in owners)


def _ladder(made: Object) -> list[str]:
    """The pools of a ComputeClass in order."""
    return [pool for rule in made["spec"].get("priorities", []) for pool in rule.get("nodepools", [])]


def _sizes(nodes: Iterable[Object]) -> Counter[str]:
    return Counter(node["metadata"]["labels"][POOL_LABEL] for node in nodes)


def _name(made: Object) -> str:
    return made["metadata"]["name"]


def _uid(made: Object) -> str:
    return made["metadata"]["uid"]


def main() -> None:
    """Runs until it is ended."""
    layout = ClusterLayout.of_command_line()
    api = ApiServer.of(layout.inside_kubeconfig)
    mirror = Mirror(api, (NODE, POD, CLASS))
    pools = NodePools(api, mirror, Cloud(layout.instance / "cloud"))
    for kind in (NODE, POD):
        mirror.wait_filled(*kind)
    mirror.loop(pools.reconcile, POLL_SECONDS)


if __name__ == "__main__":
    main()
