"""The pages of the portal's form, made from the fields of a team's file: what editors check, the form asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stacks.wishes.form_fields import FormField, deployment_fields, team_fields

#: The one field that stands in no file: it says in which folder the file lies.
ENVIRONMENT = "environment"
DEPLOYMENTS = "deployments"


def form_pages(environments: list[str]) -> list[dict[str, Any]]:
    """Three pages: where, the team, and the models that it wants to call."""
    where = {
        "title": "Environment",
        "description": "Environment in which the models run.",
        "type": "string",
        "enum": environments,
        "default": environments[0],
    }
    return [
        {"title": "Where", "required": [ENVIRONMENT], "properties": {ENVIRONMENT: where}},
        {"title": "The team", **_object(team_fields())},
        {"title": "Models that the team wants to call", "properties": {DEPLOYMENTS: _deployments()}},
    ]


def _deployments() -> dict[str, Any]:
    return {
        "title": "Deployments",
        "description": "One for each model that the team wants to call.",
        "type": "array",
        "items": {"type": "object", **_object(deployment_fields())},
    }


def _object(fields: Iterable[FormField]) -> dict[str, Any]:
    fields = list(fields)
    return {
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: _shown(field.schema) for field in fields},
    }


def _shown(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A field as the portal draws it; a list of choices becomes boxes to tick."""
    shown = dict(schema)
    if "enum" in shown.get("items", {}):
        shown |= {"uniqueItems": True, "ui:widget": "checkboxes"}
    if "examples" in shown:  # the models of the catalogue: a portal has no other way to name them
        shown["enum"] = shown.pop("examples")
    return shown
