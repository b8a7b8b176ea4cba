"""Virtual environments that tests run other programs from, each made once for each content of its requirements."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import run_logged, step


def python_environment(
    layout: Layout,
    name: str,
    requirements: Path,
    *,
    lasts: str,
    wheels_only: bool = True,
    finish: Callable[[Path], None] | None = None,
) -> Path:
    """The folder of an environment with what a file pins, in `.sandbox/tools/`; made anew when the file or Python is new.

    `lasts` says how long that takes; `finish` is given the folder and does the rest. Raises SetupError.
    """
    made_from = f"{sys.version} {sys.base_prefix}".encode() + requirements.read_bytes()
    tools = layout.private / "tools"
    folder = tools / f"{name}-{hashlib.sha256(made_from).hexdigest()[:12]}"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "complete"  # written last: an interrupted installation is made anew
        if not done.exists():
            for old in tools.glob(f"{name}-*"):
                shutil.rmtree(old)
            _install(layout, name, requirements, folder, lasts, wheels_only)
            if finish:
                finish(folder)
            done.touch()
    return folder


def _install(layout: Layout, name: str, requirements: Path, folder: Path, lasts: str, wheels_only: bool) -> None:
    base = Path(sys.executable).resolve()  # a virtual environment must not hang on ours
    # everything is pinned, so that pip has nothing to resolve
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps"]
    with step(f"installing {name} ({lasts}, once)"):
        run_logged([base, "-m", "venv", folder], layout.logs / f"{name}-venv.log", doing=f"making {name}'s environment")
        wheels = ("--only-binary", ":all:") if wheels_only else ()
        run_logged([*pip, *wheels, "-r", requirements], layout.logs / f"{name}-pip.log", doing=f"installing {name}")
