"""Brings the generated pages up to date: newer pins change figures in them, and so did team files since the last time."""

from __future__ import annotations

import subprocess
from pathlib import Path

#: What `make docs` writes, as git names it.
GENERATED = ("docs", "stacks", "components/schema.json", ".github/CODEOWNERS")
#: Lines of a failure that are told.
LINES = 20


def write_pages(root: Path) -> str | None:
    """Runs `make docs`; gives the end of what it said where it failed, as it does when a deployment fits no more."""
    answer = subprocess.run(["make", "docs"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "\n".join(answer.stdout.splitlines()[-LINES:]) if answer.returncode != 0 else None
