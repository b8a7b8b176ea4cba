"""`python -m pipeline.state`: bootstrap and restore, what people run once, or in trouble. Without --apply both only show."""

from __future__ import annotations

import datetime
import os
import re
from typing import Annotated, NoReturn

import typer
from google.api_core.exceptions import GoogleAPIError
from rich.console import Console
from rich.table import Table

from pipeline import names
from pipeline.engine import BACKEND, check_environment
from pipeline.errors import CiError
from pipeline.state.bootstrap import bootstrap
from pipeline.state.gcloud import Gcloud
from pipeline.state.restore import Restoration, carry_out, plan
from pipeline.state.store import open_store
from sandbox.instance import project_name
from sandbox.paths import ROOT
from stacks.environment import read_environment
from stacks.problems import SettingsError

_MEMBER = re.compile(r"(user|group|serviceAccount):[^\s@]+@[^\s@]+")
#: Copies of a state that are listed; a busy stack has thousands.
LISTED = 20

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Env = Annotated[str, typer.Option(help="The environment, by Pulumi.<environment>.yaml.")]


@app.command("bootstrap")
def make(
    env: Env,
    operator: Annotated[
        list[str] | None, typer.Option(help="Who also updates it by hand: user:<e-mail> or group:<e-mail>. Repeatable.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Run the commands. Default: only print them.")] = False,
) -> None:
    """Make the bucket and the key for the state of an environment; run again it changes nothing."""
    try:
        check_environment(env)
        operators = operator or []
        if wrong := [one for one in operators if not _MEMBER.fullmatch(one)]:
            raise CiError(f"--operator is '{wrong[0]}'; write user:<e-mail>, group:<e-mail> or serviceAccount:<e-mail>")
        settings = read_environment(ROOT, env)[0].settings
        gcloud = Gcloud(settings.project, apply=apply)
        left = bootstrap(gcloud, env, settings, operators)
    except (CiError, SettingsError) as error:
        _stop(str(error))
    for command in gcloud.changes:
        typer.echo(command)
    state = names.state_names(settings)
    done = "was changed" if apply else "would be changed; --apply runs these commands"
    typer.echo(
        f"# {len(gcloud.changes)} commands: {state.backend} and its key: {done if gcloud.changes else 'as they are meant to be'}"
    )
    for sentence in left:
        typer.echo(f"# {sentence}")
    typer.echo(
        f"# The first time, as an operator. The second command writes `secretsprovider` and `encryptedkey` into\n"
        f"# Pulumi.{env}.yaml: commit both.\n"
        f"pulumi login {state.backend}\n"
        f"pulumi stack init {env} --secrets-provider={state.secrets_provider}"
    )


@app.command("restore")
def put_back(
    env: Env,
    backend: Annotated[
        str, typer.Option(envvar=BACKEND, help="gs://<bucket> or file://<folder>. Default: of the settings.")
    ] = "",
    copy: Annotated[str | None, typer.Option(help="Id of the copy to restore. Default: the newest good one.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Restore. Default: only list the copies.")] = False,
) -> None:
    """List the copies of a lost or damaged state file, and put one back with --apply. What is damaged is kept."""
    try:
        check_environment(env)
        address = backend or names.state_names(read_environment(ROOT, env)[0].settings).backend
        store = open_store(address)
        restoration = plan(store, project_name(ROOT), env, copy)
        _show(restoration, address)
        if not apply:
            typer.echo("Nothing was changed; --apply restores the copy with the arrow.")
            return
        kept = carry_out(store, restoration, datetime.datetime.now(datetime.UTC))
    except (CiError, SettingsError, GoogleAPIError, OSError) as error:
        _stop(str(error))
    typer.echo(f"restored {restoration.file}" + (f"; what was there is {kept}" if kept else ""))
    typer.echo(f"Now: pulumi preview --stack {env} --expect-no-changes, and where it shows changes: docs/state.md")


def _show(restoration: Restoration, address: str) -> None:
    state = "is lost" if restoration.present is None else restoration.present.problem or "is whole"
    table = Table("", "copy", "written by the engine", "resources", "", title=f"{address}: {restoration.file} {state}")
    table.title_justify = "left"
    listed = list(restoration.copies[:LISTED])
    if restoration.chosen not in listed:
        listed.append(restoration.chosen)
    for one in listed:
        arrow = "->" if one == restoration.chosen else ""
        table.add_row(arrow, one.id, one.written, str(one.resources), one.problem)
    Console(soft_wrap=True, width=None if os.isatty(1) else 200).print(table)
    if len(restoration.copies) > LISTED:
        typer.echo(f"and {len(restoration.copies) - LISTED} older or damaged ones")


def _stop(message: str) -> NoReturn:
    typer.echo(f"pipeline: {message}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m pipeline.state")
