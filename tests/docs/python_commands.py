"""Checks `python -m module ...` against the command line that the module really has. Runs nothing."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from tests.committed_files import ROOT
from tests.docs.command_lines import FILLED_IN

#: Modules whose application lies in another: they do something when they are imported.
ELSEWHERE = {
    "components.preview_report": "components.preview_report.cli",
    "policy audit": "policy.audit.command",
    "sandbox": "sandbox.cli",
}
#: Modules of the installation that documents use, and are not looked into.
INSTALLED = {"venv", "pip", "pytest", "ruff", "pyright"}


def problems_of_module(words: Sequence[str]) -> list[str]:
    """What is wrong with the words after `python -m`."""
    module, *arguments = words
    if module in INSTALLED:
        return []
    if arguments and f"{module} {arguments[0]}" in ELSEWHERE:
        module, arguments = f"{module} {arguments[0]}", arguments[1:]
    try:
        application = application_of(module)
    except ImportError as error:
        return [f"python -m {module}: {error}"]
    if application is None:
        return [f"python -m {module} takes no arguments, found {' '.join(arguments)}"] if arguments else []
    return problems_of_arguments(application, module, arguments)


@cache
def application_of(module: str) -> Any:
    """The commands of a module that `python -m` runs; None where it takes no arguments. Raises ImportError for any other."""
    if module in ELSEWHERE:
        return get_command(importlib.import_module(ELSEWHERE[module]).app)
    name = next((one for one in (f"{module}.__main__", module) if _source(one)), None)
    if name is None or (source := _source(name)) is None or 'if __name__ == "__main__"' not in source:
        raise ImportError("there is no such command")
    if "typer.Typer(" not in source:
        return None
    return get_command(importlib.import_module(name).app)


def problems_of_arguments(command: Any, name: str, arguments: Sequence[str]) -> list[str]:
    """What a command would say of its arguments. None at all name the command itself, not a call of it."""
    left = list(arguments)
    while hasattr(command, "commands") and left and not left[0].startswith("-"):
        if left[0] not in command.commands:
            return [f"{name} has no command '{left[0]}'; it has {', '.join(command.commands)}"]
        command, name, left = command.commands[left[0]], f"{name} {left[0]}", left[1:]
    if not left:
        return []
    if hasattr(command, "commands"):
        return [] if left == ["--help"] else [f"{name}: {' '.join(left)} names no command"]
    for value in (left[at + 1] for at, word in enumerate(left[:-1]) if word == "--env"):
        if value != FILLED_IN and not value.isupper() and not (ROOT / f"Pulumi.{value}.yaml").exists():
            return [f"{name}: there is no environment '{value}'"]
    try:
        command.make_context(name, left)
    except Exception as error:
        # of another class for each mistake, in a private module of typer
        return [f"{name}: {error}"] if str(error) != "0" else []
    return []


def _source(name: str) -> str | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    path = Path(spec.origin) if spec and spec.origin else None
    return path.read_text(encoding="utf-8") if path and path.name != "__init__.py" and path.suffix == ".py" else None
