"""Builds programs from the Go modules which a folder pins, once for each content of its go.sum."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import SetupError, run_logged, step

#: Characters of the digest in a program's file name.
DIGEST = 12
STRIPPED = ("-ldflags=-w -s",)


def go_program(
    layout: Layout, source: Path, package: str, *, name: str | None = None, flags: tuple[str, ...] = STRIPPED
) -> Path:
    """The program of a package, built when the go.mod or go.sum in `source` or the flags are new; named after the package.

    It lies in `.sandbox/tools/`. Raises SetupError when Go is missing or the build fails.
    """
    name = name or package.rpartition("/")[2]
    made_from = [(source / file).read_bytes() for file in ("go.mod", "go.sum")] + [repr(flags).encode()]
    tools = layout.private / "tools"
    program = tools / f"{name}-{hashlib.sha256(b''.join(made_from)).hexdigest()[:DIGEST]}"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.access(program, os.X_OK):
            _build(layout, source, package, name, program, flags)
    return program


def _build(layout: Layout, source: Path, package: str, name: str, program: Path, flags: tuple[str, ...]) -> None:
    if shutil.which("go") is None:
        raise SetupError(f"Go is missing: {name} is built with it")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    part = program.with_name(f"{program.name}.part")
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", *flags, "-o", part, package]
    with step(f"building {name} with Go (once)"):
        run_logged(command, layout.logs / f"{name}-build.log", doing=f"building {name}", env=env, cwd=source)
    for old in program.parent.glob(f"{name}-{'?' * DIGEST}"):
        if old != part:
            old.unlink()
    part.rename(program)
