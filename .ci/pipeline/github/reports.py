"""The reports of a run as files of a folder, and what becomes of them: summary, comment, status.

`pipeline preview` writes three files for each environment: `preview-<env>.md`, `preview-<env>.json` and `run-<env>.json`.
A missing one is a preview that broke before it could report, which is said as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.github import comments, statuses
from pipeline.github.api import GitHub, GitHubError
from pipeline.github.comments import Agreed
from pipeline.github.run import PullRequest, add_to_summary, address

READ_ONLY = (
    "This pull request comes from another repository (or from Dependabot), and its token may only read. So the reports of its "
    "previews stand here, and not in comments."
)


@dataclass(frozen=True)
class Report:
    """One environment's report. `agreed` is None where nothing was previewed that anybody could agree to."""

    env: str
    text: str
    title: str
    state: statuses.State
    agreed: Agreed | None


def read(folder: Path, env: str) -> Report:
    """The report of an environment; one that says that there is none where the files are missing or no JSON."""
    try:
        text = (folder / f"preview-{env}.md").read_text(encoding="utf-8")
        twin: dict[str, Any] = json.loads((folder / f"preview-{env}.json").read_text(encoding="utf-8"))
        run: dict[str, Any] = json.loads((folder / f"run-{env}.json").read_text(encoding="utf-8"))
        agreed = Agreed.parse(f"{run['day']}/{twin['digest']}") if twin.get("digest") and run["code"] == 0 else None
        return Report(env, text, str(twin["title"]), "success" if run["code"] == 0 else "failure", agreed)
    except (OSError, ValueError, KeyError, TypeError, GitHubError):
        text = (
            f"{comments.marker(env)}\n### {env}: no preview\nThe run ended before there was a report: its log says why."
        )
        return Report(env, text, "no preview: see the run's log", "error", None)


def publish(github: GitHub | None, pull: PullRequest | None, reports: list[Report], environ: Mapping[str, str]) -> None:
    """Writes the reports where people look: always into the summary, and where the token allows it as comments and statuses."""
    for report in reports:
        add_to_summary(environ, report.text)
    if pull is not None and pull.read_only:
        add_to_summary(environ, READ_ONLY)
    if pull is None or pull.read_only or github is None:
        return
    where = address(environ)
    for report in reports:
        body = comments.with_record(report.text, report.agreed) if report.agreed else f"{report.text.rstrip()}\n"
        print(f"{report.env}: {comments.write(github, pull.number, report.env, body)}")
        statuses.write(github, pull.head, report.env, report.state, report.title, where)
