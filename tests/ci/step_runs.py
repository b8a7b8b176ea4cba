"""Runs a step of a workflow as GitHub does: its own shell, its own variables, and nothing of the machine that was not given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.paths import ROOT, Layout
from tests.ci.workflow_files import Step, steps
from tests.sandbox.harness import copy_tree

#: Longest that a step of these tests takes on busy cores.
SECONDS = 900.0
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
#: Steps that some test runs, by the name of the step.
executed: set[str] = set()


def executes(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test as one that runs these steps."""
    executed.update(names)
    return lambda test: test


def step(name: str) -> Step:
    """The step of this name."""
    [found] = [one for one in steps() if one.run and one.name == name]
    return found


@dataclass
class Checkout:
    """A checkout of the repository on a runner: what a step finds there, and what it leaves."""

    folder: Path
    temporary: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, expressions: Mapping[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a step; `expressions` are the values of what its variables refer to. A KeyError for one that is missing."""
        found = step(name)
        assert found.run is not None
        executed_here = {key: _filled(str(value), expressions) for key, value in found.content.get("env", {}).items()}
        # SANDBOX_ENGINE asks for a download, which set-up has or has not done long ago
        given = {key: value for key, value in executed_here.items() if key != "SANDBOX_ENGINE"}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if "shell" in found.content else ["bash", "-e"]
        script = self.temporary / "step.sh"
        script.write_text(found.run, encoding="utf-8")
        return subprocess.run(
            [*shell, str(script)],
            cwd=self.folder,
            env={**self._machine(), **self.variables, **variables, **given},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def output(self) -> dict[str, str]:
        """What the steps so far wrote into GITHUB_OUTPUT."""
        file = self.temporary / "output"
        return (
            dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines()) if file.exists() else {}
        )

    def summary(self) -> str:
        """What the steps so far wrote into GITHUB_STEP_SUMMARY."""
        file = self.temporary / "summary.md"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def git(self, *arguments: str) -> str:
        """Runs git in the checkout."""
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        answer = subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True)
        return answer.stdout.strip()

    def commit(self, message: str) -> str:
        """Commits everything and gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces the one place where `old` stands."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def _machine(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        return {
            **kept,
            # set-up is done: the copy borrows what it made
            "PYTHON": "true",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
            "SANDBOX_INSTANCE": str(self.temporary / "instance"),
        }


def check_out(folder: Path) -> Checkout:
    """A checkout with one commit, the base, on the branch main."""
    project = folder / "repository"
    copy_tree(ROOT, project)
    made = Checkout(project, folder / "runner")
    made.temporary.mkdir()
    shutil.rmtree(project / ".venv", ignore_errors=True)
    (project / ".venv").symlink_to(Layout().venv, target_is_directory=True)
    (project / ".sandbox").symlink_to(Layout().private, target_is_directory=True)
    made.git("init", "--quiet", "--initial-branch", "main")
    (project / ".git" / "info" / "exclude").write_text(".venv\n.sandbox\n", encoding="utf-8")
    made.commit("base")
    return made


def passed(answer: subprocess.CompletedProcess[str]) -> str:
    """What a step wrote; an AssertionError where it failed."""
    if answer.returncode != 0:
        pytest.fail(f"exit code {answer.returncode}\n{answer.stdout}{answer.stderr}", pytrace=False)
    return answer.stdout + answer.stderr


def _filled(text: str, expressions: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: expressions[found.group(1)], text)
