"""Brings the environment of the pull requests up once, and makes the report of each against a copy of that."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.instance import Instance
from tests.preview_report.pull_requests import ENVIRONMENT, PullRequest
from tests.sandbox.harness import Sandbox

BASE = Path(__file__).with_name("base")
GOLDEN = Path(__file__).with_name("golden")
#: The digest follows from every file of the project; here it is only said where it stands.
DIGEST = re.compile(
    r"^Digest `[0-9a-f]{12}` \(tree [0-9a-f]{6}, state [0-9a-f]{6}, prices [0-9a-f]{6}, date (\S+)\)", re.M
)


@dataclass(frozen=True)
class Reported:
    """A report in both forms, and how the command ended."""

    exit_code: int
    markdown: str
    data: dict[str, Any]
    output: str


def bring_up(folder: Path) -> Sandbox:
    """The environment as it is before any pull request."""
    sandbox = Sandbox.create(folder)
    shutil.rmtree(sandbox.project / "stacks" / ENVIRONMENT / "teams")
    shutil.copytree(BASE / "teams", sandbox.project / "stacks" / ENVIRONMENT / "teams")
    shutil.copy(BASE / f"Pulumi.{ENVIRONMENT}.yaml", sandbox.project)
    result = sandbox.up(ENVIRONMENT)
    assert result.exit_code == 0, result.output
    return sandbox


def copy_of(base: Sandbox, folder: Path) -> Sandbox:
    """The same project, state and cloud in another folder."""
    shutil.copytree(base.project, folder / "project", symlinks=True)
    shutil.copytree(base.instance.folder, folder / "instance")
    return Sandbox(folder / "project", Instance(folder / "instance"))


def report(sandbox: Sandbox, *arguments: str, env: str = ENVIRONMENT, folder: str = "report") -> Reported:
    """Runs the command as a pipeline does, in a process of its own."""
    target = sandbox.project.parent / folder
    answer = command(sandbox, "--output", str(target), "--commit", "abc1234", *arguments, env=env)
    markdown, data = target / f"preview-{env}.md", target / f"preview-{env}.json"
    return Reported(
        answer.returncode,
        markdown.read_text(encoding="utf-8") if markdown.is_file() else "",
        json.loads(data.read_text(encoding="utf-8")) if data.is_file() else {},
        answer.stdout + answer.stderr,
    )


def command(sandbox: Sandbox, *arguments: str, env: str = ENVIRONMENT) -> subprocess.CompletedProcess[str]:
    """The command line of the report with the sandbox's environment."""
    return run_with(sandbox, sandbox.environ(env), "--env", env, *arguments)


def run_with(sandbox: Sandbox, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same with an environment of a test's own."""
    line = [sys.executable, "-m", "components.preview_report", *arguments]
    return subprocess.run(line, cwd=sandbox.project, env=environ, capture_output=True, text=True)


def report_of(base: Sandbox, request: PullRequest, folder: Path) -> Reported:
    """What a pull request's reviewer gets."""
    sandbox = copy_of(base, folder)
    request.change(sandbox)
    return report(sandbox)


def golden(request: PullRequest) -> Path:
    """Where the report of a pull request is kept."""
    return GOLDEN / f"{request.name}.md"


def comparable(markdown: str) -> str:
    """A report without the digits that follow from the whole project."""
    text, count = DIGEST.subn(r"Digest `............` (tree ......, state ......, prices ......, date \1)", markdown)
    assert count == 1, f"the digest stands {count} times in the report"
    return text
