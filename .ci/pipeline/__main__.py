"""`python -m pipeline`: the steps of a continuous integration that need the project's environment. See docs/ci.md."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from components.preview_report.report import NOT_PREVIEWED
from pipeline import deploy as deployment
from pipeline import drift as drifting
from pipeline import preview as previewing
from pipeline.engine import check_environment, engine_of, environments
from pipeline.errors import CiError
from pipeline.github.run import add_to_summary
from pipeline.identity import identity_of
from pipeline.names import Role
from pipeline.pins import engine as engine_pins
from pipeline.pins import go_tools, packages, proposal
from pipeline.pins.pages import write_pages
from sandbox.paths import ROOT
from stacks.environment import read_environment
from stacks.problems import SettingsError

Env = Annotated[str, typer.Option(help="The environment, by Pulumi.<environment>.yaml.")]
Output = Annotated[Path, typer.Option(help="Folder for the files that later jobs read.")]
Base = Annotated[
    str, typer.Option(help="Git reference that the sandbox compares with. Default: what is deployed there.")
]

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def identity(
    env: Env, role: Annotated[str, typer.Option(help="preview, which reads, or deployer, which changes.")] = "preview"
) -> None:
    """Print as whom the job acts in the cloud, as lines for GITHUB_OUTPUT; `cloud=false` means the sandbox."""
    if role not in ("preview", "deployer"):
        _stop(f"--role is '{role}'; it is preview or deployer")
    known: Role = "deployer" if role == "deployer" else "preview"
    try:
        check_environment(env)
        found = identity_of(env, read_environment(ROOT, env)[0].settings, known, os.environ)
    except (CiError, SettingsError) as error:
        _stop(str(error))
    for line in found.lines:
        typer.echo(line)
    if found.why_not:
        typer.echo(f"{env} stays in the sandbox: {found.why_not}", err=True)


@app.command()
def preview(env: Env, output: Output = Path("reports"), base: Base = "") -> None:
    """Write the preview report of the backend that PULUMI_BACKEND_URL names, else of the sandbox. Its exit code is ours."""
    try:
        code = previewing.report(engine_of(env), output, base, _today())
    except CiError as error:
        _stop(str(error), NOT_PREVIEWED)
    raise typer.Exit(code)


@app.command()
def deploy(
    env: Env,
    output: Output = Path("reports"),
    base: Base = "",
    agreed: Annotated[
        str, typer.Option(envvar="AGREED", help="<day>/<digest> of the report that was agreed to. Empty: nothing was.")
    ] = "",
) -> None:
    """Update an environment, when its report is still the one that was agreed to. Refused: exit code 1, and nothing changes."""
    try:
        code = deployment.deploy(engine_of(env), output, base, agreed, _today())
    except CiError as error:
        add_to_summary(os.environ, f"**Refused.** {error}")
        _stop(str(error))
    finally:
        report = output / f"preview-{env}.md"
        if report.exists():
            add_to_summary(os.environ, report.read_text(encoding="utf-8"))
    raise typer.Exit(code)


@app.command()
def drift(env: Env, output: Output = Path("drift")) -> None:
    """Look whether the cloud is as the state says. Ends with 0 also where it is not: `pipeline.github drift` tells people."""
    try:
        drifting.look(engine_of(env), output)
    except CiError as error:
        _stop(str(error))


@app.command()
def pins(output: Output = Path("pins")) -> None:
    """Write newer versions into the files that pin them, and a patch and a text for a pull request into a folder."""
    try:
        packages_found = packages.update(ROOT)
        engines = [found for env in environments() if (found := engine_pins.update(ROOT, env))]
        proposal.write(ROOT, output, packages_found, engines, go_tools.look(ROOT), write_pages(ROOT))
    except CiError as error:
        _stop(str(error))
    typer.echo((output / "body.md").read_text(encoding="utf-8"), nl=False)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _stop(message: str, code: int = 1) -> NoReturn:
    typer.echo(f"pipeline: {message}", err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m pipeline")
