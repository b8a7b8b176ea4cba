"""`check`: everything that is wrong with team files, or one line for each deployment that would be served."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from components.cost.cli.environments import check_name
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.cost.money import dollars
from components.cost.plan.plan_rows import where
from stacks.environment import team_files
from stacks.problems import Problem, SettingsError
from stacks.wishes.checking import Checked, Report, check_files


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Team files. Default: all of the environment.", show_default=False)
    ] = None,
    env: Annotated[
        str, typer.Option(help="Environment of files that do not lie in stacks/<environment>/teams/.")
    ] = "dev",
) -> None:
    """Say everything that is wrong with team files, and nothing is changed; else where each deployment would run for how much.

    A file that lies elsewhere is checked as if it were in the environment, by its name in the place of that team's. Ends with 1
    when anything is wrong.
    """
    root = Path.cwd()
    fine = True
    for name, group in _by_environment(root, files or [], env).items():
        try:
            check_name(name)
            report = check_files(root, name, group or team_files(root, name))
        except (CostError, SettingsError) as error:
            refuse(error)
        _show(report)
        fine = fine and report.fine
    raise typer.Exit(0 if fine else 1)


def check_only(file: Path | None, env: str) -> None:
    """The same for `--check` of another command, which then does nothing else."""
    if file is not None:
        check([file], env)


def _by_environment(root: Path, files: list[Path], env: str) -> dict[str, dict[str, Path]]:
    """The files by environment: that of the folder in which a file lies, else the one that was named."""
    if not files:
        return {env: {}}
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for file in files:
        path = file.resolve()
        match path.relative_to(root).parts if path.is_relative_to(root) else ():
            case "stacks", name, "teams", _:
                found[name][path.relative_to(root).as_posix()] = path
            case _:
                found[env][str(file)] = path
    return dict(found)


def _show(report: Report) -> None:
    for checked in report.files:
        if checked.problems:
            _problems(checked.problems)
        else:
            _fine(checked)
    if report.together:
        typer.echo("with all teams together:")
        _problems(report.together)
    if report.not_looked_at:
        typer.echo(report.not_looked_at)


def _problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        typer.echo(str(problem))


def _fine(checked: Checked) -> None:
    deployments = checked.plan.deployments if checked.plan else ()
    typer.echo(f"{checked.file}: fine{'' if deployments else ', no deployment yet'}")
    for planned in deployments:
        typer.echo(
            f"  {planned.key}: {planned.checkpoint}, {where(planned.cost)}; "
            f"USD {dollars(planned.cost.amounts.expected)} a month expected"
        )
    for warning in checked.warnings:
        typer.echo(f"  warning: {warning}")
