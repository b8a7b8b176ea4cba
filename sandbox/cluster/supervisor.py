"""The process that is a cluster: makes its network, starts its components and those anew that die, takes all along at its end.

Started by `lifecycle.start` in namespaces of its own. What it does stands in `state.json`: see `State`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cluster import built_in, network
from sandbox.cluster.api_server import ApiError, ApiServer, UnreachableError
from sandbox.cluster.components import Component, after_api_server, before_api_server
from sandbox.cluster.layout import ClusterLayout
from sandbox.engine_setup import write_whole
from sandbox.progress import SetupError

POLL_SECONDS = 0.1
#: Longest that a component takes to start on busy cores.
START_SECONDS = 120.0
#: How long a component that is asked to end may take before it is killed.
STOP_SECONDS = 10.0
#: Wait before a component that died is started anew; doubled each time, as a kubelet does.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
#: Go's collector waits until the heap is five times as large as what is in use, up to a size. Four kinds like KServe's largest
#: cost the API server 22 seconds of a core then instead of 32 (measured on 2 cores, 2026-11-26).
COLLECTS_LESS_OFTEN = {"GOGC": "400", "GOMEMLIMIT": "2GiB"}
#: A component that ran so long is in order: its next death counts as the first.
SETTLED_SECONDS = 60.0
LOG_LINES = 15

STARTING, READY, FAILED, STOPPING = "starting", "ready", "failed", "stopping"


@dataclass
class Running:
    """One component as `state.json` has it."""

    pid: int
    seconds: float | None = None
    """Time that it took to be ready; None while it is not."""
    deaths: int = 0
    last_lines: list[str] = field(default_factory=list)
    """The end of its log when it died last."""


@dataclass
class State:
    """What a cluster is doing: `phase`, the supervisor's pid, its components by name, and why it failed."""

    phase: str = STARTING
    supervisor: int = 0
    components: dict[str, Running] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def read(cls, layout: ClusterLayout) -> State | None:
        """The state as last written; None without one."""
        try:
            found: dict[str, Any] = json.loads(layout.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        components = {name: Running(**values) for name, values in found.pop("components").items()}
        return cls(**found, components=components)

    def write(self, layout: ClusterLayout) -> None:
        """Writes it whole or not at all."""
        write_whole(layout.state, json.dumps(asdict(self), indent=1) + "\n")


class Supervisor:
    """Starts, watches and ends the components of one cluster. All children are made by the main thread: they die with it."""

    def __init__(self, layout: ClusterLayout, descriptor: int) -> None:
        self.layout = layout
        self.descriptor = descriptor
        self.state = State(supervisor=os.getpid())
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.components: dict[str, Component] = {}
        self.started: dict[str, float] = {}
        self.due: dict[str, float] = {}
        self.ended = False

    def run(self) -> int:
        """Until it is told to end, or a component cannot be started; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self.state.write(self.layout)
        try:
            self._start_all()
        except (SetupError, ApiError, UnreachableError) as error:
            self.state.error = str(error)
            self._stop(FAILED)
            return 1
        while not self.ended:
            self._restart_dead()
            time.sleep(POLL_SECONDS)
        self._stop(STOPPING)
        return 0

    def _start_all(self) -> None:
        network.set_up()
        for component in before_api_server(self.layout):
            self._start(component)
        built_in.install(ApiServer.of(self.layout.inside_kubeconfig))
        for component in after_api_server(self.layout, self.descriptor):
            self._start(component)
        self.state.phase = READY
        self.state.write(self.layout)

    def _start(self, component: Component) -> None:
        """Starts it and waits until it is ready. Raises SetupError with its last lines."""
        start = time.monotonic()
        self.components[component.name] = component
        self.state.components[component.name] = Running(self._spawn(component))
        self.state.write(self.layout)
        while not component.ready():
            code = self.children[component.name].poll()
            if code is not None or self.ended:
                raise SetupError(f"{component.name} ended with code {code}:\n" + "\n".join(self._end_of_log(component)))
            if time.monotonic() - start > START_SECONDS:
                lines = "\n".join(self._end_of_log(component))
                raise SetupError(f"{component.name} was not ready after {START_SECONDS:.0f} s:\n{lines}")
            time.sleep(POLL_SECONDS)
        self.state.components[component.name].seconds = round(time.monotonic() - start, 1)
        self.state.write(self.layout)

    def _spawn(self, component: Component) -> int:
        with self._log(component).open("ab") as log:
            child = subprocess.Popen(
                network.ending_with_parent(component.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **COLLECTS_LESS_OFTEN},
                pass_fds=[self.descriptor] if component.name == "forwarder" else [],
            )
        self.children[component.name] = child
        self.started[component.name] = time.monotonic()
        return child.pid

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for name, child in list(self.children.items()):
            running = self.state.components[name]
            if name in self.due:
                if now >= self.due[name]:
                    del self.due[name]
                    running.pid = self._spawn(self.components[name])
                    self.state.write(self.layout)
            elif child.poll() is not None:
                if now - self.started[name] > SETTLED_SECONDS:
                    running.deaths = 0
                wait = min(FIRST_WAIT * 2**running.deaths, LONGEST_WAIT)
                running.deaths += 1
                running.last_lines = self._end_of_log(self.components[name])
                print(f"{name} ended with code {child.returncode}: started anew in {wait:.0f} s", flush=True)
                self.due[name] = now + wait
                self.state.write(self.layout)

    def _stop(self, phase: str) -> None:
        """Ends the components, those that were started last first: what still writes must find the API server."""
        self.state.phase = phase
        self.state.write(self.layout)
        for child in reversed(self.children.values()):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def _end(self, number: int, frame: object) -> None:
        self.ended = True

    def _log(self, component: Component) -> Path:
        return self.layout.logs / f"{component.name}.log"

    def _end_of_log(self, component: Component) -> list[str]:
        text = self._log(component).read_text(encoding="utf-8", errors="replace")
        return text.splitlines()[-LOG_LINES:]


def main() -> int:
    """Runs the cluster of a folder; the API server is reached through an inherited socket."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--descriptor", type=int, required=True)
    arguments = parser.parse_args()
    return Supervisor(ClusterLayout(arguments.folder), arguments.descriptor).run()


if __name__ == "__main__":
    sys.exit(main())
