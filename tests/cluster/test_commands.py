"""The commands by which people use a real control plane: start, look, end, and what they say when there is none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from typer.testing import CliRunner

from sandbox import cli
from sandbox.cluster import lifecycle
from sandbox.cluster.layout import ClusterLayout
from sandbox.instance import SandboxError
from sandbox.paths import Layout


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch, set_up: Layout) -> Iterator[ClusterLayout]:
    """The place of a cluster that the commands take for that of dev."""
    made = ClusterLayout.named(f"test-commands-{os.getpid()}")
    monkeypatch.setattr(ClusterLayout, "named", classmethod(lambda cls, name: made))
    yield made
    lifecycle.stop(made)


def run(*arguments: str) -> str:
    """What a command prints; raises what it raises."""
    answer = CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def in_shell(monkeypatch: pytest.MonkeyPatch, script: str) -> str:
    """What a script prints in the shell that `cluster-shell` becomes."""
    printed: list[str] = []

    def become(program: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        done: Any = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60)
        printed.append(done.stdout)

    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setattr(os, "execvpe", become)
    run("cluster-shell", "dev", "-c", script)
    return printed[0]


def test_a_cluster_is_started_looked_into_and_removed(layout: ClusterLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    started = run("cluster", "dev")
    assert "cluster: kube-apiserver: ready in" in started
    assert "make up ENV=dev CLUSTER=real" in started
    assert in_shell(monkeypatch, "kubectl get namespaces --output name").splitlines() == [
        f"namespace/{name}" for name in ("default", "kube-node-lease", "kube-public", "kube-system")
    ]
    assert "the cluster runs already" in run("cluster", "dev")
    assert "ended and removed" in run("cluster-down", "dev")
    assert not layout.folder.exists()
    assert "there is none" in run("cluster-down", "dev")


@pytest.mark.parametrize("command", ["preview", "up", "destroy"])
def test_a_cluster_that_does_not_run_is_named_with_what_starts_it(layout: ClusterLayout, command: str) -> None:
    with pytest.raises(SandboxError, match="no cluster of dev runs: `make cluster ENV=dev` starts it"):
        run("--cluster", "real", command, "dev")
    assert not layout.folder.exists()


def test_no_cluster_is_started_for_an_environment_that_does_not_exist(layout: ClusterLayout) -> None:
    with pytest.raises(SandboxError, match=r"no environment 'nowhere': .* has dev, prod"):
        run("cluster", "nowhere")
    assert not layout.folder.exists()
