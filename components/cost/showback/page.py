"""What docs/cost.md says of showback, computed: the rule's numbers, and the worked example step by step."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from components.cost.money import dollars
from components.cost.plan.plan_markdown import markdown_table
from components.cost.plan.plan_rows import Rows
from components.cost.showback.bills import as_decimal, bills
from components.cost.showback.division import divide_month
from components.cost.showback.items import Whose
from components.cost.showback.reconciliation import MOST_UNATTRIBUTED_PERCENT
from components.cost.showback.rule import FairnessRule
from components.cost.showback.worked_example import COMMON, HOURS, MACHINE, TOKENS, USD_PER_HOUR, example

_MILLION, _PETA = 10**6, Decimal(10) ** 15


def page_values() -> dict[str, Any]:
    """Values of docs/templates/cost_showback.md.j2."""
    rule = FairnessRule()
    return {
        "rule": rule,
        "most_unattributed": MOST_UNATTRIBUTED_PERCENT,
        "worked": {
            "hours": HOURS,
            "machine": MACHINE,
            "usd_per_hour": USD_PER_HOUR,
            "common": COMMON,
            "prompt": TOKENS.prompt / _MILLION,
            "answer": TOKENS.answer / _MILLION,
            "table": markdown_table(_worked(rule)),
        },
    }


def _worked(rule: FairnessRule) -> Rows:
    usages, items = example()
    parts = divide_month(items, usages, rule)
    made = {bill.holder: bill.total for bill in bills(parts, [], usages)}
    rows: list[tuple[str, ...]] = []
    for usage in usages:
        paid = {whose: Fraction(0) for whose in Whose}
        for part in parts:
            if part.holder == usage.deployment:
                paid[part.whose] += part.amount
        rows.append(
            (
                usage.team,
                f"{usage.resident_gib}",
                f"{usage.memory:,.0f}",
                f"{usage.active_parameters / 10**9:.2f}",
                f"{usage.work(rule.answer_weight) / _PETA:,.0f}",
                f"{as_decimal(paid[Whose.DIRECT]):,.4f}",
                f"{as_decimal(paid[Whose.COMMON]):,.5f}",
                dollars(made[usage.deployment]),
            )
        )
    rows.append(("together", *("",) * 6, dollars(sum(made.values(), Decimal(0)))))
    header = ("", "weights GiB", "M, GiB-h", "active, 10^9", "W, 10^15", "direct", "common", "bill")
    return Rows("Worked example", header, frozenset(range(1, 8)), tuple(rows), 1)
