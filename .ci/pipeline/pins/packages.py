"""Newer Python packages: pip resolves what the requirements files ask for anew, and the files get the versions that it found."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import CiError
from pipeline.pins.requirements import Update, asked_for, canonical, pinned, rewrite
from sandbox.paths import Layout

PROGRAM, DEVELOPMENT, ALONE = "requirements.txt", "requirements-dev.txt", "requirements-nodeps.txt"
#: Gives (canonical name -> version) of all that packages need, themselves included; alone: of themselves only.
Resolve = Callable[[Sequence[str], bool], dict[str, str]]


def resolve(packages: Sequence[str], alone: bool) -> dict[str, str]:
    """Asks pip, which asks the package index; installs nothing. Raises CiError."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [Layout().python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-input", "--quiet"]
        command += ["--disable-pip-version-check", "--report", report, *(["--no-deps"] if alone else []), *packages]
        answer = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if answer.returncode != 0:
            raise CiError(f"pip finds no set of versions that go together:\n{answer.stderr.strip()}")
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonical(one["metadata"]["name"]): one["metadata"]["version"] for one in found}


def update(root: Path, resolved: Resolve = resolve) -> list[Update]:
    """Rewrites the three files where something is newer, and says what."""
    program, development, alone = ((root / name).read_text(encoding="utf-8") for name in (PROGRAM, DEVELOPMENT, ALONE))
    # both together, so that one version of each serves both; the program's alone, to know what it needs itself
    everything = resolved([*asked_for(program), *asked_for(development)], False)
    ours = resolved(asked_for(program), False)
    kept = pinned(program) | pinned(development)
    new = {name: version for name, version in everything.items() if name not in kept}
    in_program = {name: version for name, version in everything.items() if name in ours}
    texts = {
        PROGRAM: rewrite(program, in_program, {name: version for name, version in new.items() if name in ours}),
        DEVELOPMENT: rewrite(
            development, everything, {name: version for name, version in new.items() if name not in ours}
        ),
        ALONE: rewrite(alone, resolved(asked_for(alone), True)),
    }
    for name, (text, updates) in texts.items():
        if updates:
            (root / name).write_text(text, encoding="utf-8")
    return [one for _, updates in texts.values() for one in updates]
