"""The `gcloud` of whoever runs this: what exists, as JSON, and commands that change it. Decides nothing."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import CiError

#: What gcloud writes for something that is not there, as against something that one may not see.
_ABSENT = re.compile(
    r"NOT_FOUND|not found|HTTPError 404|does not exist"
    # nothing can exist yet where the service is off
    r"|SERVICE_DISABLED|not enabled on project|has not been used in project",
    re.IGNORECASE,
)


class Gcloud:
    """Runs gcloud, never with a question. `apply` is False for a look: nothing is changed then."""

    def __init__(self, project: str, *, apply: bool) -> None:
        self.project, self.apply = project, apply
        #: Every command that changes something, in order, as a person would type it.
        self.changes: list[str] = []

    def look(self, *arguments: str) -> Any:
        """What a describing command answers; None for what is not there. Raises CiError for every other failure."""
        answer = self._run(["gcloud", *arguments, "--project", self.project, "--format", "json", "--quiet"], None)
        if answer.returncode == 0:
            return json.loads(answer.stdout or "null")
        if _ABSENT.search(answer.stderr):
            return None
        raise CiError(f"gcloud {' '.join(arguments)}: {answer.stderr.strip()}")

    def change(self, *arguments: str, files: Mapping[str, Any] | None = None) -> None:
        """Runs a command that changes something, or only notes it in a look. Raises CiError.

        `files` are what the command reads, as data: it runs in a folder that holds them under these names.
        """
        command = ["gcloud", *arguments, "--project", self.project, "--quiet"]
        texts = {name: json.dumps(content) for name, content in (files or {}).items()}
        self.changes += [f"echo {shlex.quote(text)} > {name}" for name, text in texts.items()]
        self.changes.append(shlex.join(command))
        if not self.apply:
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, text in texts.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            answer = self._run(command, folder)
        if answer.returncode != 0:
            raise CiError(f"{shlex.join(command)}: {answer.stderr.strip()}")

    def _run(self, command: list[str], folder: str | None) -> subprocess.CompletedProcess[str]:
        if shutil.which("gcloud") is None:
            raise CiError("gcloud is not installed: https://cloud.google.com/sdk/docs/install")
        return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
