"""What a preview and an update say of the cost of the month, and what they publish of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.cost.errors import CostError
from components.cost.money import dollars, signed_dollars
from components.cost.plan.changes import COST, RECORDS, TOLD_CHANGES, changes, in_sum, told
from components.cost.plan.environment_cost import EnvironmentCost
from components.cost.plan.published_cost import published_total
from components.cost.prices.price_date import old_prices
from stacks.costs import cost_of
from stacks.plan import Plan


class PreviewCost:
    """The cost of a plan as a preview tells it. An update does not fail for it: what is not known is a warning."""

    def __init__(self, plan: Plan) -> None:
        self.cost: EnvironmentCost | None = None
        self.warnings: list[str] = []
        try:
            self.cost = cost_of(plan)
            self.warnings = [f"cost: {sentence}" for sentence in old_prices(self.cost.prices, plan.today)]
        except CostError as error:
            self.warnings = [f"cost: {error}"]

    @property
    def outputs(self) -> dict[str, Any]:
        """What the stack publishes beside its records, so that the next plan can be compared with it."""
        return {} if self.cost is None else {COST: published_total(self.cost)}

    def notes(self, deployed: Mapping[str, Any]) -> list[str]:
        """Total, range and change in a sentence, and the largest changes in one each."""
        return [] if self.cost is None else cost_notes(self.cost, deployed)


def cost_notes(cost: EnvironmentCost, deployed: Mapping[str, Any]) -> list[str]:
    """The same for a cost; `deployed` are the outputs of the stack, empty before the first update."""
    month = cost.total
    summary = (
        f"cost: USD {dollars(month.expected)} a month expected ({dollars(month.minimum)} to {dollars(month.peak)}, "
        f"{dollars(month.year)} a year, {dollars(month.idle)} of it idle)"
    )
    if not deployed.get(RECORDS):
        return [f"{summary}; nothing is deployed to compare with"]
    try:
        found = changes(cost, deployed)
    except CostError as error:
        return [f"{summary}; not compared: {error}"]
    if not found:
        return [f"{summary}; unchanged"]
    lines = [f"{summary}; {signed_dollars(in_sum(found))} against what is deployed"]
    lines += [f"cost: {told(change)}" for change in found[:TOLD_CHANGES]]
    if len(found) > TOLD_CHANGES:
        lines.append(f"cost: {len(found) - TOLD_CHANGES} smaller changes: python -m components.cost plan")
    return lines
