"""`python -m policy.plan_check`: refuse a plan that replaces or deletes what holds models, weights or keys."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from policy.plan_check.report import check_plan
from policy.plan_check.steps import IncompletePreviewError
from stacks.environment import read_environment
from stacks.problems import SettingsError

REFUSED, NOT_JUDGED = 1, 2
PACK = Path(__file__).resolve().parent.parent

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    env: Annotated[str, typer.Option(help="Environment, whose settings say what is acknowledged.")],
    preview: Annotated[
        str | None,
        typer.Option(help="File with `pulumi preview --json`, - for standard input; pulumi is not asked then."),
    ] = None,
    today: Annotated[
        str | None, typer.Option(help="The day to judge by, such as 2026-11-25. Default: of the settings, or today.")
    ] = None,
) -> None:
    """Look for clusters, node pools, buckets and secrets that a plan replaces or deletes, and for who agreed to it.

    Ends with 0 when there is none to which nobody agreed, 1 when there is one, 2 when the plan could not be judged.
    """
    try:
        loaded, day = read_environment(Path.cwd(), env)
        report = check_plan(_preview(env, preview), loaded.settings.acknowledgements, env, _day(today) or day)
    except (SettingsError, IncompletePreviewError, OSError, UnicodeDecodeError) as error:
        _stop(str(error))
    for line in report.lines:
        typer.echo(line)
    raise typer.Exit(REFUSED if report.refused else 0)


def _preview(env: str, file: str | None) -> str:
    if file is not None:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    command = ["pulumi", "preview", "--json", "--stack", env, "--non-interactive", "--policy-pack", str(PACK)]
    answer = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        raise IncompletePreviewError(f"the preview failed:\n{answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def _day(text: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text is not None else None
    except ValueError:
        _stop(f"--today is '{text}'; write a day such as 2026-11-25")


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(NOT_JUDGED)


if __name__ == "__main__":
    app(prog_name="python -m policy.plan_check")
