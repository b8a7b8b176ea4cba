"""The tables of a report as rows of text, for a terminal, Markdown and the page alike."""

from __future__ import annotations

from decimal import Decimal

from components.cost.money import CENT, ZERO, dollars, signed_dollars
from components.cost.plan.plan_rows import Rows
from components.cost.showback.bills import Bill
from components.cost.showback.division import UNATTRIBUTED
from components.cost.showback.idle import idle_gpus
from components.cost.showback.report import Report
from components.labels import PLATFORM_TEAM

NOT_MEASURED = "not measured"
MILLION = Decimal(1_000_000)
#: Parts of a bill, and what they are called.
_PARTS = {
    "serving": "serving",
    "waiting": "waiting",
    "direct": "not told apart",
    "shared": "shared GPU",
    "idle": "idle nodes",
    "common": "common",
    "credits": "credits",
}


def headline(report: Report) -> str:
    """The whole in a sentence."""
    month = report.month
    days = f"{month.first} to {month.until} (without it), UTC"
    if not month.is_running:
        return f"{report.environment} {month.name}: USD {dollars(report.total)}"
    forecast = dollars(month.forecast(report.total))
    return f"{report.environment} {month.name} to date: USD {dollars(report.total)}, {days}; forecast {forecast}"


def bill_rows(report: Report) -> Rows:
    """Bills by team and deployment, and their sums. Parts that nobody pays have no column."""
    shown = [part for part in _PARTS if any(getattr(bill, part) for bill in report.bills)]
    rows: list[tuple[str, ...]] = []

    def add(name: str, own: list[Bill], budget: str = "") -> None:
        total = sum((bill.total for bill in own), ZERO)
        amounts = [dollars(sum((getattr(bill, part) for bill in own), ZERO)) for part in shown]
        forecast = [dollars(report.month.forecast(total))] if report.month.is_running else []
        rows.append((name, *amounts, dollars(total), *forecast, budget))

    for team in report.teams:
        own = [bill for bill in report.bills if bill.team == team]
        for bill in own:
            add(bill.holder, [bill])
        if team not in (PLATFORM_TEAM, UNATTRIBUTED):
            add(f"team {team}", own, budget_words(report, team))
    add("together", list(report.bills))
    header = (
        "",
        *(_PARTS[part] for part in shown),
        "bill",
        *(("forecast",) if report.month.is_running else ()),
        "budget",
    )
    return Rows("Bills, USD", header, frozenset(range(1, len(header) - 1)), tuple(rows), 1)


def usage_rows(report: Report) -> Rows:
    """What deployments used, and what a million tokens came to."""
    totals = {bill.holder: bill.total for bill in report.bills}
    rows = []
    for key, usage in report.usages.items():
        tokens = usage.tokens
        counted = (
            (NOT_MEASURED,) * 3
            if tokens is None
            else (_count(tokens.prompt), _count(tokens.cached), _count(tokens.answer))
        )
        serving = NOT_MEASURED if usage.serving_hours is None else _hours(usage.serving_hours)
        rows.append(
            (
                key,
                ", ".join(sorted(usage.machine_types)) or report.records[key].runs_on,
                _hours(usage.held_hours),
                serving,
                f"{usage.resident_gib:.2f}",
                f"{usage.active_parameters / 10**9:.2f}",
                *counted,
                per_million(totals.get(key, ZERO), tokens.prompt + tokens.answer if tokens else None),
            )
        )
    header = ("", "held", "hours", "serving", "GiB", "10^9 active", "prompt", "cached", "answer", "a million")
    title = "Use: hours, weights, active parameters, million tokens, USD a million of them"
    return Rows(title, header, frozenset(range(2, 10)), tuple(rows))


def reconciliation_rows(report: Report) -> Rows:
    """Each family against its source."""
    rows = [
        (
            each.family,
            each.source,
            dollars(sum(each.teams.values(), ZERO)),
            dollars(each.platform),
            dollars(each.unattributed),
            dollars(each.total),
            dollars(each.credits),
            "not known" if each.listed is None else dollars(each.listed),
            "not known" if each.gap is None else signed_dollars(each.gap),
        )
        for each in report.reconciled
    ]
    rows += [(family, "none was given", *("not known",) * 7) for family in report.without_source]
    header = ("", "source", "teams", "platform", "unattributed", "total", "credits", "at list prices", "gap")
    return Rows("Reconciliation with the sources, USD before credits", header, frozenset(range(2, 9)), tuple(rows))


def class_rows(report: Report) -> Rows:
    """Nodes by price class."""
    rows = tuple(
        (
            each.used.price_class,
            _hours(each.used.hours),
            dollars(each.used.usd),
            dollars(each.listed),
            signed_dollars(each.gap),
        )
        for each in report.classes
    )
    return Rows("Nodes, USD", ("", "hours", "by the metrics", "at list prices", "gap"), frozenset(range(1, 5)), rows)


def idle_rows(report: Report) -> Rows:
    """Idle GPUs."""
    rows = tuple((each.what, _hours(each.hours), dollars(each.usd), each.release) for each in idle_gpus(report))
    return Rows("Idle GPUs, USD", ("", "hours", "cost", "what would release them"), frozenset({1, 2}), rows)


def advice_rows(report: Report) -> Rows:
    """Recommendations."""
    rows = tuple((each.deployment, each.kind, each.what, dollars(each.saves)) for each in report.recommendations)
    title = "Recommendations of sizing, never applied; USD that they would have saved"
    return Rows(title, ("", "kind", "what", "saves"), frozenset({3}), rows)


def all_rows(report: Report) -> list[Rows]:
    """Every table that has a row."""
    tables = (bill_rows, usage_rows, reconciliation_rows, class_rows, idle_rows, advice_rows)
    return [rows for table in tables if (rows := table(report)).rows]


def notes(report: Report) -> list[str]:
    """The rule with its sources, and what the numbers do not say."""
    return [f"key of shared cost: {line}" for line in report.rule.lines]


def budget_words(report: Report, team: str) -> str:
    """How far a team is with its budget."""
    budget = report.budgets.get(team)
    if budget is None:
        return ""
    spent = report.teams.get(team, ZERO)
    expected = report.month.forecast(spent)
    over = ", exceeded" if spent > budget else ", will be exceeded" if expected > budget else ""
    return f"{dollars(budget)}{over}"


def per_million(usd: Decimal, tokens: Decimal | None) -> str:
    """USD for a million tokens, prompts and answers alike."""
    if tokens is None:
        return NOT_MEASURED
    return "-" if not tokens else f"{usd * MILLION / tokens:.3f}"


def _hours(hours: Decimal) -> str:
    return f"{hours.quantize(CENT):,}"


def _count(tokens: Decimal) -> str:
    return f"{tokens / MILLION:,.2f}"
