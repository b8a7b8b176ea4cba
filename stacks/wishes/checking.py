"""Everything that is wrong with team files at once: form, what cannot be served, quota, rules, budget. Changes nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from components.sizing.errors import SizingError
from components.sizing.placement import place
from components.wish import DeploymentWish
from stacks.environment import Environment, read_environment, team_files
from stacks.plan import Plan, make_plan
from stacks.problems import Path as FieldPath
from stacks.problems import Problem, SettingsError, field_name, line_of
from stacks.wishes.about_team import FIELD, beyond_budget, stops, warnings_about
from stacks.yaml_source import read_yaml


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: what is wrong with it, what should be read, and what it would be by itself where nothing is wrong."""

    file: str
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Report:
    """All files that were looked at. `together` is wrong with none of them alone; `not_looked_at` says what could not be seen."""

    files: tuple[Checked, ...]
    together: tuple[Problem, ...]
    not_looked_at: str | None

    @property
    def fine(self) -> bool:
        """True where nothing is wrong."""
        return not self.together and not any(each.problems for each in self.files)


def check_files(root: Path, environment: str, files: Mapping[str, Path]) -> Report:
    """Checks files, by the name that messages give them, as team files of an environment.

    Raises SettingsError where the settings of the environment are wrong themselves.
    """
    bare, today = read_environment(root, environment, {})
    checked = tuple(_alone(root, bare, today, name, path) for name, path in files.items())
    if any(each.problems for each in checked):
        return Report(checked, (), None)
    stems = {path.stem for path in files.values()}
    others = {name: path for name, path in team_files(root, environment).items() if path.stem not in stems}
    try:
        make_plan(read_environment(root, environment, others)[0], today)
    except SettingsError:
        return Report(
            checked,
            (),
            f"other team files of {environment} have problems, so that quota and rules for all teams together were not looked "
            f"at: python -m stacks check --env {environment}",
        )
    try:
        make_plan(read_environment(root, environment, {**others, **files})[0], today)
    except SettingsError as error:
        return Report(checked, error.problems, None)
    return Report(checked, (), None)


def _alone(root: Path, bare: Environment, today: datetime.date, name: str, path: Path) -> Checked:
    """One file as if its team were the only one."""
    try:
        loaded, _ = read_environment(root, bare.name, {name: path})
    except SettingsError as error:
        return Checked(name, (*error.problems, *_beside_the_form(bare, today, name, path)), (), None)
    try:
        plan = make_plan(loaded, today)
    except SettingsError as error:
        return Checked(name, error.problems, (), None)
    team = loaded.teams[0].team.team
    above = beyond_budget(plan, team)
    if above is not None and stops(bare.name):
        return Checked(name, (loaded.teams[0].problem(above, FIELD),), (), None)
    return Checked(name, (), warnings_about(plan, team), plan)


def _beside_the_form(bare: Environment, today: datetime.date, name: str, path: Path) -> list[Problem]:
    """What cannot be served of the deployments that are well-formed, in a file that is not: its author learns both at once."""
    data, lines, _ = read_yaml(path, name)
    wishes = data.get("deployments") if isinstance(data, dict) else None
    supply = bare.settings.supply(today)
    known = [model.id for model in bare.catalogue.models]
    found = []
    for index, raw in enumerate(wishes if isinstance(wishes, list) else []):
        try:
            wish = DeploymentWish.model_validate(raw)
        except ValidationError:
            continue
        if wish.model not in known:
            continue
        try:
            place(wish.demand(path.stem), supply, bare.catalogue, f"model, context or concurrency in {name}")
        except SizingError as error:
            at: FieldPath = ("deployments", index, *([error.field] if error.field else []))
            found.append(Problem(name, line_of(at, lines), field_name(at), str(error)))
    return found
