"""checkov in a virtual environment of its own, since it needs other versions of packages than the project does.

Made once for each content of `checkov/requirements.txt` and each Python, in `.sandbox/tools/`. It runs without a network.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.paths import Layout
from tests.tools.environments import python_environment

REQUIREMENTS = Path(__file__).parent / "checkov" / "requirements.txt"
OFFLINE = ("--framework", "kubernetes", "--output", "json", "--compact", "--quiet", "--skip-download")


@dataclass(frozen=True, slots=True, order=True)
class Failed:
    """A check that an object fails; `resource` is `<kind>.<namespace>.<name>`."""

    check: str
    resource: str
    title: str


def checkov(layout: Layout) -> Path:
    """The program; installs it when its requirements or Python are new. Raises SetupError."""
    folder = python_environment(layout, "checkov", REQUIREMENTS, lasts="about a minute", wheels_only=False)
    return folder / "bin" / "checkov"


def failed_checks(program: Path, manifests: Iterable[dict[str, Any]], folder: Path) -> list[Failed]:
    """What checkov finds in manifests, which are written to an empty folder; AssertionError when it reads none of them."""
    for index, manifest in enumerate(manifests):
        (folder / f"{index}.json").write_text(json.dumps(manifest), encoding="utf-8")
    # its settings are looked for in the folder and in the user's home; a key of a user's would make it ask its platform
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("BC_", "CKV_", "CHECKOV_", "PRISMA_"))
    }
    command = [program, "--directory", folder, *OFFLINE]
    answer = subprocess.run(
        command, cwd=folder, env={**env, "HOME": str(folder)}, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert answer.stdout.startswith("{"), answer.stdout + answer.stderr
    report = json.loads(answer.stdout)
    assert "results" in report, f"checkov read no object: {report}"
    assert report["summary"]["parsing_errors"] == 0, report
    rows = report["results"]["failed_checks"]
    return sorted(Failed(row["check_id"], row["resource"], row["check_name"]) for row in rows)
