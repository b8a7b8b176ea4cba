"""A report as plain data for other programs: JSON, and one line for each bill as CSV. Money is text."""

from __future__ import annotations

import csv
import io
from typing import Any

from components.cost.money import ZERO, to_cents
from components.cost.plan.published_cost import CURRENCY
from components.cost.showback.bills import Bill
from components.cost.showback.idle import idle_gpus
from components.cost.showback.report import Report
from components.cost.showback.usage import Usage

#: Version of this form; fields are only ever added within one.
FORM = 1
COLUMNS = (
    *(
        "environment",
        "month",
        "until",
        "currency",
        "team",
        "deployment",
        "serving",
        "waiting",
        "not_told_apart",
        "shared_gpu",
    ),
    *("idle_nodes", "common", "credits", "bill", "held_hours", "serving_hours", "prompt_tokens", "cached_tokens"),
    *("answer_tokens",),
)


def report_data(report: Report) -> dict[str, Any]:
    """The report; None stands for what nobody measured."""
    month = report.month
    return {
        "form": FORM,
        "environment": report.environment,
        "month": month.name,
        "until": str(month.until),
        "running": month.is_running,
        "currency": CURRENCY,
        "rule": {
            "work_share": str(report.rule.work_share),
            "work_share_source": report.rule.work_share_source,
            "answer_weight": str(report.rule.answer_weight),
            "answer_weight_source": report.rule.answer_weight_source,
        },
        "total": str(report.total),
        "forecast": str(to_cents(month.forecast(report.total))),
        "teams": {
            team: {
                "bill": str(usd),
                "forecast": str(to_cents(month.forecast(usd))),
                "budget": str(report.budgets[team]) if team in report.budgets else None,
            }
            for team, usd in report.teams.items()
        },
        "bills": [
            {**_amounts(bill), "team": bill.team, "deployment": bill.holder, "exact_before_credits": str(bill.exact)}
            for bill in report.bills
        ],
        "usage": {key: _usage(usage, report.rule.answer_weight) for key, usage in report.usages.items()},
        "reconciliation": [
            {
                "family": each.family,
                "source": each.source,
                "total": str(each.total),
                "credits": str(each.credits),
                "teams": {team: str(usd) for team, usd in each.teams.items()},
                "platform": str(each.platform),
                "unattributed": str(each.unattributed),
                "at_list_prices": None if each.listed is None else str(each.listed),
                "gap": None if each.gap is None else str(each.gap),
            }
            for each in report.reconciled
        ],
        "without_source": list(report.without_source),
        "nodes": [
            {
                "price_class": each.used.price_class,
                "hours": str(each.used.hours),
                "usd": str(to_cents(each.used.usd)),
                "at_list_prices": str(to_cents(each.listed)),
            }
            for each in report.classes
        ],
        "idle": [
            {"what": each.what, "hours": str(each.hours), "usd": str(each.usd), "release": each.release}
            for each in idle_gpus(report)
        ],
        "recommendations": [
            {"deployment": each.deployment, "kind": each.kind, "what": each.what, "saves": str(each.saves)}
            for each in report.recommendations
        ],
        "warnings": list(report.warnings),
    }


def report_csv(report: Report) -> str:
    """One line for each bill; an empty cell stands for what nobody measured."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for bill in report.bills:
        usage = report.usages.get(bill.holder)
        tokens = usage.tokens if usage else None
        measured = ("",) * 3 if tokens is None else (tokens.prompt, tokens.cached, tokens.answer)
        hours = (
            ("", "")
            if usage is None
            else (usage.held_hours, "" if usage.serving_hours is None else usage.serving_hours)
        )
        month = report.month
        rows.writerow(
            [
                report.environment,
                month.name,
                month.until,
                CURRENCY,
                bill.team,
                bill.holder,
                *_amounts(bill).values(),
                *hours,
                *measured,
            ]
        )
    return out.getvalue()


def _amounts(bill: Bill) -> dict[str, str]:
    return {
        "serving": str(bill.serving),
        "waiting": str(bill.waiting),
        "not_told_apart": str(bill.direct),
        "shared_gpu": str(bill.shared),
        "idle_nodes": str(bill.idle),
        "common": str(bill.common),
        "credits": str(bill.credits),
        "bill": str(bill.total + ZERO),
    }


def _usage(usage: Usage, answer_weight: Any) -> dict[str, Any]:
    tokens = usage.tokens
    return {
        "resident_gib": str(usage.resident_gib),
        "active_parameters": str(usage.active_parameters),
        "machine_types": sorted(usage.machine_types),
        "held_hours": str(usage.held_hours),
        "serving_hours": None if usage.serving_hours is None else str(usage.serving_hours),
        "prompt_tokens": None if tokens is None else str(tokens.prompt),
        "cached_tokens": None if tokens is None else str(tokens.cached),
        "answer_tokens": None if tokens is None else str(tokens.answer),
        "memory_gib_hours": str(usage.memory),
        "work": None if tokens is None else str(usage.work(answer_weight)),
    }
