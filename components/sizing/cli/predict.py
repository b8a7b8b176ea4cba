"""`predict`: what engines will log for deployments that are described, one a line; or the report on all measured cases."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from components.sizing.catalogue import Catalogue, Deployment, load_catalogue
from components.sizing.cli.kv import json_object
from components.sizing.errors import SizingError
from components.sizing.predict import Prediction
from components.sizing.predict import predict as predict_one

#: The committed report.
REPORT = Path("docs/sizing-evidence.md")


def predict(
    report: Annotated[
        bool, typer.Option("--report", help=f"Write {REPORT}: predicted against measured, row by row.")
    ] = False,
    table: Annotated[bool, typer.Option(help="Show a table instead of JSON lines.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON lines (the default).")] = True,
) -> None:
    """Read deployments (JSON, one a line) and print weights, KV pool, tokens, concurrency and verdict, one line each.

    A flag that is null takes that version's default; a version that is missing, the newest older rules and a wider spread. A
    line that is no deployment is named on standard error by its number; the others are still answered, and the exit code is 1.
    """
    catalogue = load_catalogue()
    if report:
        from components.sizing.evidence_report import render_report

        REPORT.write_text(render_report(catalogue), encoding="utf-8")
        typer.echo(f"wrote {REPORT}", err=True)
        return
    failed, found = False, []
    for number, line in enumerate(sys.stdin, start=1):
        try:
            prediction = _predict_line(line, catalogue)
        except SizingError as error:
            failed = True
            typer.echo(f"line {number}: {error}", err=True)
            continue
        found.append(prediction)
        if json_output and not table:
            sys.stdout.write(json.dumps(asdict(prediction)) + "\n")
    if table:
        Console().print(_table(found))
    if failed:
        raise typer.Exit(1)


def _predict_line(line: str, catalogue: Catalogue) -> Prediction:
    try:
        deployment = Deployment.model_validate(json_object(line))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SizingError(f"field '{field}': {first['msg']} (found {first['input']!r})", field) from None
    return predict_one(deployment, catalogue)


def _table(predictions: list[Prediction]) -> Table:
    table = Table("id", "weights GiB", "KV pool GiB", "KV tokens", "concurrency", "verdict", "why")
    for p in predictions:
        pool = "-" if p.kv_avail_gib is None else f"{p.kv_avail_gib:.2f} +- {p.spread_gib:.2f}"
        tokens = "-" if p.kv_tokens is None else f"{p.kv_tokens:,}"
        concurrency = "-" if p.max_concurrency_x is None else f"{p.max_concurrency_x:.2f}"
        table.add_row(p.id, f"{p.weights_gib:.2f}", pool, tokens, concurrency, str(p.verdict), p.reason)
    return table
