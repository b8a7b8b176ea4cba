"""`python -m components.smoke`: send real requests to what is deployed, and say which promises hold."""

from __future__ import annotations

import os
from typing import Annotated, NoReturn

import typer

from components.served_endpoint import CLOUD_RUN_IDENTITY, NO_AUTHENTICATION
from components.smoke.checks import FAILED, Row, run_checks
from components.smoke.connection import REQUEST_SECONDS, Connection, check_token, check_via
from components.smoke.errors import WrongUseError
from components.smoke.progress import Progress
from components.smoke.stack_outputs import read_outputs
from components.smoke.table import as_json, show
from components.smoke.targets import TOKEN_VARIABLE, Target, targets_of

# Without its own traceback: it prints the values of variables, and one of them is the token.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def smoke(
    env: Annotated[str | None, typer.Option(help="Environment, whose stack is asked for its outputs.")] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's deployments.")] = None,
    deployment: Annotated[str | None, typer.Option(help="Only deployments of this name.")] = None,
    outputs: Annotated[
        str | None,
        typer.Option(help="File with `pulumi stack output --json`, - for standard input; pulumi is not asked then."),
    ] = None,
    via: Annotated[
        str | None,
        typer.Option(
            help="Connect to this address instead, and name the deployment's host: http://127.0.0.1:8080 for a forwarded port."
        ),
    ] = None,
    timeout: Annotated[
        int | None,
        typer.Option(min=1, help="Seconds for the first answer; default: the expected cold start and 2 minutes."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try health, model list, chat, streaming, a tool call, image input and the refusal of strangers on each deployment.

    Deployments that stand at zero are started by it, which costs their GPUs until they stop again. A token or key, where one is
    needed, is read from the environment variable GEMMA_TOKEN; Cloud Run takes what `gcloud auth print-identity-token` prints.
    Ends with 0 when nothing failed, 1 when a check failed, 2 when it could not start.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip() or None
    try:
        check_token(token)
        server = check_via(via) if via is not None else None
        targets = targets_of(read_outputs(outputs, env), env, team, deployment)
        progress = Progress(lambda line: typer.echo(line, err=True))
        connections = [_connection(target, token, server, timeout, progress) for target in targets]
    except WrongUseError as error:
        _refuse(str(error))
    rows: list[Row] = []
    for target, connection in zip(targets, connections, strict=True):
        rows += run_checks(target, connection, progress)
    if json_output:
        typer.echo(as_json(rows))
    else:
        show(rows)
    raise typer.Exit(1 if any(row.result == FAILED for row in rows) else 0)


def _connection(
    target: Target, token: str | None, via: str | None, timeout: int | None, progress: Progress
) -> Connection:
    if target.authentication != NO_AUTHENTICATION and token is None and not target.paused:
        ways = (
            "$(gcloud auth print-identity-token)" if target.authentication == CLOUD_RUN_IDENTITY else "a token or key"
        )
        raise WrongUseError(
            f"{target.key} asks for authentication; set {TOKEN_VARIABLE} to {ways}, for example by `read -rs {TOKEN_VARIABLE}`"
        )
    seconds = target.expected_cold_start_seconds + REQUEST_SECONDS if timeout is None else timeout
    return Connection(target, token, via, seconds, progress)


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2) from None


if __name__ == "__main__":
    app(prog_name="python -m components.smoke")
