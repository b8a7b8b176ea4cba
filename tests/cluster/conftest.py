"""What tests on a real control plane share: a cluster, a stack that belongs to it, and patience with its controllers."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from xdist.scheduler import LoadScopeScheduling

from components.kubernetes.inference_service import API_VERSION, KIND
from sandbox.cluster import lifecycle
from sandbox.cluster.api_server import ApiServer, Object
from sandbox.cluster.layout import ClusterLayout
from sandbox.instance import Instance
from tests.sandbox.conftest import set_up as set_up
from tests.sandbox.harness import Result, Sandbox

T = TypeVar("T")

INFERENCE_SERVICE = (API_VERSION, KIND)
#: Knative's label of a revision's pods.
REVISION_LABEL = "serving.knative.dev/revision"

HERE = Path(__file__).parent
#: Longest that something takes that controllers are to bring about, on busy cores.
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.3
#: Longest that one run of the engine takes where both environments come up from nothing side by side.
ENGINE_SECONDS = 900.0


@dataclass(frozen=True)
class Stage:
    """A cluster, the stack whose objects are in it, and a copy of the project to change."""

    layout: ClusterLayout
    api: ApiServer
    sandbox: Sandbox
    env: str

    def up(self, *options: str) -> Result:
        """Updates the stack; its failure fails the test with all that the engine said."""
        result = self.sandbox.up(self.env, *options)
        # the engine may end with 0 although a provider has ended too early
        assert result.exit_code == 0, result.output
        assert not re.search(r"(?m)^\s+\d+ errored", result.output), result.output
        return result

    def one(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """An object that must be there."""
        found = self.api.get(api_version, kind, name, namespace)
        assert found is not None, f"there is no {kind} {namespace}/{name}"
        return found

    def events_of(self, namespace: str, name: str) -> list[str]:
        """Reasons and messages of the events of one object."""
        found = self.api.list("v1", "Event", namespace, fields=f"involvedObject.name={name}")
        return [f"{one.get('reason')}: {one.get('message')}" for one in found]


def eventually(look: Callable[[], T | None], what: str | Callable[[], str], seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives once that is true; fails the test with `what`, which may look by itself, and what `look` gave last."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, (
            f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}; last seen: {found!r}"
        )
        time.sleep(POLL_SECONDS)
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-cluster", metavar="NAME", help="use the clusters of this name, and leave them running")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.cluster)


class ByCluster(LoadScopeScheduling):
    """All tests that share a cluster, which are those of one folder, go to the same worker.

    pytest-xdist's own `loadgroup` has no effect with pytest 9.2: it writes a field of tests that is no longer there (3.8.0).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return file.name if file.parent.name == HERE.name else file.parent.name


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByCluster:
    return ByCluster(config, log)


@contextlib.contextmanager
def running_cluster(session: pytest.Session, name: str) -> Iterator[ClusterLayout]:
    """A control plane for tests. When one of them failed, its folder with logs and etcd's data stays."""
    kept = session.config.getoption("--keep-cluster")
    layout = ClusterLayout.named(f"test-{name}-{kept or os.getpid()}")
    failed = session.testsfailed
    lifecycle.start(layout, print)
    yield layout
    if kept:
        return
    if session.testsfailed == failed:
        lifecycle.stop(layout)
    else:
        lifecycle.end(layout)
        print(f"the cluster is kept: {layout.folder}")


def make_stage(layout: ClusterLayout, folder: Path, env: str) -> Stage:
    """A copy of the project whose stack belongs to the cluster; nothing is brought up yet."""
    made = Sandbox.create(folder)
    instance = Instance(layout.instance, kubeconfig=layout.kubeconfig)
    return Stage(
        layout, ApiServer.of(layout.kubeconfig), Sandbox(made.project, instance, time_limit=ENGINE_SECONDS), env
    )


@contextlib.contextmanager
def no_new_pods(api: ApiServer, namespace: str) -> Iterator[None]:
    """Pods of a namespace that go are not replaced meanwhile: there is no room for them."""
    full = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "full", "namespace": namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    api.create(full)
    try:
        yield
    finally:
        api.delete(full)
        for replica_set in api.list("apps/v1", "ReplicaSet", namespace):
            # whose controller waits longer after each refusal
            api.patch(replica_set, {"metadata": {"annotations": {"looked-at": "again"}}})


def condition(made: Object | None, kind: str) -> dict[str, Any]:
    """A condition of an object's status; empty where it has none."""
    conditions = ((made or {}).get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})
