"""The update after a merge: only what somebody has seen. The report is made anew; where its digest differs, nothing changes.

Owns the order of things and what a refusal says. What the digest covers is the report's affair (components/preview_report).
"""

from __future__ import annotations

import datetime
from pathlib import Path

from components.preview_report.report import GOES_ON
from pipeline import preview
from pipeline.engine import BACKEND, Engine
from pipeline.errors import CiError
from pipeline.github.api import GitHubError
from pipeline.github.comments import Agreed

UPDATE = ("up", "--yes", "--skip-preview", "--suppress-outputs", "--policy-pack", "policy")


def deploy(engine: Engine, output: Path, base: str, agreed_text: str, today: datetime.date) -> int:
    """Compares with what was agreed to, then updates. Gives the exit code of the update; raises CiError where it is refused.

    `agreed_text` is `<day>/<digest>`; where it is empty nobody has agreed to anything, and the refusal says what there would be.
    """
    agreed = _agreed(agreed_text)
    day = _day(agreed) if agreed else today
    code = preview.report(engine, output, base, day)
    if code != GOES_ON:
        raise CiError(f"{engine.env} is not updated: its report says what stops it (exit code {code})")
    found = Agreed(day.isoformat(), preview.shown_digest(output, engine.env))
    if agreed is None:
        raise CiError(_refusal(engine.env, "no pull request of this commit has a report that was agreed to", found))
    if found != agreed:
        raise CiError(
            _refusal(engine.env, f"files, state or prices are not those that were agreed to ({agreed})", found)
        )
    if not engine.real:
        print(f"{engine.env}: the digest is the one that was agreed to; {BACKEND} is not set, so nothing is updated")
        return 0
    return engine.run(*UPDATE)


def _agreed(text: str) -> Agreed | None:
    try:
        return Agreed.parse(text) if text.strip() else None
    except GitHubError as error:
        raise CiError(f"AGREED: {error}") from None


def _day(agreed: Agreed) -> datetime.date:
    try:
        return datetime.date.fromisoformat(agreed.day)
    except ValueError:
        raise CiError(f"AGREED: '{agreed.day}' is no day") from None


def _refusal(env: str, why: str, found: Agreed) -> str:
    return (
        f"{env} is not updated: {why}. Read the report in this run's summary. Who agrees to it starts the workflow by hand with "
        f"accept: {env}={found}"
    )
