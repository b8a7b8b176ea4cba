"""Runs of GitHub Actions as our commands see them: the files and variables that a job finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.ci.fake_github import REPOSITORY, FakeGitHub

HEAD = "a" * 40
MERGED = "b" * 40
PULL = 7
ENVIRONMENTS = ["dev", "prod"]


def pull_request_run(
    folder: Path, github: FakeGitHub, repository: str | None = REPOSITORY, **more: str
) -> dict[str, str]:
    """The variables of a run of a pull request that comes from `repository`; None: a fork that is gone."""
    head = {"sha": HEAD, "repo": {"full_name": repository} if repository else None}
    return run_of(folder, github, {"pull_request": {"number": PULL, "head": head}}, **more)


def run_of(folder: Path, github: FakeGitHub, event: dict[str, Any], **more: str) -> dict[str, str]:
    """The variables of a run that an event started."""
    file = folder / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    variables = {
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_RUN_ID": "99",
    }
    return github.environ(**variables, **more)


def write_report(
    folder: Path, env: str, *, title: str = "+$1.00 a month", code: int = 0, digest: str = "9f3c0a1b2c3d"
) -> None:
    """The three files of a preview."""
    folder.mkdir(exist_ok=True)
    text = f"<!-- gemma-platform:{env} -->\n### {env}: {title}\n"
    (folder / f"preview-{env}.md").write_text(text, encoding="utf-8")
    (folder / f"preview-{env}.json").write_text(json.dumps({"title": title, "digest": digest}), encoding="utf-8")
    run = {"env": env, "code": code, "day": "2026-12-01", "where": "sandbox"}
    (folder / f"run-{env}.json").write_text(json.dumps(run), encoding="utf-8")
