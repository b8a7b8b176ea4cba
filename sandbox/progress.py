"""Progress lines of the set-up, and long commands whose output goes to a log. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HEARTBEAT_SECONDS = 15.0
LOG_LINES_SHOWN = 20


class SetupError(Exception):
    """What stops the set-up, as a sentence that says what to do."""


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done and, when it is done, how long it took."""
    say(f"{what} ...")
    start = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - start:.1f} s")


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    *,
    doing: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> None:
    """Run a long command, with its output in `log` and a sign of life every `heartbeat` seconds.

    Raises SetupError with the log's last lines when it fails. However this function is left, no process stays behind.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log.open("wb") as output:
        # A group of its own: an interrupted build must take its compilers with it.
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    code = child.wait(heartbeat)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  still {doing}: {time.monotonic() - start:.0f} s so far")
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        tail = "\n".join(f"    {line}" for line in lines)
        raise SetupError(f"{doing} failed (exit code {code}). The end of {log}:\n{tail}")
