"""A report as Markdown."""

from __future__ import annotations

from components.cost.plan.plan_markdown import markdown_table
from components.cost.showback.report import Report
from components.cost.showback.report_rows import all_rows, headline, notes


def report_markdown(report: Report) -> str:
    """The bills first; everything else follows under its title."""
    lines = [f"### {headline(report)}", ""]
    lines += [f"- :warning: {warning}" for warning in report.warnings]
    lines += [""] if report.warnings else []
    for rows in all_rows(report):
        lines += [f"#### {rows.title}", "", markdown_table(rows), ""]
    return "\n".join([*lines, *(f"- {note}" for note in notes(report))])
