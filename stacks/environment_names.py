"""Which environments a project has: one for each `Pulumi.<environment>.yaml`."""

from __future__ import annotations

from pathlib import Path


def environment_names(root: Path) -> list[str]:
    """Their names, in alphabetical order; empty where the folder holds no project."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
