"""The sandbox's own ways to a report: against a commit that it brings up first, and as what an update is held to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

from sandbox.instance import SandboxError
from sandbox.report import check_digest, report_against
from tests.preview_report.pull_requests import ENVIRONMENT, SUPPORT
from tests.preview_report.running import copy_of, report
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow


def runner(folder: Path):
    """Runs commands in a project of the test's own, as the sandbox's command line does in this one."""

    def run(command: Sequence[str], environ: Mapping[str, str], output: IO[bytes] | None) -> int:
        return subprocess.run(command, cwd=folder, env=environ, stdout=output, stderr=output).returncode

    return run


def git(folder: Path, *arguments: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    names = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, env=kept | names, check=True, capture_output=True)


def test_a_pull_request_is_compared_with_its_base_without_any_account_and_twice_the_same(
    base: Sandbox, tmp_path: Path
) -> None:
    sandbox = copy_of(base, tmp_path)
    git(sandbox.project, "init", "--quiet", "--initial-branch", "main")
    # here it is a link, which the project's own list does not name
    (sandbox.project / ".git" / "info" / "exclude").write_text(".venv\n", encoding="utf-8")
    git(sandbox.project, "add", "--all")
    git(sandbox.project, "commit", "--quiet", "--message", "as it is")
    sandbox.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    run, found = runner(sandbox.project), []
    for name in ("one", "two"):
        arguments = ["--output", str(tmp_path / name), "--commit", "abc1234"]
        assert report_against(run, "main", sandbox.project, ENVIRONMENT, arguments) == 0
        found.append((tmp_path / name / f"preview-{ENVIRONMENT}.md").read_text(encoding="utf-8"))
    assert found[0] == found[1]
    assert "| support/helpdesk | active hours 160 -> 300 |" in found[0]
    assert "compared with main (" in found[0]
    with pytest.raises(SandboxError, match="git knows no commit 'mian'"):
        report_against(run, "mian", sandbox.project, ENVIRONMENT, [])


def test_an_update_is_refused_where_the_input_is_not_that_of_the_report(
    base: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sandbox = copy_of(base, tmp_path)
    digest = report(sandbox).data["digest"]
    run = runner(sandbox.project)
    assert check_digest(run, sandbox.instance, sandbox.project, ENVIRONMENT, digest) == 0
    sandbox.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    twin = str(tmp_path / "report" / f"preview-{ENVIRONMENT}.json")
    assert check_digest(run, sandbox.instance, sandbox.project, ENVIRONMENT, twin) == 3
    assert "what differs is the files of the project (tree)" in capfd.readouterr().err
