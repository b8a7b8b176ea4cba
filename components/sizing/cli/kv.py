"""`kv`: replays cases of vLLM's KV cache planner."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from components.sizing.catalogue import load_catalogue
from components.sizing.cli.refusals import refuse
from components.sizing.errors import SizingError
from components.sizing.kv_cases import plan_case


def kv(
    engine: Annotated[str, typer.Option(help="Version of vLLM.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON lines (always so).")] = True,
) -> None:
    """Read planner cases (JSON, one a line) and print what that version's KV cache planner returns, one line a case.

    A line that is no case is named on standard error by its number; the others are still answered, and the exit code is 1.
    """
    catalogue = load_catalogue()
    try:
        catalogue.engine(engine)
    except SizingError as error:
        refuse(error)
    failed = False
    for number, line in enumerate(sys.stdin, start=1):
        try:
            sys.stdout.write(json.dumps(plan_case(json_object(line), engine, catalogue)) + "\n")
        except SizingError as error:
            failed = True
            typer.echo(f"line {number}: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def json_object(line: str) -> dict:
    """The JSON object that a line holds. Raises SizingError when it holds none."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise SizingError(f"is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise SizingError("is no JSON object")
    return value
