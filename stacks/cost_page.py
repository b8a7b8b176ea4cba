"""Generates docs/cost.md from what the environments plan (`python -m stacks.cost_page`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.cost.break_even.alternatives import alternatives
from components.cost.break_even.comparison import MACHINES_SHOWN, compare, expected_traffic
from components.cost.break_even.comparison_data import crossing_rows, traffic_words, way_rows
from components.cost.break_even.ways import hosted
from components.cost.plan.plan_markdown import markdown_table
from components.cost.plan.plan_rows import deployment_rows, option_rows, price_rows
from components.cost.prices.hosted_price import HOSTED_INPUT, HOSTED_OUTPUT
from components.cost.prices.price_check import TOLERANCE_PERCENT
from components.cost.prices.price_date import OLD_AFTER_DAYS
from components.cost.showback.page import page_values
from components.sizing.replicas import (
    CLOUD_RUN_IDLE_SECONDS,
    GKE_NODE_REMOVAL_SECONDS,
    GKE_SCALE_DOWN_DELAY_SECONDS,
    HOURS_PER_MONTH,
)
from stacks.costs import cost_of
from stacks.describe.page import ROOT, render
from stacks.plan import Plan
from stacks.serving_page import committed_plans

PAGE = ROOT / "docs" / "cost.md"
#: The deployment of the example.
EXAMPLE = ("dev", "payments/assistant")


def render_page(plans: Sequence[Plan]) -> str:
    """docs/cost.md."""
    return render("cost.md.j2", **_planned(plans), **page_values())


def _planned(plans: Sequence[Plan]) -> dict[str, Any]:
    """Values of cost.md.j2."""
    return {
        "hours": HOURS_PER_MONTH,
        "old_days": OLD_AFTER_DAYS,
        "tolerance": TOLERANCE_PERCENT,
        "cloud_run_tail": CLOUD_RUN_IDLE_SECONDS // 60,
        "gke_tail": (GKE_SCALE_DOWN_DELAY_SECONDS + GKE_NODE_REMOVAL_SECONDS) // 60,
        "machines_shown": MACHINES_SHOWN,
        "environments": [_month(plan) for plan in plans],
        "example": _example(next(plan for plan in plans if plan.environment.name == EXAMPLE[0])),
    }


def _month(plan: Plan) -> dict[str, str]:
    cost = cost_of(plan)
    return {
        "name": cost.environment,
        "table": markdown_table(deployment_rows(cost)),
        "options": markdown_table(option_rows(cost)),
        "prices": markdown_table(price_rows(cost)),
    }


def _example(plan: Plan) -> dict[str, str]:
    settings, catalogue = plan.environment.settings, plan.environment.catalogue
    (planned,) = (each for each in plan.deployments if each.key == EXAMPLE[1])
    demand = planned.record.demand
    found = alternatives(demand, settings.supply(plan.today), catalogue)
    traffic = expected_traffic(found.planned, settings.cost.expected_share)
    comparison = compare(found, traffic, None, hosted(demand, HOSTED_INPUT, HOSTED_OUTPUT))
    return {
        "words": traffic_words(comparison),
        "ways": markdown_table(way_rows(comparison)),
        "crossings": markdown_table(crossing_rows(comparison)),
    }


if __name__ == "__main__":
    PAGE.write_text(render_page(committed_plans()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
