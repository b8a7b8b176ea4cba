"""The run that we are in, as GitHub Actions tells it: its event, its address, its summary. Asks nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.github.api import GitHubError

#: Starts pull requests of this repository with the rights of a fork
#: (docs.github.com/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions, 2026).
DEPENDABOT = "dependabot[bot]"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class PullRequest:
    """The pull request that started the run."""

    number: int
    head: str
    #: Its token may only read: a comment or status would be refused.
    read_only: bool


def event(environ: Mapping[str, str]) -> dict[str, Any]:
    """What started the run; empty outside of GitHub. Raises GitHubError for a file that is not GitHub's."""
    file = environ.get("GITHUB_EVENT_PATH")
    if not file:
        return {}
    try:
        return dict(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise GitHubError(f"GITHUB_EVENT_PATH: {error}") from None


def pull_request(environ: Mapping[str, str]) -> PullRequest | None:
    """The pull request of the run's event; None for another event."""
    found = event(environ).get("pull_request")
    if found is None:
        return None
    head = found["head"]
    if not _COMMIT.fullmatch(head["sha"]):
        raise GitHubError(f"the event's head commit is '{head['sha']}', not 40 hexadecimal digits")
    return PullRequest(int(found["number"]), head["sha"], _from_outside(head, environ))


def _from_outside(head: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    # a fork that has been deleted is named by nobody
    repository = (head.get("repo") or {}).get("full_name")
    return repository != environ.get("GITHUB_REPOSITORY") or environ.get("GITHUB_ACTOR") == DEPENDABOT


def address(environ: Mapping[str, str]) -> str | None:
    """Where a person looks at the run; None outside of GitHub."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, number = (environ.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{number}" if server and repository and number else None


def add_to_summary(environ: Mapping[str, str], text: str) -> None:
    """Adds Markdown to the run's summary; to standard output outside of GitHub."""
    file = environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        print(text)
        return
    with Path(file).open("a", encoding="utf-8") as summary:
        summary.write(f"{text.rstrip()}\n\n")
