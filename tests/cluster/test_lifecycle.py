"""The control plane itself: how it starts, goes on, tells of what died, ends, and that it reaches nothing outside."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.cluster import lifecycle, network
from sandbox.cluster.api_server import ApiError, ApiServer, Object
from sandbox.cluster.keys import make_keys
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.supervisor import FAILED, LOG_LINES, State
from sandbox.progress import SetupError
from tests.cluster.conftest import eventually, running_cluster
from tests.cluster.processes import ended, in_namespace, processes_of, user_namespace

#: What `make cluster` promises for a cluster that was there before.
SECOND_START_SECONDS = 30.0
#: What the kernel takes to end a process that has given back its memory.
LAST_SECONDS = 5.0
#: An address of the Internet and its port, and the same in its newer protocol.
OUTSIDE = (("1.1.1.1", 443), ("2606:4700:4700::1111", 443))
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)"
#: What ends a program that the kernel tells that a network cannot be reached, or that nobody listens.
ERRNO = "OSError: [Errno {}]", "ConnectionRefusedError: [Errno {}]"
NOTE: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note", "namespace": "default"}}


@pytest.fixture(scope="module")
def alone(request: pytest.FixtureRequest) -> Iterator[ClusterLayout]:
    """A control plane without a stack."""
    with running_cluster(request.session, "lifecycle") as layout:
        yield layout


def inside(layout: ClusterLayout, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in the cluster's network."""
    state = lifecycle.running(layout)
    assert state is not None
    return subprocess.run(network.inside(state.supervisor, command), capture_output=True, text=True)


def refused(answer: subprocess.CompletedProcess[str], number: int) -> bool:
    last = answer.stderr.strip().rpartition("\n")[2]
    return answer.returncode != 0 and last.startswith(tuple(one.format(number) for one in ERRNO))


def test_a_second_start_takes_less_than_30_seconds_and_goes_on_with_what_there_was(alone: ClusterLayout) -> None:
    api = ApiServer.of(alone.kubeconfig)
    api.apply({**NOTE, "data": {"word": "kept"}}, "test")
    made = api.get("v1", "ConfigMap", "note", "default")
    before = processes_of(alone)
    assert {one.pid for one in (State.read(alone) or State()).components.values()} <= set(before)

    lifecycle.end(alone)
    assert lifecycle.running(alone) is None
    eventually(lambda: all(map(ended, before)), "no process is left", LAST_SECONDS)

    said: list[str] = []
    begin = time.monotonic()
    lifecycle.start(alone, said.append)
    # on cores that others use as well it takes as much longer as there are more programs than cores
    assert time.monotonic() - begin < SECOND_START_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert [line.partition(":")[0] for line in said[:-1]] == list((State.read(alone) or State()).components)
    assert said[-1].startswith("ready in ")
    # by the kubeconfig of before: its address, certificates and tokens are the same
    assert api.get("v1", "ConfigMap", "note", "default") == made
    api.delete(NOTE)


def test_starting_a_cluster_that_runs_starts_nothing(alone: ClusterLayout) -> None:
    before, said = State.read(alone), list[str]()
    lifecycle.start(alone, said.append)
    assert said[0] == "the cluster runs already"
    assert State.read(alone) == before


def test_a_component_that_dies_is_started_anew_and_the_next_start_tells_its_last_lines(alone: ClusterLayout) -> None:
    name = "kube-scheduler"
    first = lifecycle.component_pid(alone, name)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: lifecycle.component_pid(alone, name) != first, f"{name} is started anew")

    state = State.read(alone)
    assert state is not None
    component = state.components[name]
    assert component.deaths == 1
    log = (alone.logs / f"{name}.log").read_text(encoding="utf-8").splitlines()
    assert len(component.last_lines) == LOG_LINES
    assert "\n".join(component.last_lines) in "\n".join(log)
    said: list[str] = []
    lifecycle.start(alone, said.append)
    told = "\n    ".join([f"{name} died once and was started anew; its last lines:", *component.last_lines])
    assert said == ["the cluster runs already", told]
    # and it works: a pod that fits nowhere is judged
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "waits", "namespace": "default"},
        "spec": {"containers": [{"name": "one", "image": "registry.example/one"}]},
    }
    api = ApiServer.of(alone.kubeconfig)
    eventually(lambda: api.get("v1", "ServiceAccount", "default", "default"), "pods may be made")
    api.create(pod)
    eventually(
        lambda: ((api.get("v1", "Pod", "waits", "default") or {}).get("status") or {}).get("conditions"),
        "the scheduler judges a pod",
    )
    api.delete(pod, grace=0)


def test_nothing_is_sent_outside_for_there_is_no_way_out(alone: ClusterLayout) -> None:
    routes = json.loads(inside(alone, "ip", "-json", "route").stdout)
    assert [(one["dst"], one["dev"], "gateway" in one) for one in routes] == [
        (network.POD_NETWORK, network.BRIDGE, False)
    ]
    for host, port in OUTSIDE:
        begin = time.monotonic()
        answer = inside(alone, sys.executable, "-c", CONNECT, host, str(port))
        assert refused(answer, errno.ENETUNREACH), answer
        assert time.monotonic() - begin < 2.0
    # nor is this machine's own loopback the cluster's
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        answer = inside(alone, sys.executable, "-c", CONNECT, "127.0.0.1", str(port))
    assert refused(answer, errno.ECONNREFUSED), answer


def test_one_that_cannot_start_says_why_and_two_do_not_meet_and_the_end_leaves_nothing(
    alone: ClusterLayout, tmp_path: Path
) -> None:
    other = ClusterLayout.named(f"test-lifecycle-other-{os.getpid()}")
    other.folder.mkdir(parents=True)
    try:
        make_keys(other)
        key = other.keys / "server.key"
        whole = key.read_bytes()
        key.write_text("no key\n", encoding="utf-8")
        with pytest.raises(SetupError) as failure:
            lifecycle.start(other, print)
        said = str(failure.value)
        assert said.startswith("the cluster did not start: kube-apiserver ended with code 1:\n")
        last = (other.logs / "kube-apiserver.log").read_text(encoding="utf-8").splitlines()[-1]
        assert "failed to find any PEM data in key input" in last
        assert said.endswith(last)
        # what it has made stays, to be looked at, and nothing of it runs
        state = State.read(other)
        assert state is not None
        assert (state.phase, sorted(state.components)) == (FAILED, ["etcd", "kube-apiserver"])
        assert lifecycle.running(other) is None
        eventually(
            lambda: all(ended(one.pid) for one in state.components.values()),
            "none of its processes is left",
            LAST_SECONDS,
        )
        assert (other.folder / "etcd").is_dir()

        key.write_bytes(whole)
        lifecycle.start(other, print)
        first, second = ApiServer.of(alone.kubeconfig), ApiServer.of(other.kubeconfig)
        first.apply(NOTE, "test")
        assert first.get("v1", "ConfigMap", "note", "default")
        assert second.get("v1", "ConfigMap", "note", "default") is None
        first.delete(NOTE)
        stranger = yaml.safe_load(other.kubeconfig.read_text(encoding="utf-8"))
        stranger["users"] = yaml.safe_load(alone.kubeconfig.read_text(encoding="utf-8"))["users"]
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(stranger), encoding="utf-8")
        with pytest.raises(ApiError) as refusal:
            ApiServer.of(tmp_path / "kubeconfig").request("GET", "/api")
        assert refusal.value.status == 401
        names = {user_namespace(lifecycle.component_pid(layout, "etcd")) for layout in (alone, other)}
        assert len(names) == 2

        running = lifecycle.running(other)
        assert running is not None
        everything = user_namespace(running.supervisor)
        expected = {running.supervisor, *(one.pid for one in running.components.values())}
        assert expected <= set(in_namespace(everything))
    finally:
        assert lifecycle.stop(other)
    eventually(lambda: not in_namespace(everything), "no process is left", LAST_SECONDS)
    assert not other.folder.exists()
    assert not other.lock.exists()
    assert not lifecycle.stop(other)
