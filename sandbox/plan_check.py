"""The check of a plan in the sandbox: from the engine's own record of a preview, without a second one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import typer

from policy.plan_check.report import check_plan
from policy.plan_check.steps import IncompletePreviewError
from sandbox.instance import Instance, SandboxError, project_name
from stacks.environment import read_environment
from stacks.problems import SettingsError

#: Runs a command with an environment to its end, its output shown or put into a file, and gives its exit code.
Run = Callable[[Sequence[str], Mapping[str, str], IO[bytes] | None], int]
#: The engine writes its events only for those who ask in this way (3.259.0).
WITH_EVENTS = {"PULUMI_DEBUG_COMMANDS": "true"}
#: What only `up` knows of its options.
ONLY_UP = frozenset({"--yes", "-y", "--skip-preview", "-f", "--continue-on-error"})
REFUSED = 1


def preview_and_check(run: Run, command: Sequence[str], environ: Mapping[str, str], project: Path, env: str) -> int:
    """Shows a preview and what its plan would lose. Gives the exit code of the two."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.json"
        code = run([*command, "--event-log", str(events)], {**environ, **WITH_EVENTS}, None)
        return code or _check(events, project, env)


def check_before_up(run: Run, command: Sequence[str], environ: Mapping[str, str], project: Path, env: str) -> int:
    """Previews what an update would do, and shows it only where it fails. 0: the update may go on."""
    with tempfile.TemporaryDirectory() as folder:
        events, output = Path(folder) / "events.json", Path(folder) / "output"
        arguments = [each for each in command if each not in ONLY_UP]
        with output.open("wb") as file:
            code = run([*arguments, "--event-log", str(events)], {**environ, **WITH_EVENTS}, file)
        if code:
            typer.echo(output.read_text(encoding="utf-8"), nl=False, err=True)
        return code or _check(events, project, env)


def has_resources(instance: Instance, project: Path, env: str) -> bool:
    """True where a stack holds anything that an update could replace or delete."""
    file = instance.state / ".pulumi" / "stacks" / project_name(project) / f"{env}.json"
    latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
    return bool(latest.get("resources"))


def _check(events: Path, project: Path, env: str) -> int:
    try:
        loaded, today = read_environment(project, env)
        report = check_plan(events.read_text(encoding="utf-8"), loaded.settings.acknowledgements, env, today)
    except (SettingsError, IncompletePreviewError) as error:
        raise SandboxError(f"the plan cannot be judged: {error}") from None
    for line in report.lines:
        typer.echo(line, err=True)
    return REFUSED if report.refused else 0
