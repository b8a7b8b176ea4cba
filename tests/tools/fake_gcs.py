"""Builds and runs fake-gcs-server, the stand-in for Cloud Storage that tests of the weights loader talk to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sandbox.paths import Layout
from sandbox.upstream.go_programs import go_program
from tests.tools.servers import free_port, running, wait_until_up

MODULE = "github.com/fsouza/fake-gcs-server"
SOURCE = Path(__file__).parent / "fake_gcs_server"


def build(layout: Layout) -> Path:
    """The program (about 2 minutes, once). Raises SetupError."""
    return go_program(layout, SOURCE, MODULE)


@contextlib.contextmanager
def serve(program: Path, log: Path) -> Iterator[str]:
    """Run the server, with everything in memory, on a free port of the loopback; yields its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    command += ["-external-url", address, "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"]
    with running(command, log) as server:
        wait_until_up(server, f"{address}/_internal/healthcheck", log)
        yield address
