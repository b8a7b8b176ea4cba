"""Our kubelet: runs the pods of controllers whose programs were built here, and marks all others on its nodes as running.

It serves the nodes that carry a label; kwok serves those with GPUs. When it starts, all its programs start anew.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterable

from sandbox.cluster.api_server import MERGE_BY_TYPE, ApiServer, Object
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.local_pod import LocalPod
from sandbox.cluster.mirror import Mirror, for_each
from sandbox.cluster.network import HOST
from sandbox.cluster.node_heartbeat import MANAGER, Heartbeat, kubernetes_time
from sandbox.cluster.node_objects import LOCAL_LABEL
from sandbox.cluster.pod_addresses import Addresses
from sandbox.cluster.pod_process import remove_links
from sandbox.cluster.pod_spec import run_container
from sandbox.cluster.pod_status import Seen, status_of

TICK_SECONDS = 0.5
POD, NODE, SLICE = ("v1", "Pod"), ("v1", "Node"), ("discovery.k8s.io/v1", "EndpointSlice")
ENDED = ("Succeeded", "Failed")


class Kubelet:
    """All nodes of this machine."""

    def __init__(self, api: ApiServer, layout: ClusterLayout) -> None:
        self.api = api
        self.layout = layout
        self.mirror = Mirror(api, [POD, NODE, SLICE])
        self.heartbeat = Heartbeat(api)
        self.addresses = Addresses()
        self.local: dict[str, LocalPod] = {}
        self.reported: dict[str, Seen] = {}

    def run(self) -> None:
        """Until it is told to end; then its programs are, so that those that lead give way to who comes next."""
        signal.signal(signal.SIGTERM, _leave)
        remove_links()
        shutil.rmtree(self.layout.pods, ignore_errors=True)
        try:
            for kind in (NODE, POD):
                self.mirror.wait_filled(*kind)
            self.mirror.loop(self.reconcile, TICK_SECONDS)
        finally:
            self._end(tuple(self.local))

    def reconcile(self) -> None:
        """Brings what runs in line with the API server. Raises ApiError and UnreachableError; then it is called again."""
        nodes = [node for node in self.mirror.all(*NODE) if _is_served(node)]
        self.heartbeat.beat(nodes)
        names = {node["metadata"]["name"] for node in nodes}
        pods = {pod["metadata"]["uid"]: pod for pod in self.mirror.all(*POD) if pod["spec"].get("nodeName") in names}
        leaving = {uid: pod for uid, pod in pods.items() if "deletionTimestamp" in pod["metadata"]}
        staying = {uid: pod for uid, pod in pods.items() if uid not in leaving and not _has_ended(pod)}
        self._end(uid for uid in (*self.reported, *self.local) if uid not in staying)
        # after a restart those that have an address keep it, before others take theirs
        for uid, pod in staying.items():
            if "podIP" in pod.get("status", {}):
                self.addresses.keep(uid, pod["status"]["podIP"])
        for_each([*leaving.values(), *staying.values()], self._serve)

    def _serve(self, pod: Object) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            self.api.delete(_typed(pod), grace=0)
            return
        seen = self._seen(pod)
        uid = pod["metadata"]["uid"]
        if self.reported.get(uid) != seen:
            change = {"status": status_of(pod, seen, kubernetes_time())}
            self.api.patch(_typed(pod), change, how=MERGE_BY_TYPE, subresource="status", manager=MANAGER)
            self.reported[uid] = seen

    def _seen(self, pod: Object) -> Seen:
        uid = pod["metadata"]["uid"]
        address = self.addresses.take(uid)
        runs = run_container(pod)
        if runs is None:
            return Seen(address, HOST, ready=True)
        local = self.local.get(uid)
        if local is None:
            local = self.local[uid] = LocalPod(self.api, self.layout, pod, runs, address)
        local.tick(self.mirror.all(*SLICE))
        return local.seen()

    def _end(self, uids: Iterable[str]) -> None:
        gone = set(uids)
        # all are asked first, so that they end side by side
        ending = [self.local.pop(uid) for uid in gone if uid in self.local]
        for local in ending:
            local.ask_to_end()
        for local in ending:
            local.stop()
        for uid in gone:
            self.reported.pop(uid, None)
            self.addresses.free(uid)


def _leave(number: int, frame: object) -> None:
    sys.exit(0)


def _is_served(node: Object) -> bool:
    return LOCAL_LABEL.items() <= node["metadata"].get("labels", {}).items()


def _has_ended(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ENDED


def _typed(pod: Object) -> Object:
    return {**pod, "apiVersion": "v1", "kind": "Pod"}


def main() -> int:
    """Serves the nodes of the cluster in a folder, until it is killed."""
    layout = ClusterLayout.of_command_line()
    Kubelet(ApiServer.of(layout.inside_kubeconfig), layout).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
