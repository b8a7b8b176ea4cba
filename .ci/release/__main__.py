"""`python -m release --version 0.2.0`, which `make release VERSION=0.2.0` runs: changelog, versions, commit and tag."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from release.errors import ReleaseError
from release.plan import BRANCH, Plan, plan_release
from release.repository import Repository

REFUSED = 1
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    version: Annotated[str, typer.Option(help="The version to release: MAJOR.MINOR.PATCH, above the last one.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")] = False,
    any_branch: Annotated[
        bool, typer.Option("--any-branch", help=f"Release from another branch than {BRANCH}.")
    ] = False,
    today: Annotated[
        str | None, typer.Option(help="Day of the release, such as 2026-12-01. Default: today (UTC).")
    ] = None,
) -> None:
    """Release what is committed: `## Unreleased` gets version and day, one commit, one annotated tag. Pushes nothing.

    Refuses changes that are not committed, another branch, a version that is not above the last, no change since then, and a
    schema that breaks callers more than the version says. Ends with 0, or with 1 where the release is refused or fails; then
    nothing was changed.
    """
    root = Path.cwd()
    try:
        plan = plan_release(root, version.strip(), _day(today), any_branch)
        _show(plan)
        if dry_run:
            typer.echo("\nThis was a dry run: nothing was changed.")
            return
        repository = Repository(root)
        repository.commit_and_tag(plan.files, plan.message, plan.tag, plan.tag_message)
    except ReleaseError as error:
        for problem in error.problems:
            typer.echo(f"release: {problem}", err=True)
        _refuse("Nothing was changed.")
    typer.echo(f"\nReleased {plan.version}. Look at it with git show {plan.tag}, then publish both at once:")
    typer.echo(f"  git push --atomic origin {repository.branch() or 'HEAD'} {plan.tag}")


def _show(plan: Plan) -> None:
    typer.echo(f"{plan.message} ({plan.step} release), commit and tag {plan.tag}, with these files:")
    for file in plan.files:
        typer.echo(f"  {file}")
    typer.echo(f"\n{plan.section}", nl=False)


def _day(text: str | None) -> datetime.date:
    if text is None:
        return datetime.datetime.now(datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ReleaseError(f"--today is '{text}'; write a day such as 2026-12-01") from None


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(REFUSED)


if __name__ == "__main__":
    app(prog_name="python -m release")
