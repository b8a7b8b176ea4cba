"""Checks YAML that a document shows, by what it is: a team's file, settings, lines of a deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from policy.waivers import WaiverForm
from stacks.settings import EnvironmentSettings
from stacks.team_file import DeploymentWish, TeamFile
from tests.committed_files import ROOT

Check = Callable[[Any], list[str]]
TEAM = "stacks/dev/teams/payments.yaml"


def kind_and_check(content: Any) -> tuple[str, Check] | None:
    """What a YAML text is, and what checks it; None for what nobody knows."""
    if isinstance(content, list) and content and all(isinstance(row, dict) and "rule" in row for row in content):
        return "waivers", lambda rows: [line for row in rows for line in _problems(WaiverForm, row)]
    if not isinstance(content, dict):
        return None
    if {"schema", "team"} <= content.keys():
        return "team file", lambda data: _problems(TeamFile, data)
    for kind, form, whole in (
        ("lines of a deployment", DeploymentWish, _deployment),
        ("lines of a team file", TeamFile, _team),
        ("settings", EnvironmentSettings, _settings),
    ):
        if content.keys() <= form.model_fields.keys():
            return kind, lambda data, form=form, whole=whole: _problems(form, {**whole(), **data})
    return None


@cache
def _team() -> Mapping[str, Any]:
    return yaml.safe_load((ROOT / TEAM).read_text(encoding="utf-8"))


def _deployment() -> Mapping[str, Any]:
    return _team()["deployments"][0]


@cache
def _settings() -> Mapping[str, Any]:
    stack = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    return stack["config"]["gemma-platform:environment"]


def _problems(form: type[BaseModel], data: Mapping[str, Any]) -> list[str]:
    try:
        form.model_validate(data)
    except ValidationError as error:
        return [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    return []
