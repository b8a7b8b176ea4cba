"""`new-team`: the file of a team that has none, with its first deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from components.cost.cli.refusals import refuse
from stacks.environment import RESERVED_TEAMS, team_files
from stacks.wishes.check import check_only
from stacks.wishes.file_text import team_text
from stacks.wishes.form_fields import deployment_fields, team_fields
from stacks.wishes.options import CheckOption, DryRunOption, EnvOption, YesOption, given_values
from stacks.wishes.proposal import file_of
from stacks.wishes.questions import ask_anew, none_of, one_of
from stacks.wishes.session import Draft, complete, open_session


def new_team(
    env: EnvOption = "dev",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    check: CheckOption = None,
    **given: Any,
) -> None:
    """Write the file of a new team, with its first deployment, and show at once what it would get.

    At a terminal it asks, and proposes what the flags say. Elsewhere it takes the flags as they are; without any of a deployment
    the file has none yet. Nothing is written before all of the environment was planned with it, and no file is ever overwritten.
    """
    check_only(check, env)
    session = open_session(env, yes=yes, dry_run=dry_run)
    there = [Path(file).stem for file in team_files(session.root, env)]
    team, wish = given_values(given, team_fields()), given_values(given, deployment_fields())
    checks = {
        "team": none_of([*there, *RESERVED_TEAMS], f"'{{0}}' has a file in {env} already, or is reserved"),
        "model": one_of([model.id for model in session.catalogue.models], "model"),
    }
    if str(team.get("team")) in there:
        file = file_of(env, team["team"])
        refuse(f"--team: {file} is there already and stays as it is; `python -m stacks new-deployment` adds to it")
    if not session.asks:
        complete(team, team_fields())
        complete(wish, deployment_fields() if wish else ())

    def draft() -> Draft:
        if session.asks:
            ask_anew(team_fields(), team, checks)
            if wish or typer.confirm("\nA first deployment?", default=True):
                ask_anew(deployment_fields(), wish, checks)
        name_field = team_fields()[0]
        if (problem := name_field.problem(team["team"])) is not None:  # before it becomes the name of a file
            refuse(f"{name_field.flag}: {problem}")
        return Draft(team["team"], team_text(team, [wish] if wish else []), 0, whole_file=True)

    session.settle(draft)
