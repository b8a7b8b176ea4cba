"""What the check of a plan says, and whether the plan may go on. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from policy.plan_check.alarms import Acknowledgement, Alarm, alarms, without_effect
from policy.plan_check.steps import read_steps

#: Days for which an acknowledgement is proposed.
PROPOSED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Report:
    """What is said, and whether something was found to which nobody has agreed."""

    lines: tuple[str, ...]
    refused: bool


def check_plan(
    preview: str, acknowledgements: Sequence[Acknowledgement], environment: str, today: datetime.date
) -> Report:
    """Judges a preview, as the engine wrote it. Raises IncompletePreviewError for one that failed."""
    found = alarms(read_steps(preview), acknowledgements, today)
    notes = [f"acknowledge: {line}" for line in without_effect(found, acknowledgements, today)]
    return report_of(found, notes, environment, today)


def report_of(found: Sequence[Alarm], notes: Sequence[str], environment: str, today: datetime.date) -> Report:
    """The report about the alarms of a plan."""
    lines = []
    for alarm in found:
        agreed = alarm.acknowledged
        by = f" Acknowledged until {agreed.expires}: {agreed.reason}." if agreed else ""
        lines.append(f"{'acknowledged' if agreed else 'replacement alarm'}: {alarm.message}{by}")
    open_ones = [alarm for alarm in found if alarm.acknowledged is None]
    return Report(
        (*lines, *notes, *(_how_to_agree(open_ones, environment, today) if open_ones else ())), bool(open_ones)
    )


def acknowledgement_lines(open_ones: Sequence[Alarm], today: datetime.date) -> list[str]:
    """What to write into the settings to agree to these losses."""
    end = today + datetime.timedelta(days=PROPOSED_DAYS)
    rows = [
        row
        for alarm in open_ones
        for row in (
            f"  - resource: {alarm.resource}",
            "    reason: <why, and what becomes of what it holds>",
            f"    expires: {end}",
        )
    ]
    return ["acknowledge:", *rows]


def _how_to_agree(open_ones: Sequence[Alarm], environment: str, today: datetime.date) -> list[str]:
    return [
        "Nobody has agreed to that. Undo the change; or, if it is meant, have the platform's engineers write into the settings "
        f"in Pulumi.{environment}.yaml:",
        *acknowledgement_lines(open_ones, today),
    ]
