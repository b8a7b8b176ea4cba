"""A report in one line, with the money: the headline of the comment, and the title of the check. Pure."""

from __future__ import annotations

from components.cost.money import difference, dollars, signed_dollars
from components.preview_report.report import NOT_PREVIEWED, Report

#: Characters of the title of a check, with room for what a system puts around it.
TITLE_CHARACTERS = 139


def marker(environment: str) -> str:
    """The first line, by which the comment of an environment is found again."""
    return f"<!-- gemma-platform:{environment} -->"


def headline(report: Report) -> str:
    """`prod: +$419.24 a month expected ($3,870.40 -> $4,289.64), 1 policy stops this`."""
    return _line(report, " expected")


def title(report: Report) -> str:
    """The same in fewer words."""
    text = _line(report, "")
    return text if len(text) <= TITLE_CHARACTERS else f"{text[: TITLE_CHARACTERS - 3]}..."


def _line(report: Report, expected: str) -> str:
    parts = [part for part in (_money(report, expected), report.stopped_by) if part]
    return f"{report.environment}: {', '.join(parts)}"


def _money(report: Report, expected: str) -> str:
    before, after = report.before, report.after
    if after is None:
        known = "" if before is None else f"${dollars(before.expected)} a month{expected} stays as it is"
        return known if report.exit_code != NOT_PREVIEWED else "not previewed"
    if before is None:
        return f"${dollars(after.expected)} a month{expected}, not compared"
    change = difference(before.expected, after.expected)
    amounts = f"(${dollars(before.expected)} -> ${dollars(after.expected)})"
    if change == 0:
        return f"+$0.00 a month{expected} (${dollars(after.expected)} as before)"
    return f"{signed_dollars(change)} a month{expected} {amounts}"
