"""A report as one page: static, without scripts and without anything from elsewhere, legible on a phone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import jinja2

from components.cost.money import dollars
from components.cost.showback.bars import COLOURS, Bar, bars
from components.cost.showback.bills import Bill
from components.cost.showback.report import Report
from components.cost.showback.report_rows import all_rows, budget_words, headline, notes

TEMPLATE = Path(__file__).with_name("report.html.j2")


def report_html(report: Report) -> str:
    """The page."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        report=report,
        headline=headline(report),
        notes=notes(report),
        tables=all_rows(report),
        colours=COLOURS,
        teams=bars("Bill of each team, USD; the line is its budget", _teams(report)),
        deployments=bars("Bill of each deployment, USD", _deployments(report)),
    )


def _teams(report: Report) -> list[Bar]:
    found = []
    for team, usd in report.teams.items():
        own = [bill for bill in report.bills if bill.team == team]
        budget = budget_words(report, team)
        words = f"{dollars(usd)}{f' of {budget}' if budget else ''}"
        found.append(Bar(team, _parts(own), words, report.budgets.get(team)))
    return found


def _deployments(report: Report) -> list[Bar]:
    largest = sorted(report.bills, key=lambda bill: (-bill.total, bill.holder))
    return [Bar(bill.holder, _parts([bill]), dollars(bill.total)) for bill in largest]


def _parts(own: list[Bill]) -> tuple[tuple[str, Decimal], ...]:
    names = zip(COLOURS, ("serving", "waiting", "direct", "shared", "idle", "common"), strict=True)
    return tuple((part, sum((getattr(bill, name) for bill in own), Decimal(0))) for part, name in names)
