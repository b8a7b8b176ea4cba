"""`python -m components.sizing`: ask what it takes to serve a model, or replay cases of vLLM's KV cache planner."""

from __future__ import annotations

import json
import sys
from typing import Annotated, get_args

import typer
from rich.console import Console

from components.sizing.catalogue import Catalogue, Input, load_catalogue
from components.sizing.demand import Demand, RunsOn, Supply
from components.sizing.errors import SizingError
from components.sizing.explain import as_json, show
from components.sizing.kv_cases import plan_case
from components.sizing.placement import place

app = typer.Typer(help="Sizing of Gemma 4 on Google Cloud GPUs.", no_args_is_help=True)


@app.command()
def explain(
    model: Annotated[str, typer.Option(help="Id of a model of the catalogue.")],
    context: Annotated[int, typer.Option(min=1, help="Longest request in tokens, prompt and answer together.")],
    concurrency: Annotated[int, typer.Option(min=1, max=10_000, help="Requests at the busiest moment.")],
    typical: Annotated[int | None, typer.Option(min=1, help="Ordinary request in tokens; default: a quarter.")] = None,
    full_context: Annotated[int, typer.Option(min=0, help="Requests as long as the context at once.")] = 1,
    inputs: Annotated[str, typer.Option(help="What requests carry, separated by commas.")] = "text",
    precision: Annotated[str, typer.Option(help="auto, or a kind of checkpoint.")] = "auto",
    runs_on: Annotated[str, typer.Option(help="auto, gke or cloud-run.")] = "auto",
    region: Annotated[str, typer.Option(help="Region.")] = "us-central1",
    engine: Annotated[str, typer.Option(help="Version of vLLM.")] = "0.33.0",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the memory budget, the verdict, the cheapest place at on-demand prices, what lost, and the engine's arguments."""
    catalogue = load_catalogue()
    tokens = typical or max(1, context // 4)
    try:
        demand = Demand(
            team="you",
            name="model",
            model=model,
            context_tokens=context,
            peak_concurrent_requests=concurrency,
            typical_tokens=min(tokens, context),
            typical_answer_tokens=max(1, tokens // 8),
            full_context_requests=min(full_context, concurrency),
            active_hours_per_month=730,
            inputs=_inputs(inputs),
            precision=precision,
            runs_on=_runtime(runs_on),
        )
        record = place(demand, _everything(catalogue, region, engine), catalogue, "model, context or concurrency")
    except SizingError as error:
        prefix = f"{error.field}: " if error.field else ""
        typer.echo(f"{prefix}{error}", err=True)
        raise typer.Exit(1) from None
    if json_output:
        typer.echo(json.dumps(as_json(record), indent=2))
    else:
        show(record, Console())


@app.command()
def kv(
    engine: Annotated[str, typer.Option(help="Version of vLLM.")],
) -> None:
    """Read planner cases (JSON, one a line) and print what that version's KV cache planner returns, one line a case.

    A line that is no case is named on standard error by its number; the others are still answered, and the exit code is 1.
    """
    catalogue = load_catalogue()
    failed = False
    try:
        catalogue.engine(engine)
    except SizingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for number, line in enumerate(sys.stdin, start=1):
        try:
            case = json.loads(line)
            if not isinstance(case, dict):
                raise SizingError("is no JSON object")
            sys.stdout.write(json.dumps(plan_case(case, engine, catalogue)) + "\n")
        except (json.JSONDecodeError, SizingError) as error:
            failed = True
            typer.echo(f"line {number}: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def _inputs(text: str) -> tuple[Input, ...]:
    kinds = [part.strip() for part in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in get_args(Input)]:
        raise SizingError(f"found '{unknown[0]}'; allowed: {', '.join(get_args(Input))}", "inputs")
    return tuple(kind for kind in get_args(Input) if kind in kinds)


def _runtime(text: str) -> RunsOn | None:
    if text == "auto":
        return None
    for runtime in get_args(RunsOn):
        if text == runtime:
            return runtime
    raise SizingError(f"found '{text}'; allowed: auto, {', '.join(get_args(RunsOn))}", "runs_on")


def _everything(catalogue: Catalogue, region: str, engine: str) -> Supply:
    """An environment that may use all that the catalogue has in a region, bought on demand."""
    regions = sorted({r for accelerator in catalogue.accelerators for r in accelerator.regions})
    if region not in regions:
        raise SizingError(f"no GPU of the catalogue is in '{region}'; regions: {', '.join(regions)}", "region")
    plenty = {accelerator.id: 10_000 for accelerator in catalogue.accelerators}
    zones = {zone for accelerator in catalogue.accelerators for zone in accelerator.zones.get(region, ())}
    return Supply(
        region=region,
        zones=tuple(sorted({f"{region}-a", *zones})),
        engine_version=engine,
        purchase_order=("on-demand",),
        batch_purchase_order=("on-demand",),
        gke_quota=plenty,
        cloud_run_quota=plenty,
    )


if __name__ == "__main__":
    app(prog_name="python -m components.sizing")
