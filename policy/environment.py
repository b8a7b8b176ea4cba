"""What the resources of a stack are held to, read from the files of its project: settings, team files, waivers.

A pack runs in the folder of the project whose stack it judges (pulumi-policy 1.21.0). A stack that is none of this platform's has
no settings: it gets the strict standards, the waivers in its own `stacks/<stack>/waivers.yaml`, and what its people say in the
configuration of the pack.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from policy.configuration import checked
from policy.judging import Standards, Waiver
from policy.levels import advisory_in
from policy.rules import RULES
from policy.rules.allowed_images import SHIPPED_PREFIXES
from policy.rules.rule import Context, TeamTruth
from policy.waivers import read_waivers
from stacks.environment import Environment, LoadedTeam, read_environment
from stacks.mirrors import image_mirrors
from stacks.problems import SettingsError, line_of
from stacks.settings import CONFIG_KEY, EnvironmentSettings
from stacks.yaml_source import read_yaml


def standards_of(environment: Environment, today: datetime.date, waivers: tuple[Waiver, ...]) -> Standards:
    """What the resources of an environment are held to on a day."""
    return Standards(context_of(environment, today), waivers, _places(environment))


def context_of(environment: Environment, today: datetime.date) -> Context:
    """What an environment allows on a day."""
    settings = environment.settings
    supply = settings.supply(today)
    return Context(
        environment=environment.name,
        today=today,
        allow_tight=settings.allow_tight,
        allow_fp8_kv=settings.allow_fp8_kv,
        allow_unknown=supply.allow_unknown,
        catalogue=environment.catalogue,
        teams={loaded.team.team: _truth(loaded) for loaded in environment.teams},
        overrides={key: frozenset(override.values) for key, override in supply.overrides.items()},
        image_prefixes=image_prefixes(settings, environment.name),
        require_digests=settings.require_digests,
        purchase_options=frozenset((*settings.purchase_order, *(settings.batch_purchase_order or ()))),
        region=settings.region,
        encrypted=frozenset(settings.encryption.purposes if settings.encryption else ()),
        authenticated_ingress=settings.ingress.authentication is not None,
        advisory=advisory_in(environment.name),
    )


def image_prefixes(settings: EnvironmentSettings, environment: str) -> tuple[str, ...]:
    """What images may begin with: what the platform installs, through its mirrors, and the folder of the loader's image."""
    mirrors = image_mirrors(settings, environment)
    found = [f"{settings.loader.image.rpartition('/')[0]}/"] if settings.loader else []
    for prefix in SHIPPED_PREFIXES:
        registry, _, folder = prefix.partition("/")
        found.append(f"{mirrors.get(registry, registry)}/{folder}")
    return tuple(dict.fromkeys(found))


def standards_for(
    stack: str, root: Path | None = None, today: datetime.date | None = None
) -> tuple[Standards, list[str], bool]:
    """(standards, what is wrong with the files, whether the stack is this platform's) of a stack of the project in `root`.

    What cannot be read allows nothing. Without `root` the project is in the working directory; without `today` it is the day
    that the settings name, or today.
    """
    folder, named = root or Path.cwd(), today
    waivers, problems = read_waivers(folder, stack, [rule.id for rule in RULES])
    wrong = [str(problem) for problem in problems]
    strict = Context(environment=stack, today=named) if named else Context(environment=stack)
    if not _has_settings(folder, stack):
        return Standards(strict, waivers), wrong, False
    try:
        environment, today = read_environment(folder, stack)
    except SettingsError as error:
        found = [str(problem) for problem in error.problems]
        return Standards(strict, waivers), list(dict.fromkeys([*wrong, *found])), True
    return standards_of(environment, named or today, waivers), wrong, True


@cache
def standards_here(stack: str) -> tuple[Standards, list[str], bool]:
    """The same in the working directory, read once."""
    return standards_for(stack)


def stack_of(urn: str) -> str:
    """The stack in a URN, `urn:pulumi:<stack>::<project>::...`."""
    return urn.split("::", 1)[0].rpartition(":")[2]


def configured(standards: Standards, configuration: Mapping[str, Any]) -> Standards:
    """The standards with what the pack's configuration says of a stack without settings.

    Raises ValueError for a name that is none of its settings.
    """
    said = {name: _value(name, value) for name, value in checked(configuration).items()}
    return replace(standards, context=replace(standards.context, **said)) if said else standards


def _value(name: str, value: Any) -> Any:
    if name == "today":
        return datetime.date.fromisoformat(value)
    if name == "image_prefixes":
        return tuple(value)
    return frozenset(value) if not isinstance(value, str | bool) else value


def _has_settings(folder: Path, stack: str) -> bool:
    """True where the stack's file holds settings of this platform."""
    file = folder / f"Pulumi.{stack}.yaml"
    data = read_yaml(file, file.name)[0] if file.is_file() else None
    config = data.get("config") if isinstance(data, dict) else None
    return isinstance(config, dict) and any(
        str(key).endswith(f":{CONFIG_KEY}") and isinstance(value, dict) for key, value in config.items()
    )


def _truth(loaded: LoadedTeam) -> TeamTruth:
    team = loaded.team
    return TeamTruth(team.owner, team.cost_center, str(team.monthly_budget_usd), loaded.file)


def _places(environment: Environment) -> dict[str, str]:
    found = {}
    for loaded in environment.teams:
        team = loaded.team.team
        found[team] = loaded.file
        for index, wish in enumerate(loaded.team.deployments):
            found[f"{team}/{wish.name}"] = f"{loaded.file}:{line_of(('deployments', index), loaded.lines)}"
    return found
