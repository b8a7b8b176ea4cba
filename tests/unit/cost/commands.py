"""Calls the command as somebody types it, in the folder of a project."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from components.cost.__main__ import app


@dataclass(frozen=True)
class Result:
    """How the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)


def run(folder: Path, *arguments: str, stdin: str = "") -> Result:
    """The command in a folder; nobody finds a `pulumi` there."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner(env={"PATH": "", "COLUMNS": "240"}).invoke(app, list(arguments), input=stdin)
    finally:
        os.chdir(here)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout, result.stderr)
