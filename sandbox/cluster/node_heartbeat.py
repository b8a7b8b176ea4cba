"""Keeps the nodes that our kubelet serves alive: their leases, and their condition Ready."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sandbox.cluster.api_server import MERGE_BY_TYPE, ApiServer, Object, told

LEASES = "kube-node-lease"
#: As a kubelet does: a node controller gives up on a lease after 40 seconds.
LEASE_SECONDS, RENEW_SECONDS = 40, 10.0
MANAGER = "sandbox-kubelet"


def kubernetes_time() -> str:
    """Now, as Kubernetes writes it."""
    return told(datetime.now(UTC))


class Heartbeat:
    """Of all nodes served here."""

    def __init__(self, api: ApiServer) -> None:
        self.api = api
        self._renewed: dict[str, float] = {}

    def beat(self, nodes: list[Object]) -> None:
        """Does what is due. Raises ApiError and UnreachableError; then it is due again."""
        for node in nodes:
            uid = node["metadata"]["uid"]
            if not _is_ready(node) or time.monotonic() - self._renewed.get(uid, float("-inf")) >= RENEW_SECONDS:
                self._report(node)
                self._renew(node)
                self._renewed[uid] = time.monotonic()

    def _report(self, node: Object) -> None:
        now = kubernetes_time()
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "the sandbox's kubelet runs"}
        before = next((one for one in _conditions(node) if one["type"] == "Ready"), {})
        since = before.get("lastTransitionTime", now) if before.get("status") == "True" else now
        change = {"conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": since}]}
        made = {**node, "apiVersion": "v1", "kind": "Node"}
        self.api.patch(made, {"status": change}, how=MERGE_BY_TYPE, subresource="status", manager=MANAGER)

    def _renew(self, node: Object) -> None:
        name, uid = node["metadata"]["name"], node["metadata"]["uid"]
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": LEASES, "ownerReferences": [owner]},
            "spec": {
                "holderIdentity": name,
                "leaseDurationSeconds": LEASE_SECONDS,
                "renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            },
        }
        self.api.apply(lease, MANAGER)


def _conditions(node: Object) -> list[Object]:
    return node.get("status", {}).get("conditions", [])


def _is_ready(node: Object) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in _conditions(node))
