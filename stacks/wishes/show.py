"""Shows what a proposed deployment would get: memory, place, price, what else was possible, the team's month, warnings."""

from __future__ import annotations

from dataclasses import replace

from components.cost.cli.tables import rich_table, wide_console
from components.cost.errors import CostError
from components.cost.plan.plan_rows import Rows, deployment_rows
from components.sizing.cli.show_record import show
from stacks.costs import cost_of
from stacks.wishes.about_team import warnings_about
from stacks.wishes.proposal import Proposal


def show_proposal(proposal: Proposal) -> None:
    """Prints it for people."""
    console = wide_console()
    for planned in proposal.deployments:
        show(planned.record, console)
        console.print()
    warnings = [*warnings_about(proposal.plan, proposal.team)]
    try:
        console.print(rich_table(team_rows(proposal)))
    except CostError as error:
        warnings.append(f"cost: {error}")
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)


def team_rows(proposal: Proposal) -> Rows:
    """The planned month of the team alone, as `cost plan` shows it."""
    rows = deployment_rows(cost_of(proposal.plan))
    own = [row for row in rows.rows if row[0] == f"team {proposal.team}" or row[0].startswith(f"{proposal.team}/")]
    return replace(rows, rows=tuple(own), sums=min(1, len(own)))
