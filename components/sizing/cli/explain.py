"""`explain`: what it takes to serve a wish - memory, verdict, place, price, alternatives, flags to paste, and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.cli.refusals import refuse
from components.sizing.cli.show_record import show
from components.sizing.cli.wishes import demand_of, everything, of_team_file, only_gpus
from components.sizing.demand import Demand, Supply
from components.sizing.errors import SizingError
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.record import SizingRecord


def explain(
    model: Annotated[str | None, typer.Option(help="Id of a model of the catalogue.")] = None,
    context: Annotated[int, typer.Option(min=1, help="Longest request in tokens, prompt and answer together.")] = 8192,
    concurrency: Annotated[int, typer.Option(min=1, max=10_000, help="Requests at the busiest moment.")] = 1,
    team: Annotated[
        Path | None, typer.Option(help="A team's file: explain its deployments in their environment.")
    ] = None,
    typical: Annotated[int | None, typer.Option(min=1, help="Ordinary request in tokens; default: a quarter.")] = None,
    full_context: Annotated[int, typer.Option(min=0, help="Requests as long as the context at once.")] = 1,
    hours: Annotated[int, typer.Option(min=0, max=730, help="Hours of a month with traffic.")] = 730,
    inputs: Annotated[str, typer.Option(help="What requests carry, separated by commas.")] = "text",
    precision: Annotated[str, typer.Option(help="auto, or bf16, fp8, w4a16, nvfp4, int4, mobile.")] = "auto",
    checkpoint: Annotated[str | None, typer.Option(help="This checkpoint and no other.")] = None,
    runs_on: Annotated[str, typer.Option(help="auto, gke or cloud-run.")] = "auto",
    scale_to_zero: Annotated[bool, typer.Option(help="No replica while there is no traffic.")] = False,
    answer: Annotated[int | None, typer.Option(min=1, help="Longest answer in tokens.")] = None,
    speculative: Annotated[bool, typer.Option(help="Serve the publisher's drafter beside the model.")] = False,
    adapter: Annotated[
        list[str] | None, typer.Option(help="LoRA adapter, NAME:RANK; may be given several times.")
    ] = None,
    gpu: Annotated[list[str] | None, typer.Option(help="Only this GPU; may be given several times.")] = None,
    region: Annotated[str, typer.Option(help="Region.")] = "us-central1",
    engine: Annotated[str, typer.Option(help="Version of vLLM.")] = "0.33.0",
    plot: Annotated[Path | None, typer.Option(help="Write a picture of it to this file (.svg or .png).")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the memory budget, the verdict, the cheapest place, what lost, and the engine's arguments.

    Without --team the whole catalogue may be used, at on-demand prices where the machine can be bought so.
    """
    try:
        if (model is None) == (team is None):
            raise SizingError("give either --model or --team")
        catalogue = load_catalogue()
        if team is not None:
            demands, supply, catalogue = of_team_file(team)
        else:
            supply = everything(catalogue, region, engine)
            wish = demand_of(
                model or "",
                context,
                concurrency,
                typical=typical,
                full_context=full_context,
                hours=hours,
                inputs=inputs,
                precision=precision,
                checkpoint=checkpoint,
                runs_on=runs_on,
                scale_to_zero=scale_to_zero,
                answer=answer,
                speculative=speculative,
                adapters=adapter or (),
            )
            demands = [wish]
        if gpu:
            supply = only_gpus(supply, gpu, catalogue)
        where = str(team) if team else "model, context or concurrency"
        records = [place(demand, supply, catalogue, where) for demand in demands]
        if plot is not None:
            _plot(records, demands, supply, catalogue, plot)
    except SizingError as error:
        refuse(error)
    if json_output:
        plain = [published(record) for record in records]
        typer.echo(json.dumps(plain if team else plain[0], indent=2))
    else:
        console = Console()
        for record in records:
            show(record, console)
    if plot is not None:
        typer.echo(f"wrote {plot}", err=True)


def _plot(
    records: list[SizingRecord], demands: list[Demand], supply: Supply, catalogue: Catalogue, target: Path
) -> None:
    if len(records) != 1:
        raise SizingError(f"a picture shows one deployment; this file has {len(records)}", "plot")
    # matplotlib takes half a second to load, which only a picture should cost
    from components.sizing.cli.plots import draw

    draw(records[0], demands[0], supply, catalogue, target)
