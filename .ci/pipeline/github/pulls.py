"""Pull requests: the one that a commit on the main branch came from, and the one that proposes new pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.github.api import GitHub


def merged_as(github: GitHub, commit: str) -> int | None:
    """Number of the pull request whose merge made this commit; None for a commit that was pushed by itself."""
    for pull in github.pages(f"commits/{commit}/pulls"):
        if pull.get("merged_at") and pull.get("merge_commit_sha") == commit:
            return int(pull["number"])
    return None


def propose(github: GitHub, branch: str, base: str, title: str, body: str) -> str:
    """Opens the pull request of a branch or brings it up to date; says in a few words which."""
    content = {"title": title, "body": body}
    old = _open_one(github, branch)
    if old is None:
        new = github.post("pulls", {**content, "head": branch, "base": base})
        return f"opened #{new['number']}"
    github.patch(f"pulls/{old['number']}", content)
    return f"brought #{old['number']} up to date"


def _open_one(github: GitHub, branch: str) -> Mapping[str, Any] | None:
    owner = github.repository.partition("/")[0]
    return next(iter(github.pages(f"pulls?state=open&head={owner}:{branch}")), None)
