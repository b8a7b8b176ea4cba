"""Asks the engine, through the Automation API: for the state, for the number of updates, and for one preview with the policies.

Writes nothing: it selects no stack, and nobody's secrets are asked for. `pulumi`, its login and its passphrase are the caller's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pulumi import automation
from pulumi.automation import CommandError, EngineEvent

from components.preview_report.errors import ReportError
from components.preview_report.events import preview_of
from components.preview_report.preview import Preview

POLICY_PACK = "policy"


class Workspace(automation.LocalWorkspace):
    """A folder with a program. Working on a stack does not select it: what a plain `pulumi` means there stays as it was."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command names its stack."""


@dataclass(frozen=True)
class Engine:
    """One stack of the program in a folder."""

    stack: automation.Stack
    project: Path

    @classmethod
    def of(cls, project: Path, stack: str) -> Engine:
        """Raises ReportError where there is no `pulumi`."""
        try:
            workspace = Workspace(work_dir=str(project))
        except (FileNotFoundError, CommandError) as error:
            message = (
                "there is no `pulumi` on the PATH that answers; install it and log in to the backend with the stack"
            )
            raise ReportError(f"{message} ({_first_line(error)})") from None
        return cls(automation.Stack.select(stack, workspace), project)

    def exported(self) -> str:
        """The state as `pulumi stack export` writes it, secrets as ciphertexts. Raises ReportError where it does not."""
        return self._pulumi("stack", "export")

    def update_number(self) -> int:
        """The number of the last update. A backend of one's own numbers none, so that they are counted there."""
        history = json.loads(self._pulumi("stack", "history", "--json") or "[]")
        return int(history[0].get("version") or len(history)) if history else 0

    def preview(self, folder: Path, config_file: Path | None) -> Preview:
        """One preview of the program in `folder`, with the policies of the project. One that fails is a preview too."""
        events: list[EngineEvent] = []
        stack = self.stack
        if folder != self.project:
            stack = automation.Stack.select(stack.name, Workspace(work_dir=str(folder)))
        try:
            stack.preview(
                policy_packs=[str(self.project / POLICY_PACK)],
                on_event=events.append,
                color="never",
                suppress_outputs=True,
                suppress_progress=True,
                config_file=str(config_file) if config_file else None,
            )
        except (CommandError, RuntimeError) as error:
            return preview_of(events, str(error))
        return preview_of(events, None)

    def _pulumi(self, *arguments: str) -> str:
        workspace = self.stack.workspace
        command = [*arguments, "--stack", self.stack.name]
        try:
            return workspace.pulumi_command.run(command, workspace.work_dir, {}).stdout
        except CommandError as error:
            raise ReportError(
                f"`pulumi {' '.join(command)}` failed: {_first_line(error)}; log in to the backend that has the stack with "
                f"`pulumi login`, or make the stack with `pulumi stack init {self.stack.name}`"
            ) from None


def _first_line(error: Exception) -> str:
    """What the engine wrote to standard error, without what the Automation API puts around it."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line.removeprefix("stderr:").strip() for line in lines if "error:" in line or line.startswith("stderr:")]
    return next((line for line in told if line), lines[0] if lines else "no reason given")
