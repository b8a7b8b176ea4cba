"""The fields of a team's file as something else asks for them: flags, questions, a form in a portal. Pure.

Made from the schema that editors use (`stacks/schema.py`), so that a field which is added to the form is asked for everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from components.form_problems import message_of
from components.wish import DeploymentWish
from stacks.schema import render_schema
from stacks.team_file import TeamFile

#: Fields of a team's file that nobody is asked for: its version has one value, and deployments have fields of their own.
_NOT_ASKED = ("schema", "deployments")
#: What people type for yes and no. YAML knows no `y`, and the form would take the text for what it means.
_BOOLEANS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
#: Defaults that only say that nothing is written.
NOTHING = (None, [], {})


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `schema` is its JSON schema without references and without "or nothing"."""

    name: str
    form: type[BaseModel]
    required: bool
    schema: Mapping[str, Any]

    @property
    def flag(self) -> str:
        """The flag of a command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def description(self) -> str:
        """What it means."""
        return self.schema["description"]

    @property
    def default(self) -> Any:
        """What holds where it is not written; None where that is nothing, or follows from other fields."""
        return self.schema.get("default")

    @property
    def type(self) -> str:
        """Its JSON type."""
        return self.schema["type"]

    @property
    def choices(self) -> tuple[str, ...]:
        """All that may be written; empty where that is no list. Of a list field: all that its items may be."""
        of = self.schema["items"] if self.type == "array" else self.schema
        return tuple(str(choice) for choice in of.get("enum", ()))

    def read(self, text: str) -> Any:
        """What somebody typed, as it would be read from a file. What is no such value stays text, for the form to refuse."""
        if self.type == "string" and self.schema.get("format") != "date":
            return text
        if self.type == "boolean":
            return _BOOLEANS.get(text.lower(), text)
        if self.type == "array" and self.schema["items"]["type"] == "string":
            return [part.strip() for part in text.split(",") if part.strip()]
        if self.type == "object" and not text.lstrip().startswith("{"):
            text = "{" + text.replace("=", ": ") + "}"
        if self.type == "array" and not text.lstrip().startswith("["):
            text = f"[{text}]"
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text

    def shown(self, value: Any) -> str:
        """A value as somebody would type it."""
        if self.type == "boolean":
            return "yes" if value else "no"
        if self.type == "array" and self.schema["items"]["type"] == "string":
            return ",".join(value)
        return json.dumps(value) if self.type in ("array", "object") else str(value)

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value by itself; None where nothing is."""
        try:
            self.form.model_validate({self.name: value})
        except ValidationError as error:
            own = [dict(details) for details in error.errors() if details["loc"][:1] == (self.name,)]
            return message_of(own[0], self.form) if own else None
        return None


@cache
def team_fields() -> tuple[FormField, ...]:
    """The fields about the team itself, in the order of the file."""
    schema = json.loads(render_schema())
    return tuple(each for each in _fields(TeamFile, schema, schema["$defs"]) if each.name not in _NOT_ASKED)


@cache
def deployment_fields() -> tuple[FormField, ...]:
    """The fields of one deployment, in the order of the file."""
    definitions = json.loads(render_schema())["$defs"]
    return tuple(_fields(DeploymentWish, definitions["DeploymentWish"], definitions))


def _fields(form: type[BaseModel], schema: dict[str, Any], definitions: dict[str, Any]) -> list[FormField]:
    required = schema.get("required", ())
    return [
        FormField(name, form, name in required, plain_schema(field, definitions))
        for name, field in schema["properties"].items()
    ]


def plain_schema(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema for what cannot follow references or alternatives: one type, choices in one list."""
    if "$ref" in field:
        return plain_schema(definitions[field["$ref"].rpartition("/")[2]], definitions)
    kept = {key: value for key, value in field.items() if key != "anyOf" and (key != "default" or value not in NOTHING)}
    choices = [plain_schema(choice, definitions) for choice in field.get("anyOf", ()) if choice["type"] != "null"]
    if choices:
        allowed = [value for choice in choices for value in choice.get("enum", ())]
        allowed = [choice["const"] for choice in choices if "const" in choice] + allowed
        # of several types the first is the one that people write: a number before the text of one
        kept = {
            **{k: v for k, v in choices[0].items() if k != "const"},
            **({"enum": allowed} if allowed else {}),
            **kept,
        }
    if "items" in kept:
        kept["items"] = plain_schema(kept["items"], definitions)
    if "propertyNames" in kept:
        each = kept.pop("additionalProperties")
        names = kept.pop("propertyNames")["enum"]
        kept |= {"properties": {name: {"title": name, **each} for name in names}, "additionalProperties": False}
    elif "properties" in kept:
        kept["properties"] = {name: plain_schema(each, definitions) for name, each in kept["properties"].items()}
    return kept
