"""`break-even`: Cloud Run against GKE, machine types against each other, and all against a hosted model's price."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from components.cost.break_even.alternatives import alternatives
from components.cost.break_even.comparison import Comparison, compare, expected_traffic
from components.cost.break_even.comparison_data import (
    comparison_data,
    crossing_rows,
    source_words,
    traffic_words,
    way_rows,
)
from components.cost.break_even.ways import Hosted, Traffic, hosted
from components.cost.cli.environments import read_demand
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.sizing.catalogue import load_catalogue
from components.sizing.cli.wishes import demand_of, everything
from components.sizing.demand import Demand
from components.sizing.errors import SizingError


def break_even(
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    deployment: Annotated[str | None, typer.Option(help="<team>/<deployment> of the environment.")] = None,
    model: Annotated[str | None, typer.Option(help="Instead of --deployment: id of a model of the catalogue.")] = None,
    context: Annotated[int, typer.Option(min=1, help="With --model: longest request in tokens.")] = 8192,
    concurrency: Annotated[
        int, typer.Option(min=1, max=10_000, help="With --model: requests at the busiest moment.")
    ] = 1,
    typical: Annotated[int | None, typer.Option(min=1, help="With --model: ordinary request in tokens.")] = None,
    hours: Annotated[int, typer.Option(min=0, max=730, help="With --model: hours of a month with traffic.")] = 730,
    scale_to_zero: Annotated[bool, typer.Option(help="With --model: no replica while there is no traffic.")] = False,
    region: Annotated[str, typer.Option(help="With --model: region.")] = "us-central1",
    engine: Annotated[str, typer.Option(help="With --model: version of vLLM.")] = "0.33.0",
    requests: Annotated[
        str | None, typer.Option(help="Typical requests an hour; default: the expected share of the peak.")
    ] = None,
    hours_a_day: Annotated[
        str | None, typer.Option(help="Hours a day with traffic; default: as the wish says.")
    ] = None,
    cold_starts: Annotated[
        str, typer.Option(help="Times a day that traffic begins after a pause in which replicas have stopped.")
    ] = "1",
    minimum: Annotated[
        list[int] | None,
        typer.Option(help="Minimum instances; may be given several times. Default: as the wish needs, 0, 1."),
    ] = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(help="Only this machine type; may be given several times. Default: the cheapest."),
    ] = None,
    api_input: Annotated[str | None, typer.Option(help="Hosted model: USD a million input tokens.")] = None,
    api_output: Annotated[str | None, typer.Option(help="Hosted model: USD a million output tokens.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of it to this file (.svg or .png).")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what each way to serve costs a month, and from which traffic on another one is cheaper.

    Typical requests; GPUs that the environment has no quota for are looked at too. A cluster is taken as there either way.
    """
    try:
        if (deployment is None) == (model is None):
            raise CostError("give either --deployment or --model")
        share = Decimal("0.5")
        if deployment is not None:
            demand, supply, catalogue, share = read_demand(env, deployment)
        else:
            catalogue = load_catalogue()
            supply = everything(catalogue, region, engine)
            demand = demand_of(
                model or "", context, concurrency, typical=typical, hours=hours, scale_to_zero=scale_to_zero
            )
        api = _api(demand, api_input, api_output)
        found = alternatives(demand, supply, catalogue, machine)
        usual = expected_traffic(found.planned, share)
        traffic = Traffic(
            usual.requests_per_hour if requests is None else _number("--requests", requests),
            usual.hours_per_day if hours_a_day is None else _number("--hours-a-day", hours_a_day),
            _number("--cold-starts", cold_starts),
        )
        comparison = compare(found, traffic, minimum, api)
        if plot is not None:
            # matplotlib takes half a second to load, which only a picture should cost
            from components.cost.cli.break_even_plot import draw

            draw(comparison, plot)
    except (CostError, SizingError) as error:
        refuse(error)
    if json_output:
        typer.echo(json.dumps(comparison_data(comparison), indent=2))
    else:
        _show(comparison)
    if plot is not None:
        typer.echo(f"wrote {plot}", err=True)


def _api(demand: Demand, usd_input: str | None, usd_output: str | None) -> Hosted | None:
    """The hosted model, where both of its prices are given."""
    if usd_input is None and usd_output is None:
        return None
    if usd_input is None or usd_output is None:
        raise CostError("give both --api-input and --api-output, in USD a million tokens")
    return hosted(demand, _number("--api-input", usd_input), _number("--api-output", usd_output))


def _number(option: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise CostError(f"{option}: found '{text}'; write a number such as 0.5") from None


def _show(comparison: Comparison) -> None:
    from components.cost.cli.tables import rich_table, wide_console

    console = wide_console()
    console.print(traffic_words(comparison), markup=False, highlight=False, soft_wrap=True)
    console.print(rich_table(way_rows(comparison)))
    if comparison.crossings:
        console.print(rich_table(crossing_rows(comparison)))
    else:
        console.print("no way becomes cheaper than another within the looked-at traffic")
    console.print(source_words(comparison), markup=False, highlight=False, soft_wrap=True)
    for what, why in comparison.why_not.items():
        if what in ("GKE", "Cloud Run"):
            console.print(f"{what}: {why}", markup=False, highlight=False, soft_wrap=True)
