"""One comment for each environment of a pull request, found again by its first line, and the record that it carries.

The record is what the merge compares with: a hidden line at the end with the day and the digest of the report. Only comments
of GitHub Actions itself count, since anybody may write one that begins in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.github.api import GitHub, GitHubError

#: Who writes with a job's own token (docs.github.com/actions/concepts/security/github_token, 2026).
AUTHOR = "github-actions[bot]"
#: Most characters of a comment, measured by GitHub's own message "Body is too long (maximum is 65536 characters)".
MOST_CHARACTERS = 65_536
_RECORD = re.compile(r"<!-- gemma-platform-record:(\{[^\n]*\}) -->\s*\Z")
_AGREED = re.compile(r"(\d{4}-\d{2}-\d{2})/([0-9a-f]{8,64})")


@dataclass(frozen=True)
class Agreed:
    """What somebody has seen: the digest of a report, and the day that it was made for."""

    day: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Agreed:
        """From `<day>/<digest>`; raises GitHubError."""
        found = _AGREED.fullmatch(text.strip())
        if found is None:
            raise GitHubError(f"'{text.strip()}' is no <day>/<digest> such as 2026-12-01/9f3c0a1b2c3d")
        return cls(*found.groups())

    def __str__(self) -> str:
        return f"{self.day}/{self.digest}"


def marker(env: str) -> str:
    """The first line of an environment's report."""
    return f"<!-- gemma-platform:{env} -->"


def with_record(report: str, agreed: Agreed) -> str:
    """A report with the line that the merge reads."""
    line = json.dumps({"day": agreed.day, "digest": agreed.digest})
    return f"{report.rstrip()}\n\n<!-- gemma-platform-record:{line} -->\n"


def record_of(comment: str) -> Agreed | None:
    """What a comment records; None where it records nothing that can be read."""
    found = _RECORD.search(comment)
    if found is None:
        return None
    try:
        read = json.loads(found.group(1))
        return Agreed.parse(f"{read['day']}/{read['digest']}")
    except (ValueError, KeyError, TypeError, GitHubError):
        return None


def find(github: GitHub, number: int, env: str) -> Mapping[str, Any] | None:
    """The comment of an environment; the first one, should there be several."""
    for comment in github.pages(f"issues/{number}/comments"):
        if comment["user"]["login"] == AUTHOR and (comment["body"] or "").startswith(marker(env)):
            return comment
    return None


def write(github: GitHub, number: int, env: str, body: str) -> str:
    """Writes the comment anew, or changes it; gives its address. Raises GitHubError."""
    if not body.startswith(marker(env)):
        raise GitHubError(
            f"the report of {env} does not begin with {marker(env)}, so its comment could not be found again"
        )
    if len(body) > MOST_CHARACTERS:
        raise GitHubError(f"the comment on {env} has {len(body):,} characters; GitHub takes {MOST_CHARACTERS:,}")
    old = find(github, number, env)
    if old is None:
        return github.post(f"issues/{number}/comments", {"body": body})["html_url"]
    if old["body"] == body:
        return old["html_url"]
    return github.patch(f"issues/comments/{old['id']}", {"body": body})["html_url"]
