"""One open issue for each environment whose cloud differs from its state: opened, brought up to date, closed when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.github.api import GitHub
from pipeline.github.comments import AUTHOR

LABEL = "drift"


def marker(env: str) -> str:
    """The first line by which an environment's issue is found again."""
    return f"<!-- gemma-platform:drift:{env} -->"


def report(github: GitHub, env: str, title: str, text: str) -> str:
    """Opens the issue of an environment or brings it up to date; says in a few words which."""
    body = f"{marker(env)}\n{text}"
    old = _find(github, env)
    if old is None:
        new = github.post("issues", {"title": title, "body": body, "labels": [LABEL]})
        return f"opened #{new['number']}"
    if (old["title"], old["body"]) == (title, body):
        return f"#{old['number']} says it already"
    github.patch(f"issues/{old['number']}", {"title": title, "body": body})
    return f"brought #{old['number']} up to date"


def close(github: GitHub, env: str, comment: str) -> str:
    """Closes the issue of an environment, if one is open."""
    old = _find(github, env)
    if old is None:
        return "nothing to report"
    github.post(f"issues/{old['number']}/comments", {"body": comment})
    github.patch(f"issues/{old['number']}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{old['number']}"


def _find(github: GitHub, env: str) -> Mapping[str, Any] | None:
    for issue in github.pages(f"issues?state=open&labels={LABEL}"):
        # the list holds pull requests as well
        if "pull_request" in issue or issue["user"]["login"] != AUTHOR:
            continue
        if (issue["body"] or "").startswith(marker(env)):
            return issue
    return None
