"""Upstream projects as their Go modules carry them: definitions of custom kinds, charts and manifests, where Go keeps them.

`pins/` pins each by version and checksum. Nothing of them is compiled, so what they need in turn is not asked for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from sandbox.progress import SetupError

PINS = Path(__file__).parent / "pins"


@cache
def module_folder(module: str) -> Path:
    """Folder of a module such as `github.com/kserve/kserve`, read-only; Go downloads it when it is not there yet.

    Raises SetupError when the module is not pinned, differs from its checksum or cannot be had.
    """
    version = module_version(module)
    if shutil.which("go") is None:
        raise SetupError(f"Go is missing: the sandbox gets {module} with it")
    sums = (PINS / "go.sum").read_text(encoding="utf-8")
    if f"{module} {version} h1:" not in sums:
        raise SetupError(f"{module} {version} has no checksum: run `go mod download {module}@{version}` in {PINS}")
    # with the version named, Go asks for this module alone and compares it with go.sum
    answer = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@{version}"],
        cwd=PINS,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"},
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        said = json.loads(answer.stdout)["Error"] if answer.stdout else answer.stderr.strip()
        raise SetupError(f"{module} {version} cannot be had: {said}")
    return Path(json.loads(answer.stdout)["Dir"])


def fetch_all() -> None:
    """Downloads every pinned module that is not there yet, for what has no network later. Raises SetupError."""
    for module in pinned_modules():
        module_folder(module)


def pinned_modules() -> dict[str, str]:
    """The version of each module that `pins/` pins, with its leading v."""
    return dict(re.findall(r"(?m)^\t(\S+) (v\S+)$", (PINS / "go.mod").read_text(encoding="utf-8")))


def module_version(module: str) -> str:
    """The pinned version, with its leading v. Raises SetupError when there is none."""
    found = pinned_modules().get(module)
    if found is None:
        raise SetupError(f"{module} is not pinned: add it to {PINS / 'go.mod'}")
    return found
