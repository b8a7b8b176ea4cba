"""The engine that serves the models: an environment gets the newest release that the catalogue lets be deployed, with its impact.

A release that the catalogue does not describe is not proposed: docs/sizing.md says how one is added.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from components.sizing.catalogue import load_catalogue
from pipeline.errors import CiError
from sandbox.paths import ROOT, Layout

_SETTING = re.compile(r"(?m)^(?P<before>\s+engine_version:\s*)(?P<version>\S+)")
#: Wide enough for the impact's table, which is read in a block of code.
COLUMNS = "180"


@dataclass(frozen=True, slots=True)
class EngineUpdate:
    """An environment whose engine changes, and what that does to its deployments."""

    env: str
    old: str
    new: str
    impact: str
    #: False where a deployment would no longer fit.
    holds: bool


def update(root: Path, env: str) -> EngineUpdate | None:
    """Rewrites `engine_version` in an environment's settings where the catalogue has a newer one. Raises CiError."""
    file = root / f"Pulumi.{env}.yaml"
    text = file.read_text(encoding="utf-8")
    found = _SETTING.search(text)
    if found is None:
        raise CiError(f"{file.name} has no engine_version on a line of its own")
    newest = str(max(Version(one.id) for one in load_catalogue().engines if one.deployable))
    if Version(found["version"]) >= Version(newest):
        return None
    answer = _impact(root, env, found["version"], newest)
    file.write_text(f"{text[: found.start('version')]}{newest}{text[found.end('version') :]}", encoding="utf-8")
    return EngineUpdate(env, found["version"], newest, answer.stdout.rstrip(), answer.returncode == 0)


def _impact(root: Path, env: str, old: str, new: str) -> subprocess.CompletedProcess[str]:
    command = [Layout().python, "-m", "components.sizing", "impact", "--from", old, "--to", new, "--env", env]
    environ = {**os.environ, "COLUMNS": COLUMNS, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run([str(part) for part in command], cwd=root, env=environ, capture_output=True, text=True)
    # 1: a deployment no longer fits, which the table says; it is what the reviewer must see
    if answer.returncode not in (0, 1) or not answer.stdout.strip():
        raise CiError(f"the impact of {new} on {env} could not be computed:\n{answer.stderr.strip()}")
    return answer
