"""The schema of the package: current, complete, comparable with the last release's, and the version that a change needs."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from semver import Version
from typer.testing import CliRunner

from components import schema_check
from components.caller_terms import camel
from components.packaged import PACKAGED
from components.schema_changes import Effect, changes
from components.version import VERSION
from components.version_step import refusal
from components.wish import AdapterWish, DeploymentWish
from components.wish_args import AdapterArgs, WishArgs

COMMITTED = json.loads(schema_check.SCHEMA.read_text(encoding="utf-8"))
#: Fields of the form that a component takes as arguments of its own, or decides.
NOT_IN_A_WISH = {"name", "callers", "runs_on", "stable_revision", "expires_on"}


def changed(*path: str, to: Any = None) -> dict[str, Any]:
    """The committed schema with another value at the path, or without what is there."""
    schema = copy.deepcopy(COMMITTED)
    *parents, last = path
    place = schema
    for part in parents:
        place = place[part]
    if to is None:
        del place[last]
    else:
        place[last] = to
    return schema


def component(name: str, *path: str) -> tuple[str, ...]:
    return ("resources", f"gemma-platform:index:{name}", *path)


def type_(name: str, *path: str) -> tuple[str, ...]:
    return ("types", f"gemma-platform:index:{name}", *path)


def test_the_committed_schema_is_that_of_the_package() -> None:
    assert schema_check.SCHEMA.read_text(encoding="utf-8") == schema_check.render_schema(), "run `make docs`"
    assert set(COMMITTED["resources"]) == {f"gemma-platform:index:{each.__name__}" for each in PACKAGED}


def test_every_component_argument_field_and_output_is_described_in_the_names_of_callers() -> None:
    for token, entry in {**COMMITTED["resources"], **COMMITTED["types"]}.items():
        assert entry["description"], token
        for name, field in {**entry.get("inputProperties", {}), **entry["properties"]}.items():
            assert field.get("description"), f"{token}.{name}"
            assert "context_tokens" not in field["description"]


def test_a_wish_has_the_fields_of_a_teams_deployment_and_says_the_same_of_them() -> None:
    assert set(WishArgs.__annotations__) == set(DeploymentWish.model_fields) - NOT_IN_A_WISH
    assert set(AdapterArgs.__annotations__) == set(AdapterWish.model_fields)
    for name, token, form in (("Wish", WishArgs, DeploymentWish), ("Adapter", AdapterArgs, AdapterWish)):
        described = COMMITTED["types"][f"gemma-platform:index:{name}"]
        for field in token.__annotations__:
            known = form.model_fields[field]
            assert (camel(field) in described["required"]) == known.is_required(), field
            said = str(known.description)
            for python_name in DeploymentWish.model_fields:
                said = said.replace(python_name, camel(python_name)) if "_" in python_name else said
            assert described["properties"][camel(field)]["description"].startswith(said), field


BREAKING = {
    "component removed": component("Team"),
    "type removed": type_("Adapter"),
    "argument removed": component("CloudRunModel", "inputProperties", "callers"),
    "field removed": type_("Wish", "properties", "typicalTokens"),
    "output removed": component("CloudRunModel", "properties", "placement"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_is_gone_breaks_callers_and_what_is_new_does_not(name: str) -> None:
    less = changed(*BREAKING[name])
    gone = [change for change in changes(COMMITTED, less) if change.effect is not Effect.FINE]
    assert [change.effect for change in gone] == [Effect.BREAKS]
    assert gone[0].what in (name, "removed", "argument removed")
    assert {change.effect for change in changes(less, COMMITTED)} == {Effect.FINE}


ARGUMENT = component("CloudRunModel", "inputProperties", "callers")
NEEDED = COMMITTED["resources"]["gemma-platform:index:CloudRunModel"]["requiredInputs"]
ALWAYS = type_("Endpoint", "required")


@pytest.mark.parametrize(
    ("path", "value", "effect", "what"),
    [
        (
            (*ARGUMENT, "items", "type"),
            "integer",
            Effect.BREAKS,
            "from plain list of plain string to plain list of plain integer",
        ),
        ((*ARGUMENT, "plain"), None, Effect.BREAKS, "from plain list of plain string to list of plain string"),
        ((*ARGUMENT, "description"), "Who.", Effect.FINE, "description changed"),
        ((*ARGUMENT, "deprecationMessage"), "gone soon", Effect.FINE, "deprecated"),
        (component("CloudRunModel", "requiredInputs"), [*NEEDED, "callers"], Effect.BREAKS, "argument is needed now"),
        (component("CloudRunModel", "requiredInputs"), NEEDED[1:], Effect.FINE, "argument is optional now"),
        (component("CloudRunModel", "required"), [], Effect.BREAKS, "may be absent now"),
        (type_("Wish", "properties", "inputs", "type"), "string", Effect.BREAKS, "type changed"),
    ],
)
def test_a_change_of_an_argument_or_output_is_judged(
    path: tuple[str, ...], value: Any, effect: Effect, what: str
) -> None:
    (change,) = changes(COMMITTED, changed(*path, to=value))
    assert change.effect is effect
    assert what in change.what


def test_a_newly_needed_argument_breaks_callers_also_inside_a_type_that_they_write() -> None:
    for path, needed in ((component("Team"), "requiredInputs"), (type_("Wish"), "required")):
        schema = copy.deepcopy(COMMITTED)
        entry = schema[path[0]][path[1]]
        entry["inputProperties" if needed == "requiredInputs" else "properties"]["colour"] = {"type": "string"}
        assert {change.effect for change in changes(COMMITTED, schema)} == {Effect.FINE}
        entry[needed] = [*entry[needed], "colour"]
        (change,) = changes(COMMITTED, schema)
        assert (change.what, change.effect) == ("needed argument added", Effect.BREAKS)


def test_an_argument_that_was_announced_as_deprecated_may_go() -> None:
    announced = changed(*ARGUMENT, "deprecationMessage", to="gone soon")
    (change,) = changes(announced, changed(*ARGUMENT))
    assert change.effect is Effect.ANNOUNCED


@pytest.mark.parametrize(
    ("released", "wanted", "path", "says"),
    [
        ("0.1.0", "0.1.1", BREAKING["component removed"], "needs at least 0.2.0, not 0.1.1"),
        ("0.1.0", "0.1.0", BREAKING["component removed"], "needs at least 0.2.0, not 0.1.0"),
        ("0.1.0", "0.2.0", BREAKING["component removed"], None),
        ("1.2.3", "1.3.0", BREAKING["component removed"], "needs at least 2.0.0, not 1.3.0"),
        ("1.2.3", "2.0.0", BREAKING["component removed"], None),
        ("1.2.3", "1.2.2", (*ARGUMENT, "description"), "is below the last release"),
        ("1.2.3", "1.2.4", (*ARGUMENT, "description"), None),
    ],
)
def test_a_version_must_be_a_large_enough_step(
    released: str, wanted: str, path: tuple[str, ...], says: str | None
) -> None:
    said = refusal(changes(COMMITTED, changed(*path)), Version.parse(released), Version.parse(wanted))
    assert said is None if says is None else says in str(said)


def test_the_removal_of_a_deprecated_argument_needs_a_minor_step() -> None:
    found = changes(changed(*ARGUMENT, "deprecationMessage", to="soon"), changed(*ARGUMENT))
    assert "at least 1.3.0" in str(refusal(found, Version.parse("1.2.0"), Version.parse("1.2.1")))
    assert refusal(found, Version.parse("1.2.0"), Version.parse("1.3.0")) is None


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, released: dict[str, Any], *arguments: str) -> Any:
    file = tmp_path / "released.json"
    file.write_text(json.dumps(released), encoding="utf-8")
    monkeypatch.setattr(schema_check, "RELEASED", file)
    # the same as is made anew, which another test holds it to
    monkeypatch.setattr(schema_check, "render_schema", lambda: json.dumps(COMMITTED, indent=2) + "\n")
    return CliRunner().invoke(schema_check.app, arguments)


def test_the_command_lists_what_changed_and_stops_a_version_that_would_break_callers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    had_more = copy.deepcopy(COMMITTED)
    had_more["resources"]["gemma-platform:index:Team"]["inputProperties"]["colour"] = {"type": "string"}
    patch, minor = Version.parse(VERSION).bump_patch(), Version.parse(VERSION).bump_minor()
    stopped = run(monkeypatch, tmp_path, had_more, "--version", str(patch))
    assert stopped.exit_code == 1
    assert "Team.colour" in stopped.output
    assert f"{patch} cannot be released: it breaks callers" in stopped.output
    assert run(monkeypatch, tmp_path, had_more, "--version", str(minor)).exit_code == 0
    same = run(monkeypatch, tmp_path, COMMITTED, "--version", str(patch))
    assert (same.exit_code, "nothing has changed for callers" in same.output) == (0, True)


def test_the_command_takes_versions_alone_and_no_stale_schema(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert run(monkeypatch, tmp_path, COMMITTED, "--version", "next").exit_code == 2
    stale = tmp_path / "schema.json"
    stale.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(schema_check, "SCHEMA", stale)
    monkeypatch.setattr(schema_check, "FOLDER", tmp_path / "components")
    refused = run(monkeypatch, tmp_path, COMMITTED)
    assert refused.exit_code == 1
    assert "run `make docs`" in refused.output
    assert run(monkeypatch, tmp_path, COMMITTED, "--write").exit_code == 0
    assert json.loads(stale.read_text(encoding="utf-8")) == COMMITTED
