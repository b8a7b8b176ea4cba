"""`python -m policy audit`: hold what exists already to the rules, for drift and for rules that came later."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from policy.audit.cluster import judged_kinds, kinds_to_read, objects_in, read_cluster
from policy.audit.errors import WrongUseError
from policy.audit.junit import as_junit
from policy.audit.report import Report, audit
from policy.audit.sarif import as_sarif
from policy.audit.state import export_state, resources_in
from policy.audit.text import as_json, as_table
from policy.environment import standards_for
from policy.rules import RULES
from policy.rules.rule import Context, Resource


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


WRITERS: dict[Format, Callable[[Report], str]] = {
    Format.TABLE: as_table,
    Format.JSON: as_json,
    Format.JUNIT: as_junit,
    Format.SARIF: as_sarif,
}
FAILED, REFUSED = 1, 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    env: Annotated[str, typer.Option(help="Environment, whose settings, team files and waivers count.")],
    state: Annotated[
        str | None,
        typer.Option(help="File with `pulumi stack export`, - for standard input; pulumi is not asked then."),
    ] = None,
    kubeconfig: Annotated[str | None, typer.Option(help="Audit this cluster too, through kubectl.")] = None,
    objects: Annotated[
        str | None,
        typer.Option(
            help="File with objects of a cluster as `kubectl get ... --output json` writes them, - for input."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How the report is written.")] = Format.TABLE,
    today: Annotated[
        str | None, typer.Option(help="The day to judge by, such as 2026-11-25. Default: of the settings, or today.")
    ] = None,
) -> None:
    """Run every rule over a stack's state, over a cluster's objects, or over both, and report by team.

    With neither --objects nor --kubeconfig nor --state, pulumi is asked for the state of the stack. Of a cluster, what the rules
    judge at admission is judged. Ends with 0 when nothing mandatory is broken, 1 when something is, 2 when it could not start.
    """
    try:
        if state == objects == "-":
            raise WrongUseError("--state and --objects cannot both be read from standard input")
        if kubeconfig is not None and objects is not None:
            raise WrongUseError("give --kubeconfig or --objects, not both")
        standards, wrong, _ = standards_for(env, today=_day(today))
        if wrong:
            raise WrongUseError("\n".join(wrong))
        context = standards.context
        report = audit(
            RULES, standards, _state(env, state, objects or kubeconfig), _objects(kubeconfig, objects, context)
        )
    except WrongUseError as error:
        _refuse(str(error))
    typer.echo(WRITERS[output](report))
    raise typer.Exit(FAILED if report.failed else 0)


def _day(text: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise WrongUseError(f"--today is '{text}'; write a day such as 2026-11-25") from None


def _state(env: str, file: str | None, cluster: str | None) -> list[Resource] | None:
    if file is None:
        return None if cluster is not None else resources_in(export_state(env))
    return resources_in(_read(file))


def _objects(kubeconfig: str | None, file: str | None, context: Context) -> list[Resource] | None:
    if kubeconfig is not None:
        return objects_in(read_cluster(kubeconfig, kinds_to_read(judged_kinds(RULES, context))))
    return objects_in(_read(file)) if file is not None else None


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUseError(f"{file} cannot be read: {error}") from None


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(REFUSED)
