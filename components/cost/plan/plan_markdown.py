"""A planned month as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from components.cost.money import signed_dollars
from components.cost.plan.changes import Change, in_sum
from components.cost.plan.environment_cost import EnvironmentCost
from components.cost.plan.plan_rows import Rows, change_rows, deployment_rows, option_rows, price_rows, summary
from components.markdown import table


def plan_markdown(
    cost: EnvironmentCost, changes: Sequence[Change] | None, why_not_compared: str, warnings: Sequence[str]
) -> str:
    """The change first, since that is what a reviewer looks for; everything else is folded away."""
    lines = [f"### Cost of {summary(cost)}", ""]
    if changes is None:
        lines += [f"Not compared with what is deployed: {why_not_compared}.", ""]
    elif not changes:
        lines += ["No change against the deployed stack.", ""]
    else:
        lines += [f"**{signed_dollars(in_sum(list(changes)))} a month** against the deployed stack.", ""]
        lines += [markdown_table(change_rows(changes)), ""]
    lines += [f"- :warning: {warning}" for warning in warnings]
    lines += [""] if warnings else []
    for rows in (deployment_rows(cost), option_rows(cost), price_rows(cost)):
        lines += ["<details>", f"<summary>{rows.title}</summary>", "", markdown_table(rows), "", "</details>", ""]
    return "\n".join(lines)


def markdown_table(rows: Rows) -> str:
    """Rows as a Markdown table; sums are bold, and a bar inside a cell stays a bar."""
    last = len(rows.rows) - rows.sums
    shown = (
        tuple(f"**{cell}**" if cell and number >= last else cell for cell in row)
        for number, row in enumerate(rows.rows)
    )
    return table(rows.header, shown, rows.numbers)
