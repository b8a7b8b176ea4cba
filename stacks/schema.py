"""Generates `team.schema.json`, by which editors complete and check team files. Run it with `make schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.sizing.catalogue import load_catalogue
from stacks.team_file import TeamFile

TARGET = Path(__file__).with_name("team.schema.json")


def team_schema() -> dict[str, Any]:
    """JSON Schema of a team file, with the models of the shipped catalogue as the choices of `model`."""
    schema = TeamFile.model_json_schema(by_alias=True)
    wish = schema["$defs"]["DeploymentWish"]["properties"]
    wish["model"]["examples"] = [model.id for model in load_catalogue().models]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Team file of the Gemma platform",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def render() -> str:
    """The file's text."""
    return json.dumps(team_schema(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    print(f"wrote stacks/{TARGET.name}")
