"""Starts servers that tests talk to, on free ports of the loopback, and ends them, each by its own process id."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

#: Until a server answers, on busy cores.
START_SECONDS = 60.0


@contextlib.contextmanager
def running(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server while the context lasts; what it writes goes to `log`."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port() -> int:
    """A port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Waits until an address answers 200; AssertionError with the log when the server does not come up."""

    def answers() -> None:
        urllib.request.urlopen(address, timeout=2).close()  # noqa: S310 - ours

    _wait(server, answers, log)


def wait_until_open(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Waits until something listens on a port of the loopback; AssertionError as above."""
    _wait(server, lambda: socket.create_connection(("127.0.0.1", port), timeout=2).close(), log)


def _wait(server: subprocess.Popen[bytes], attempt: Callable[[], None], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            attempt()
            return
        time.sleep(0.05)
    raise AssertionError(f"the server did not come up:\n{log.read_text(encoding='utf-8', errors='replace')}")
