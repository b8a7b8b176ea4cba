"""The portal's template asks for the form of a team's file, all of it and nothing else, and writes a good file."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest
import yaml

from components.wish import DeploymentWish
from stacks.backstage.__main__ import TEAM_FILE, TEMPLATE, generated
from stacks.code_owners import committed_environments
from stacks.environment import read_environment
from stacks.plan import make_plan
from stacks.team_file import TeamFile
from tests.committed_files import ROOT, CommittedFiles

TEXT: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
SPEC = TEXT["spec"]
PAGES = SPEC["parameters"]
#: Of the actions that a portal has when it is installed, those that this needs, with the inputs that they know (2026-11).
ACTIONS = {
    "fetch:template": {"url", "targetPath", "values", "trimBlocks", "lstripBlocks"},
    "publish:github:pull-request": {"repoUrl", "branchName", "title", "description"},
}
#: What a template of scaffolder.backstage.io/v1beta3 must look like, as far as this one uses it; written from its documentation.
TEMPLATE_FORM: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "scaffolder.backstage.io/v1beta3"},
        "kind": {"const": "Template"},
        "metadata": {
            "type": "object",
            "required": ["name", "title"],
            "properties": {"name": {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"}},
        },
        "spec": {
            "type": "object",
            "required": ["type", "owner", "parameters", "steps"],
            "properties": {
                "type": {"type": "string", "minLength": 1},
                "owner": {"type": "string", "minLength": 1},
                "parameters": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "required": ["title", "properties"]},
                },
                "steps": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["id", "name", "action", "input"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "string", "pattern": "^[a-z][a-z-]*$"},
                            "name": {"type": "string", "minLength": 1},
                            "action": {"enum": list(ACTIONS)},
                            "input": {"type": "object"},
                        },
                    },
                },
                "output": {
                    "type": "object",
                    "properties": {
                        "links": {"type": "array", "items": {"type": "object", "required": ["title", "url"]}},
                    },
                },
            },
        },
    },
}


def test_the_committed_files_are_not_stale() -> None:
    for path, text in generated(committed_environments()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make docs`"


def test_it_is_a_template_of_the_portal() -> None:
    jsonschema.validate(TEXT, TEMPLATE_FORM)
    ids = [step["id"] for step in SPEC["steps"]]
    assert len(set(ids)) == len(ids)
    for step in SPEC["steps"]:
        assert set(step["input"]) <= ACTIONS[step["action"]], step["id"]
    for page in PAGES:
        jsonschema.Draft202012Validator.check_schema({"type": "object", **page})


@pytest.mark.parametrize("spoiled", ["apiVersion", "action", "steps"])
def test_the_check_of_the_template_notices_what_no_portal_would_take(spoiled: str) -> None:
    wrong = copy.deepcopy(TEXT)
    if spoiled == "apiVersion":
        wrong["apiVersion"] = "scaffolder.backstage.io/v1beta2"
    elif spoiled == "action":
        wrong["spec"]["steps"][0]["action"] = "fetch:templates"
    else:
        del wrong["spec"]["steps"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, TEMPLATE_FORM)


def asked() -> dict[str, dict[str, Any]]:
    """All fields of the form by name."""
    found: dict[str, dict[str, Any]] = {}
    for page in PAGES:
        found |= page["properties"]
    return found


def test_every_field_of_a_team_file_is_asked_for_and_nothing_else_but_where_it_lies() -> None:
    fields = {field.alias or name for name, field in TeamFile.model_fields.items()}
    assert set(asked()) == (fields - {"schema"}) | {"environment"}
    assert set(asked()["deployments"]["items"]["properties"]) == set(DeploymentWish.model_fields)
    assert asked()["environment"]["enum"] == sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))


def test_what_must_be_filled_in_and_what_may_be_written_are_those_of_the_schema_for_editors() -> None:
    schema = json.loads((ROOT / "stacks/team.schema.json").read_text(encoding="utf-8"))
    wish = schema["$defs"]["DeploymentWish"]
    items = asked()["deployments"]["items"]
    assert items["required"] == wish["required"]
    assert {*PAGES[1]["required"], "schema"} == set(schema["required"])
    for name, field in wish["properties"].items():
        shown = items["properties"][name]
        assert shown["description"] == field["description"]
        of = [field, *field.get("anyOf", ())]
        for limit in ("minimum", "maximum", "pattern", "exclusiveMinimum", "maxItems"):
            assert shown.get(limit) == next((each[limit] for each in of if limit in each), None), (name, limit)
        assert shown["type"] in {each.get("type") for each in of}


def test_a_field_that_may_be_left_out_refuses_no_answer_of_the_form() -> None:
    """The form's own schema and the file's agree on a filled-in example."""
    page = {"type": "object", "properties": asked()}
    jsonschema.validate({"environment": "dev", **FULL}, page)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"deployments": [{**FULL["deployments"][0], "runs_on": "laptop"}]}, page)


DEPLOYMENT = {"name": "search", "model": "gemma-4-e4b-it", "context_tokens": 16384, "peak_concurrent_requests": 4}
TEAM = {
    "team": "shop",
    "owner": "shop-backend",
    "contact": "shop@example.com",
    "cost_center": "no",  # which YAML would read as false, were it not quoted
    "monthly_budget_usd": 2500.5,
}
#: Every field that can stand beside the others, filled in with something else than its default.
FULL: dict[str, Any] = {
    **TEAM,
    "group": "shop@example.com",
    "on_call_group": "shop-oncall@example.com",
    "deployments": [
        {
            **DEPLOYMENT,
            "typical_tokens": 3000,
            "typical_answer_tokens": 300,
            "max_answer_tokens": 2000,
            "full_context_requests": 0,
            "active_hours_per_month": 0,
            "workload": "batch",
            "inputs": ["text", "image"],
            "max_items": {"image": 2},
            "image_tokens": 560,
            "precision": "bf16",
            "adapters": [{"name": "tone", "rank": 16, "source": "adapters/shop/tone"}],
            "runs_on": "gke",
            "scale_to_zero": True,
            "callers": ["a@example.com"],
            "caller_namespaces": ["team-support"],
            "paused": True,
            "canary_percent": 0,
            "expires_on": "2027-06-30",
        },
        {
            **DEPLOYMENT,
            "name": "second",
            "speculative": True,
            "availability": "high",
            "first_token_ms": 5000,
            "tokens_per_second": 0.5,
            "max_cold_start_seconds": 0,
            "checkpoint": "google/gemma-4-E4B-it",
        },
    ],
}


def filled_in(values: dict[str, Any]) -> str:
    """The skeleton as the portal fills it in: Nunjucks with these delimiters and settings, where `dump` writes JSON."""
    (step,) = (step for step in SPEC["steps"] if step["action"] == "fetch:template")
    environment = jinja2.Environment(
        variable_start_string="${{",
        variable_end_string="}}",
        trim_blocks=step["input"]["trimBlocks"],
        lstrip_blocks=step["input"]["lstripBlocks"],
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (YAML)
    )
    environment.filters["dump"] = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    given = {name: values[name] for name in step["input"]["values"] if name in values}
    return environment.from_string(TEAM_FILE.read_text(encoding="utf-8")).render(values=given)


def with_defaults(deployment: dict[str, Any]) -> dict[str, Any]:
    """A deployment as the form sends it when nobody changes what it proposes."""
    fields = asked()["deployments"]["items"]["properties"]
    return {**{name: field["default"] for name, field in fields.items() if "default" in field}, **deployment}


def test_the_file_says_everything_that_was_filled_in_and_nothing_more() -> None:
    text = filled_in(FULL)
    assert text.startswith("# yaml-language-server: $schema=../../team.schema.json\n")
    read = yaml.safe_load(text)
    assert read == {"schema": 1, **FULL}
    assert TeamFile.model_validate(read).deployments[0].full_context_requests == 0


def test_together_the_examples_fill_in_every_field() -> None:
    """Without `stable_revision`, which has no meaning without a revision that is there."""
    given = {name for deployment in FULL["deployments"] for name in deployment}
    assert given == set(DeploymentWish.model_fields) - {"stable_revision"}


def test_what_stays_at_its_default_is_not_written() -> None:
    read = yaml.safe_load(filled_in({**TEAM, "deployments": [with_defaults(DEPLOYMENT)]}))
    assert read == {"schema": 1, **TEAM, "deployments": [DEPLOYMENT]}


@pytest.mark.parametrize("deployments", [{}, {"deployments": []}], ids=["not asked", "none"])
def test_a_team_without_deployments_is_a_good_file(deployments: dict[str, Any]) -> None:
    assert yaml.safe_load(filled_in({**TEAM, **deployments})) == {"schema": 1, **TEAM}


def test_an_answer_stays_a_value_whatever_is_in_it() -> None:
    sly = 'a"\n  - name: other # ${{ values.team }} {% raw %}'
    assert yaml.safe_load(filled_in({**TEAM, "owner": sly}))["owner"] == sly


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dev environment with the portal's file where its steps put it."""
    folder = tmp_path_factory.mktemp("dev")
    CommittedFiles(folder, "dev")
    target = SPEC["steps"][0]["input"]["targetPath"].replace("${{ parameters.environment }}", "dev")
    name = TEAM_FILE.name.replace("${{values.team}}", "shop")
    (folder / target / name).write_text(
        filled_in({**TEAM, "deployments": [with_defaults({**DEPLOYMENT, "runs_on": "gke"})]}), encoding="utf-8"
    )
    return folder


def test_the_environment_is_planned_with_the_file(dev: Path) -> None:
    plan = make_plan(*read_environment(dev, "dev"))
    assert "shop/search" in {planned.key for planned in plan.deployments}
