"""What a cluster of GKE has before anybody installs anything, and what kwok needs to play kubelet: put in when it starts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import yaml

from sandbox.cluster.api_server import ApiServer, NoSuchKindError
from sandbox.upstream.definitions import definitions_of_gke, tabled_definitions
from sandbox.upstream.go_modules import module_folder

MANAGER = "sandbox-built-in"
KWOK = "sigs.k8s.io/kwok"
#: Longest until a new kind is served.
KIND_SECONDS = 60.0
#: How kwok plays kubelet: a node and its lease, and pods that become ready, end when they belong to a Job, and go.
STAGES = (
    "kustomize/crd/bases/kwok.x-k8s.io_stages.yaml",
    "kustomize/stage/node/fast/node-initialize.yaml",
    "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "kustomize/stage/pod/fast/pod-ready.yaml",
    "kustomize/stage/pod/fast/pod-complete.yaml",
    "kustomize/stage/pod/fast/pod-delete.yaml",
)


def install(api: ApiServer) -> None:
    """Applies everything; nothing changes when it is there."""
    end = time.monotonic() + KIND_SECONDS
    for made in _objects():
        while True:
            try:
                api.apply(made, MANAGER)
                break
            except NoSuchKindError:
                # its definition, applied just before, is not served yet
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def _objects() -> Iterator[dict[str, Any]]:
    folder = module_folder(KWOK)
    for file in STAGES:
        yield from yaml.load_all((folder / file).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    yield from definitions_of_gke()
    yield from tabled_definitions()
