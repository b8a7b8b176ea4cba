"""One environment as its files describe it: settings and teams, loaded and checked as a whole. Knows no Pulumi."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.errors import SizingError, did_you_mean
from policy.judging import Waiver
from policy.rules import RULES
from policy.waivers import read_waivers
from stacks.problems import Path as FieldPath
from stacks.problems import Problem, SettingsError, field_name, line_of, problems_of
from stacks.settings import CONFIG_KEY, EnvironmentSettings
from stacks.team_file import TeamFile
from stacks.yaml_source import read_yaml

#: Names that stand for the platform itself in labels.
RESERVED_TEAMS = ("platform", "shared")


@dataclass(frozen=True, slots=True)
class LoadedTeam:
    """A team file with the place of each of its fields."""

    team: TeamFile
    file: str
    lines: dict[FieldPath, int]

    def problem(self, message: str, *path: str | int) -> Problem:
        """A problem at that path of this file."""
        return Problem(self.file, line_of(path, self.lines), field_name(path), message)


@dataclass(frozen=True, slots=True)
class Environment:
    """Settings, catalogue and teams of one environment."""

    name: str
    settings: EnvironmentSettings
    catalogue: Catalogue
    teams: tuple[LoadedTeam, ...]
    waivers: tuple[Waiver, ...] = ()


def team_files(root: Path, name: str) -> dict[str, Path]:
    """The team files of the environment `name`, by the name that messages give them."""
    folder = root / "stacks" / name / "teams"
    return {path.relative_to(root).as_posix(): path for path in sorted(folder.glob("*.y*ml"))}


def load_environment(
    root: Path, name: str, config_prefix: str, raw_settings: object, teams_from: Mapping[str, Path] | None = None
) -> Environment:
    """Loads the environment `name` of the project in folder `root`.

    `raw_settings` is the stack's structured config under `<config_prefix>:environment`. `teams_from` are the team files to read
    instead of the environment's own, by the name that messages give them: so a file can be judged before it is there.
    Raises SettingsError with every problem of every file.
    """
    settings, catalogue, problems = _load_settings(root, name, config_prefix, raw_settings)
    models = [model.id for model in catalogue.models]
    files = team_files(root, name) if teams_from is None else teams_from
    if not files and teams_from is None:
        problems.append(Problem(f"stacks/{name}/teams", None, "", "holds no team file (<team>.yaml)"))
    teams: list[LoadedTeam] = []
    for shown_as, path in files.items():
        loaded, found = _load_team(path, shown_as, models)
        problems.extend(found)
        if loaded is not None:
            teams.append(loaded)
    problems.extend(_repeated_teams(teams))
    waivers, found = read_waivers(root, name, [rule.id for rule in RULES])
    problems.extend(found)
    if problems or settings is None:
        raise SettingsError(name, problems)
    return Environment(name, settings, catalogue, tuple(teams), tuple(waivers))


def read_environment(
    root: Path, name: str, teams_from: Mapping[str, Path] | None = None
) -> tuple[Environment, datetime.date]:
    """(the environment `name` from its files alone, as a command line reads it; its day). `teams_from` as in load_environment.

    Raises SettingsError with every problem, also when the project or its stack file cannot be read.
    """
    file = root / f"Pulumi.{name}.yaml"
    project, _, problems = _read_if_there(root / "Pulumi.yaml", "Pulumi.yaml")
    stack, _, more = _read_if_there(file, file.name)
    if problems or more:
        raise SettingsError(name, [*problems, *more])
    prefix = str(project.get("name"))
    config = stack.get("config")
    raw = config.get(f"{prefix}:{CONFIG_KEY}") if isinstance(config, dict) else None
    environment = load_environment(root, name, prefix, raw, teams_from)
    return environment, environment.settings.today or datetime.datetime.now(datetime.UTC).date()


def _read_if_there(path: Path, shown_as: str) -> tuple[dict[str, Any], dict[FieldPath, int], list[Problem]]:
    if not path.is_file():
        return {}, {}, [Problem(shown_as, None, "", "is missing")]
    data, lines, problems = read_yaml(path, shown_as)
    return (data if isinstance(data, dict) else {}), lines, problems


def _load_settings(
    root: Path, name: str, config_prefix: str, raw: object
) -> tuple[EnvironmentSettings | None, Catalogue, list[Problem]]:
    """(settings, catalogue, problems). The catalogue is the shipped one when the organisation's own cannot be read."""
    file, key = f"Pulumi.{name}.yaml", f"{config_prefix}:{CONFIG_KEY}"
    # the values come from Pulumi; the file is read again only to name lines
    _, all_lines, _ = read_yaml(root / file, file) if (root / file).is_file() else (None, {}, [])
    start: FieldPath = ("config", key)
    lines = {path[len(start) :]: line for path, line in all_lines.items() if path[: len(start)] == start}
    if not isinstance(raw, dict):
        return None, load_catalogue(), [Problem(file, None, key, "is missing: the settings of the environment")]
    try:
        settings = EnvironmentSettings.model_validate(raw)
    except ValidationError as error:
        return None, load_catalogue(), problems_of(error, EnvironmentSettings, file, lines)
    try:
        catalogue = load_catalogue(root / settings.catalogue if settings.catalogue else None)
    except SizingError as error:
        return settings, load_catalogue(), [Problem(file, lines.get(("catalogue",)), "catalogue", str(error))]
    return settings, catalogue, _unknown_names(settings, catalogue, file, lines)


def _unknown_names(
    settings: EnvironmentSettings, catalogue: Catalogue, file: str, lines: dict[FieldPath, int]
) -> list[Problem]:
    """Names in the settings that the catalogue does not have."""
    accelerators = [a.id for a in catalogue.accelerators]
    machines = [m.id for m in catalogue.machines]
    skus = [*machines, *(f"cloud-run/{gpu.accelerator}" for gpu in catalogue.cloud_run)]
    named: list[tuple[FieldPath, str, list[str]]] = [
        (("region",), settings.region, list(catalogue.regions)),
        (("engine_version",), settings.engine_version, [e.version for e in catalogue.engines if e.deployable]),
        *((("quota", "gke", a), a, accelerators) for a in settings.quota.gke),
        *(
            (("quota", "cloud_run", a), a, [g.accelerator for g in catalogue.cloud_run])
            for a in settings.quota.cloud_run
        ),
        *((("reservations", i, "machine_type"), r.machine_type, machines) for i, r in enumerate(settings.reservations)),
        *((("price_adjustments", i, "sku"), a.sku, skus) for i, a in enumerate(settings.price_adjustments)),
    ]
    return [
        Problem(file, line_of(path, lines), field_name(path), f"found {value!r}{did_you_mean(value, allowed)}")
        for path, value, allowed in named
        if value not in allowed
    ]


def _load_team(path: Path, shown_as: str, models: list[str]) -> tuple[LoadedTeam | None, list[Problem]]:
    data, lines, problems = read_yaml(path, shown_as)
    if data is None:
        return None, problems
    if not isinstance(data, dict):
        return None, [
            *problems,
            Problem(shown_as, 1, "", f"must be a mapping that starts with 'schema: 1', found {data!r}"),
        ]
    if path.suffix != ".yaml":
        problems.append(Problem(shown_as, None, "", f"must be named {path.stem}.yaml"))
    problems.extend(_unknown_models(data, shown_as, lines, models))
    try:
        team = TeamFile.model_validate(data)
    except ValidationError as error:
        return None, [*problems, *problems_of(error, TeamFile, shown_as, lines)]
    loaded = LoadedTeam(team, shown_as, lines)
    if team.team != path.stem:
        problems.append(loaded.problem(f"found '{team.team}', must equal the file's name '{path.stem}'", "team"))
    if team.team in RESERVED_TEAMS:
        problems.append(loaded.problem(f"'{team.team}' is reserved for the platform itself", "team"))
    problems.extend(_repeated_deployments(loaded))
    return loaded, problems


def _unknown_models(
    data: dict[str, object], file: str, lines: dict[FieldPath, int], models: list[str]
) -> list[Problem]:
    """Model ids that the catalogue does not have; found even when other fields are wrong."""
    wishes = data.get("deployments")
    found = []
    for index, wish in enumerate(wishes if isinstance(wishes, list) else []):
        model = wish.get("model") if isinstance(wish, dict) else None
        if isinstance(model, str) and model not in models:
            path: FieldPath = ("deployments", index, "model")
            message = f"unknown model '{model}'{did_you_mean(model, models)}"
            found.append(Problem(file, line_of(path, lines), field_name(path), message))
    return found


def _repeated_deployments(loaded: LoadedTeam) -> list[Problem]:
    first: dict[str, int] = {}
    problems = []
    for index, wish in enumerate(loaded.team.deployments):
        if wish.name in first:
            before = line_of(("deployments", first[wish.name], "name"), loaded.lines)
            message = f"'{wish.name}' is already the name of the deployment in line {before}"
            problems.append(loaded.problem(message, "deployments", index, "name"))
        first.setdefault(wish.name, index)
    return problems


def _repeated_teams(teams: list[LoadedTeam]) -> list[Problem]:
    first: dict[str, str] = {}
    problems = []
    for loaded in teams:
        if loaded.team.team in first:
            message = f"'{loaded.team.team}' is already the team of {first[loaded.team.team]}"
            problems.append(loaded.problem(message, "team"))
        first.setdefault(loaded.team.team, loaded.file)
    return problems
