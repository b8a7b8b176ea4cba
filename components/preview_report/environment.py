"""What a report reads of the stacks and the policies: settings, waivers, agreements, and who wrote what where.

The command line stands above both, although it is part of the components: nothing else of the report may know one.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from components.cost.prices import shared_prices
from components.google.quota_needs import needs
from components.preview_report.facts import Facts, Loss, Losses
from components.preview_report.judged import BUDGET
from components.preview_report.preview import Change
from components.sizing.catalogue import load_catalogue
from policy.environment import standards_of
from policy.plan_check.alarms import Alarm, alarms, without_effect
from policy.plan_check.report import acknowledgement_lines
from stacks.environment import read_environment
from stacks.plan import make_plan
from stacks.problems import Problem, SettingsError
from stacks.quota_asks import declared_asks
from stacks.settings import CONFIG_KEY
from stacks.yaml_source import read_yaml


def read_facts(root: Path, name: str, day: datetime.date | None) -> Facts:
    """What the files of the project in `root` say of an environment, as of a day: the one given, else that of its settings."""
    try:
        environment, today = read_environment(root, name)
    except SettingsError as error:
        today = day or _day_of(root, name) or datetime.datetime.now(datetime.UTC).date()
        return Facts(name, today, False, _told(error.problems), prices=_prices(load_catalogue().prices))
    today, settings = day or today, environment.settings
    return Facts(
        name=name,
        today=today,
        waivers=tuple(waiver.expires for waiver in environment.waivers if waiver.holds_on(today)),
        places=standards_of(environment, today, environment.waivers).places,
        budgets={one.team.team: one.problem("", BUDGET).place for one in environment.teams},
        declared={need.quota: need.units for need in needs(declared_asks(settings))},
        acknowledgements=tuple(settings.acknowledgements),
        prices=_prices(environment.catalogue.prices),
    )


def plan_problems(root: Path, facts: Facts) -> tuple[tuple[str, str], ...]:
    """(file and line, what is wrong) where the files are well formed but wish for what cannot be; for previews that failed."""
    try:
        make_plan(read_environment(root, facts.name)[0], facts.today)
    except SettingsError as error:
        return _told(error.problems)
    return ()


def losses(changes: Sequence[Change], facts: Facts) -> Losses:
    """What the check of a plan finds in the steps of a preview."""
    found = alarms(changes, facts.acknowledgements, facts.today)
    open_ones = [one for one in found if one.acknowledged is None]
    return Losses(
        tuple(_loss(alarm) for alarm in found),
        tuple(acknowledgement_lines(open_ones, facts.today)) if open_ones else (),
        tuple(f"acknowledge: {line}" for line in without_effect(found, facts.acknowledgements, facts.today)),
    )


def _day_of(root: Path, name: str) -> datetime.date | None:
    """The day that settings name, although something else in the files is wrong."""
    file = root / f"Pulumi.{name}.yaml"
    data = read_yaml(file, file.name)[0] if file.is_file() else None
    config = data.get("config") if isinstance(data, dict) else None
    found = (
        [value for key, value in config.items() if str(key).endswith(f":{CONFIG_KEY}")]
        if isinstance(config, dict)
        else []
    )
    day = found[0].get("today") if found and isinstance(found[0], dict) else None
    return day if isinstance(day, datetime.date) else None


def _loss(alarm: Alarm) -> Loss:
    agreed = alarm.acknowledged
    by = f"agreed until {agreed.expires}: {agreed.reason}" if agreed else None
    return Loss(f"{alarm.kind} {alarm.resource}", alarm.happens, alarm.why.removesuffix("."), by)


def _told(problems: Iterable[Problem]) -> tuple[tuple[str, str], ...]:
    return tuple((one.place, f"{one.field}: {one.message}" if one.field else one.message) for one in problems)


def _prices(catalogue: Any) -> str:
    """A digest of every list price: of machines and Cloud Run, and of what deployments share."""
    shared = {name: repr(value) for name, value in vars(shared_prices).items() if name.isupper()}
    content = {"catalogue": catalogue.model_dump(mode="json"), "shared": shared}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
