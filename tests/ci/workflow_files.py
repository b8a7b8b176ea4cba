"""The workflows and local actions of this repository as data: their jobs, and each step with where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.paths import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"


@dataclass(frozen=True)
class Step:
    """One step. `job` is empty for one of a local action."""

    file: str
    job: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`<file>: <name>`, for messages and as the key of what a test knows about it."""
        return f"{self.file}: {self.content.get('name') or self.content.get('uses')}"

    @property
    def run(self) -> str | None:
        return self.content.get("run")

    @property
    def uses(self) -> str | None:
        return self.content.get("uses")


@cache
def workflows() -> dict[str, dict[Any, Any]]:
    """All workflows by their file's name. The key `on` reads as True in YAML 1.1."""
    return {path.name: _read(path) for path in sorted(WORKFLOWS.glob("*.y*ml"))}


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, name, content) of every job."""
    for file, workflow in workflows().items():
        for name, job in workflow["jobs"].items():
            yield file, name, job


@cache
def steps() -> list[Step]:
    """Every step of every job and of every local action."""
    found = [Step(file, name, step) for file, name, job in jobs() for step in job["steps"]]
    for path in sorted(ACTIONS.glob("*/action.yaml")):
        found += [Step(f"{path.parent.name}/action.yaml", "", step) for step in _read(path)["runs"]["steps"]]
    return found


def _read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
