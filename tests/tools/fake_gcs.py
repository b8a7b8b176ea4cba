"""Builds and runs fake-gcs-server, the stand-in for Cloud Storage that tests of the weights loader talk to.

Built from the Go modules that `fake_gcs_server/` pins, once for each of its go.sum, into `.sandbox/tools/`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import SetupError, run_logged, step

MODULE = "github.com/fsouza/fake-gcs-server"
SOURCE = Path(__file__).parent / "fake_gcs_server"

#: Until the server answers.
START_SECONDS = 20.0


def build(layout: Layout) -> Path:
    """The program; builds it when its go.mod or go.sum has changed. Raises SetupError."""
    pins = b"".join((SOURCE / name).read_bytes() for name in ("go.mod", "go.sum"))
    tools = layout.private / "tools"
    program = tools / f"fake-gcs-server-{hashlib.sha256(pins).hexdigest()[:12]}"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "fake-gcs-server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.access(program, os.X_OK):
            _build(layout, program)
    return program


def _build(layout: Layout, program: Path) -> None:
    if shutil.which("go") is None:
        raise SetupError("Go is missing: these tests build fake-gcs-server with it")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    part = program.with_name(f"{program.name}.part")
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-w -s", "-o", part, MODULE]
    with step("building fake-gcs-server with Go (about 2 minutes, once)"):
        log = layout.logs / "fake-gcs-server-build.log"
        run_logged(command, log, doing="building fake-gcs-server", env=env, cwd=SOURCE)
    for old in program.parent.glob("fake-gcs-server-*"):
        if old != part:
            old.unlink()
    part.rename(program)


@contextlib.contextmanager
def serve(program: Path, log: Path) -> Iterator[str]:
    """Run the server, with everything in memory, on a free port of the loopback; yields its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    command += ["-external-url", address, "-public-host", f"127.0.0.1:{port}", "-log-level", "warn"]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(server, f"{address}/_internal/healthcheck", log)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):  # noqa: S310 - ours
            return
        time.sleep(0.05)
    raise AssertionError(f"fake-gcs-server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
