"""Starts and ends clusters from outside: what `make cluster`, `make cluster-down` and `make cluster-shell` call."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox.cluster import network
from sandbox.cluster.keys import make_keys, write_kubeconfigs
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.programs import build_all
from sandbox.cluster.supervisor import FAILED, READY, STOPPING, State
from sandbox.paths import ROOT
from sandbox.progress import SetupError

POLL_SECONDS = 0.2
#: The longest start of all components together, and the longest end.
START_SECONDS, STOP_SECONDS = 300.0, 60.0
PORT_FILE = "port"

Say = Callable[[str], None]


def start(layout: ClusterLayout, say: Say) -> None:
    """Starts the cluster of a folder unless it runs; one that was there goes on with what it held.

    Raises SetupError with the last lines of the component that failed. What it has made so far stays, to be looked at.
    """
    network.check_possible()
    build_all()
    layout.logs.mkdir(parents=True, exist_ok=True)
    with _alone(layout):
        if (state := running(layout)) is not None and state.phase == READY:
            _tell_deaths(state, say)
            return
        begin = time.monotonic()
        # one that is still starting, as whoever started it was stopped, is followed to its end
        if state is None or _ends(state, layout):
            make_keys(layout)
            _spawn(layout)
        _follow(layout, say)
        say(f"ready in {time.monotonic() - begin:.1f} s; logs: {layout.logs}")


def stop(layout: ClusterLayout) -> bool:
    """Ends the cluster and removes all that it held; False when there was none."""
    if not layout.folder.exists():
        return False
    end(layout)
    shutil.rmtree(layout.folder)
    layout.lock.unlink(missing_ok=True)
    return True


def end(layout: ClusterLayout) -> None:
    """Ends the cluster's processes; `start` goes on with what it holds."""
    with _alone(layout):
        if (state := running(layout)) is not None:
            _end(state.supervisor, layout)


def running(layout: ClusterLayout) -> State | None:
    """The state of a cluster whose supervisor runs; None when it does not."""
    state = State.read(layout)
    return state if state is not None and _is_supervisor(state.supervisor, layout) else None


def component_pid(layout: ClusterLayout, name: str) -> int:
    """Process of a component. Raises SetupError when the cluster does not run."""
    state = running(layout)
    if state is None:
        raise SetupError(f"there is no cluster in {layout.folder}: `make cluster` starts it")
    return state.components[name].pid


def _spawn(layout: ClusterLayout) -> None:
    """Starts the supervisor in namespaces of its own; it outlives this process."""
    layout.state.unlink(missing_ok=True)
    listener = socket.create_server(("127.0.0.1", _port(layout)))
    with listener, (layout.logs / "supervisor.log").open("ab") as log:
        write_kubeconfigs(layout, listener.getsockname()[1])
        (layout.folder / PORT_FILE).write_text(str(listener.getsockname()[1]), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "sandbox.cluster.supervisor", "--folder", str(layout.folder)]
        command += ["--descriptor", str(listener.fileno())]
        subprocess.Popen(
            network.alone(command),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[listener.fileno()],
        )


def _port(layout: ClusterLayout) -> int:
    """The port of last time, so that what holds the kubeconfig still reaches the cluster, or any when it is taken."""
    try:
        port = int((layout.folder / PORT_FILE).read_text(encoding="utf-8"))
        with socket.create_server(("127.0.0.1", port)):
            return port
    except (OSError, ValueError):
        return 0


def _follow(layout: ClusterLayout, say: Say) -> None:
    """Says what has become ready until all is. Raises SetupError."""
    said: set[str] = set()
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        state = State.read(layout)
        if state is not None:
            for name, component in state.components.items():
                if component.seconds is not None and name not in said:
                    said.add(name)
                    say(f"{name}: ready in {component.seconds} s")
            if state.phase == READY:
                return
            if state.phase == FAILED or not _is_supervisor(state.supervisor, layout):
                _ends(state, layout)
                raise SetupError(f"the cluster did not start: {state.error or _supervisor_log(layout)}")
        time.sleep(POLL_SECONDS)
    raise SetupError(f"the cluster was not ready after {START_SECONDS:.0f} s: {_supervisor_log(layout)}")


def _tell_deaths(state: State, say: Say) -> None:
    say("the cluster runs already")
    for name, component in state.components.items():
        if component.deaths:
            lines = "".join(f"\n    {line}" for line in component.last_lines)
            often = "once" if component.deaths == 1 else f"{component.deaths} times"
            say(f"{name} died {often} and was started anew; its last lines:{lines}")


def _ends(state: State, layout: ClusterLayout) -> bool:
    """True for a cluster that is ending by itself; it has ended then."""
    if state.phase not in (FAILED, STOPPING):
        return False
    _wait_ended(state.supervisor, layout)
    return True


def _end(pid: int, layout: ClusterLayout) -> None:
    os.kill(pid, signal.SIGTERM)
    _wait_ended(pid, layout)


def _wait_ended(pid: int, layout: ClusterLayout) -> None:
    """Waits for a supervisor's end; one that takes too long is killed."""
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        if not _is_supervisor(pid, layout):
            return
        time.sleep(POLL_SECONDS)
    # its children go with it
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_supervisor(pid: int, layout: ClusterLayout) -> bool:
    """True when the process is the supervisor of this folder, and not another one that got its number."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(layout.folder).encode() in command


def _supervisor_log(layout: ClusterLayout) -> str:
    lines = (layout.logs / "supervisor.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-15:])


@contextlib.contextmanager
def _alone(layout: ClusterLayout) -> Iterator[None]:
    """Two that start or end the same cluster wait for each other."""
    with layout.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
