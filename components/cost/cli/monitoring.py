"""`monitoring`: writes what shows and watches cost: recording rules, alerts and dashboards of an environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import yaml

from components.cost.cli.refusals import refuse
from components.cost.cli.report_environment import read_report_environment
from components.cost.errors import CostError
from components.cost.showback.dashboards import dashboards

RULES = "gemma-cost.rules.yaml"


def monitoring(
    to: Annotated[Path, typer.Option(help="Folder to write to; files of the same names are replaced.")],
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    today: Annotated[
        str | None, typer.Option(help="Day as of which prices hold, YYYY-MM-DD; default: the settings' day, or today.")
    ] = None,
) -> None:
    """Write Grafana dashboards, and recording rules and alerts for a Prometheus of one's own; Managed Prometheus gets its rules
    by every update. Budgets, list prices and bands of the environment stand in them: write them anew after a change.
    """
    try:
        environment = read_report_environment(env, today)
        files = {
            RULES: yaml.safe_dump(environment.rules, sort_keys=False, width=120),
            **{name: json.dumps(made, indent=2) + "\n" for name, made in dashboards(env).items()},
        }
        try:
            to.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (to / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CostError(f"--to {to}: cannot be written ({error.strerror})") from None
    except CostError as error:
        refuse(error)
    for name in files:
        typer.echo(f"wrote {to / name}")
