"""`plan`: what a month of an environment will cost, and what that changes against the deployed stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from components.cost.cli.environments import Read, deployed, read_plan
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.cost.plan.budget import over_budget
from components.cost.plan.changes import Change, changes
from components.cost.plan.environment_cost import EnvironmentCost
from components.cost.plan.plan_data import plan_data
from components.cost.plan.plan_markdown import plan_markdown
from components.cost.plan.plan_rows import change_rows, deployment_rows, option_rows, price_rows, summary
from components.cost.prices.price_date import old_prices


def plan(
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    outputs: Annotated[
        str | None,
        typer.Option(
            help="File with `pulumi stack output --json` of the deployed stack, - for standard input; pulumi is not asked then."
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of it to this file (.svg or .png).")] = None,
    today: Annotated[
        str | None,
        typer.Option(help="Day as of which it is planned, YYYY-MM-DD; default: the settings' day, or today."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown for a pull request.")] = False,
) -> None:
    """Show minimum, expected and peak cost of a month by team, deployment and shared part, what is idle, and what changes.

    Without a deployed stack that can be asked it says so and does not compare. Exit code 1 when a team is over its budget in an
    environment where that fails, and for anything that cannot be told.
    """
    try:
        if json_output and markdown:
            raise CostError("give either --json or --markdown")
        read = read_plan(env, today)
        old = old_prices(read.cost.prices, read.today)
        before, why_not = deployed(outputs, env)
        found = None if before is None else _changes(read.cost, before, asked=outputs is None)
        if isinstance(found, str):
            found, why_not = None, found
        if plot is not None:
            # matplotlib takes half a second to load, which only a picture should cost
            from components.cost.cli.plan_plot import draw

            draw(read.cost, plot)
    except CostError as error:
        refuse(error)
    over = _over_budget(read.cost)
    if json_output:
        typer.echo(json.dumps(plan_data(read.cost, found, why_not, old), indent=2))
    elif markdown:
        typer.echo(plan_markdown(read.cost, found, why_not, [*over, *old]))
    else:
        _show(read, found, why_not, [*over, *old])
    if plot is not None:
        typer.echo(f"wrote {plot}", err=True)
    if over and read.fails_over_budget:
        raise typer.Exit(1)


def _changes(cost: EnvironmentCost, before: object, *, asked: bool) -> list[Change] | str:
    """What changes, or why that cannot be told: of a stack that was only asked, nothing is demanded."""
    try:
        return changes(cost, before if isinstance(before, dict) else {})
    except CostError as error:
        if asked:
            return str(error)
        raise


def _over_budget(cost: EnvironmentCost) -> list[str]:
    found = []
    for budget in cost.over_budget:
        own = {each.deployment: each.amounts.expected for each in cost.deployments if each.team == budget.team}
        message = over_budget(budget.team, budget.usd, budget.file, own, cost.teams[budget.team].peak)
        found += [message] if message else []
    return found


def _show(read: Read, found: list[Change] | None, why_not: str, warnings: list[str]) -> None:
    from components.cost.cli.tables import rich_table, wide_console

    console = wide_console()
    for rows in (deployment_rows(read.cost), option_rows(read.cost), price_rows(read.cost)):
        console.print(rich_table(rows))
    if found is None:
        console.print(f"not compared: {why_not}", markup=False, highlight=False, soft_wrap=True)
    elif found:
        console.print(rich_table(change_rows(found)))
    else:
        console.print("no change against the deployed stack")
    console.print(summary(read.cost), markup=False, highlight=False, soft_wrap=True)
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
