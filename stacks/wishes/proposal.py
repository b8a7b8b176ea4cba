"""A team's file that is not written yet, planned as if it were: with all other teams, quota, rules and budget. Writes it then."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stacks.environment import read_environment, team_files
from stacks.plan import Plan, make_plan
from stacks.planned_deployment import PlannedDeployment
from stacks.problems import SettingsError
from stacks.wishes.about_team import FIELD, beyond_budget, stops


@dataclass(frozen=True, slots=True)
class Proposal:
    """A file's text and what its environment would be with it. `deployments` are those that are new."""

    root: Path
    file: str
    team: str
    text: str
    plan: Plan
    deployments: tuple[PlannedDeployment, ...]

    def write(self) -> None:
        """Puts the file in its place, as a whole or not at all."""
        target = self.root / self.file
        beside = target.with_name(f".{target.name}.part")
        beside.write_bytes(self.text.encode())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)


def file_of(environment: str, team: str) -> str:
    """Where a team's file belongs."""
    return f"stacks/{environment}/teams/{team}.yaml"


def propose(root: Path, environment: str, team: str, text: str) -> Proposal:
    """The environment with `text` as the file of `team`.

    Raises SettingsError with everything that stands in the way: mistakes in the form, what cannot be served, quota, rules, and a
    budget where that stops an update. Nothing is written.
    """
    file = file_of(environment, team)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, f"{team}.yaml")
        draft.write_bytes(text.encode())
        loaded, today = read_environment(root, environment, {**team_files(root, environment), file: draft})
    plan = make_plan(loaded, today)
    found = next(each for each in plan.environment.teams if each.team.team == team)
    above = beyond_budget(plan, team)
    if above is not None and stops(environment):
        raise SettingsError(environment, [found.problem(above, FIELD)])
    before = _names(root, environment, file)
    new = tuple(each for each in plan.deployments if each.loaded is found and each.wish.name not in before)
    return Proposal(root, file, team, text, plan, new)


def _names(root: Path, environment: str, file: str) -> set[str]:
    """Names of the deployments that the file has now."""
    there = team_files(root, environment)
    if file not in there:
        return set()
    loaded, _ = read_environment(root, environment, {file: there[file]})
    return {wish.name for wish in loaded.teams[0].team.deployments}
