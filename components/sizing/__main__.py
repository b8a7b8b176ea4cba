"""`python -m components.sizing`: ask what it takes to serve a model, and hold the answers against engines and logs."""

from __future__ import annotations

import typer

from components.sizing.cli.calibrate import calibrate
from components.sizing.cli.explain import explain
from components.sizing.cli.impact import impact
from components.sizing.cli.kv import kv
from components.sizing.cli.predict import predict
from components.sizing.cli.table import table

app = typer.Typer(help="Sizing of Gemma 4 on Google Cloud GPUs.", no_args_is_help=True)
for command in (explain, table, kv, predict, calibrate, impact):
    app.command()(command)

if __name__ == "__main__":
    app(prog_name="python -m components.sizing")
