"""The money in the title of a check: a commit status for each environment. Says nothing about the report's text."""

from __future__ import annotations

from typing import Literal

from pipeline.github.api import GitHub

#: Most characters of a status's description (docs.github.com/rest/commits/statuses, 2026).
MOST_CHARACTERS = 140
State = Literal["success", "failure", "error"]


def write(github: GitHub, commit: str, env: str, state: State, title: str, address: str | None) -> None:
    """Sets the status `preview/<env>` of a commit."""
    description = title if len(title) <= MOST_CHARACTERS else f"{title[: MOST_CHARACTERS - 3]}..."
    body = {"state": state, "context": f"preview/{env}", "description": description}
    github.post(f"statuses/{commit}", {**body, **({"target_url": address} if address else {})})
