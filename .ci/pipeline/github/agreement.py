"""What was agreed to for a commit on the main branch: digests in the comments of its pull request, or those that a person gives.

A person gives one when the workflow is started by hand, after the run before was refused and said what to write.
"""

from __future__ import annotations

from pipeline.github import comments
from pipeline.github.api import GitHub, GitHubError
from pipeline.github.comments import Agreed
from pipeline.github.pulls import merged_as


def agreed(github: GitHub, commit: str, environments: list[str], by_hand: str) -> dict[str, Agreed]:
    """By environment; one without an entry was agreed to by nobody. Raises GitHubError for a text that cannot be read.

    `by_hand` is such as `dev=2026-12-01/9f3c0a1b2c3d prod=2026-12-01/1b2c3d4e5f60`; where it is not empty, comments are not read.
    """
    if by_hand.strip():
        return _by_hand(by_hand, environments)
    number = merged_as(github, commit)
    if number is None:
        return {}
    found = {env: comments.find(github, number, env) for env in environments}
    records = {env: comments.record_of(comment["body"]) for env, comment in found.items() if comment}
    return {env: record for env, record in records.items() if record}


def _by_hand(text: str, environments: list[str]) -> dict[str, Agreed]:
    given: dict[str, Agreed] = {}
    for word in text.split():
        env, _, record = word.partition("=")
        if env not in environments:
            raise GitHubError(
                f"'{word}' names no environment; write <environment>=<day>/<digest> for {', '.join(environments)}"
            )
        given[env] = Agreed.parse(record)
    return given
