"""`new-deployment`: one deployment more in the file of a team."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from components.cost.cli.refusals import refuse
from components.sizing.errors import did_you_mean
from stacks.environment import read_environment, team_files
from stacks.problems import SettingsError
from stacks.wishes.check import check_only
from stacks.wishes.file_text import CannotAddError, text_with_deployment
from stacks.wishes.form_fields import deployment_fields
from stacks.wishes.options import CheckOption, DryRunOption, EnvOption, YesOption, given_values
from stacks.wishes.questions import ask_anew, none_of, one_of
from stacks.wishes.session import Draft, Session, complete, open_session


def new_deployment(
    team: Annotated[str | None, typer.Option(help="Team to whose file it is added.")] = None,
    env: EnvOption = "dev",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    check: CheckOption = None,
    **given: Any,
) -> None:
    """Add a deployment to a team's file, and show at once what it would get.

    At a terminal it asks, and proposes what the flags say. What stands in the file stays as it is, comments and order included.
    Nothing is written before all of the environment was planned with it.
    """
    check_only(check, env)
    session = open_session(env, yes=yes, dry_run=dry_run)
    teams = {Path(file).stem: (file, path) for file, path in team_files(session.root, env).items()}
    name = _team(team, list(teams), session)
    file, path = teams[name]
    names = _names(session, file, path)
    text = path.read_bytes().decode()
    wish = given_values(given, deployment_fields())
    if not session.asks:
        complete(wish, deployment_fields())
    checks = {
        "name": none_of(names, f"'{{0}}' is the name of a deployment in {file} already"),
        "model": one_of([model.id for model in session.catalogue.models], "model"),
    }

    def draft() -> Draft:
        if session.asks:
            ask_anew(deployment_fields(), wish, checks)
        try:
            return Draft(name, text_with_deployment(text, wish), len(names), whole_file=False)
        except CannotAddError as error:
            refuse(f"{file}: {error}")

    session.settle(draft)


def _team(given: str | None, known: list[str], session: Session) -> str:
    check = one_of(known, "team")
    if given is None:
        if not session.asks:
            refuse("missing: --team; give it, or call this at a terminal without --yes to be asked")

        def read(text: str) -> str:
            if (problem := check(text)) is not None:
                raise typer.BadParameter(problem)
            return text

        return typer.prompt(f"team ({', '.join(known)})", value_proc=read)
    if given not in known:
        refuse(
            f"--team: {session.environment} has no file of '{given}'{did_you_mean(given, known)}; "
            "`python -m stacks new-team` writes one"
        )
    return given


def _names(session: Session, file: str, path: Path) -> list[str]:
    """Names of the deployments that are there. Ends the command where the file itself is wrong."""
    try:
        loaded, _ = read_environment(session.root, session.environment, {file: path})
    except SettingsError as error:
        refuse(error)
    return [wish.name for wish in loaded.teams[0].team.deployments]
