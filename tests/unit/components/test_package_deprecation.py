"""Deprecated arguments: said in the schema, warned of when used, and gone in time."""

from __future__ import annotations

import copy
import sys

import pulumi
import pytest
from semver import Version

from components.deprecation import DEPRECATED, Deprecation, mark, problems, used
from components.deprecation_notes import Notes, tell_deprecated
from components.packaged import PACKAGED, package_schema
from components.version import VERSION

SCHEMA = package_schema()
TABLE = {
    ("Example", "old_size"): Deprecation("0.2.0", "write new_size"),
    ("Wish", "typical_tokens"): Deprecation("0.2.0", "write typical_answer_tokens"),
}


class Example:
    """Stands for a component: none of the package has a deprecated argument at present."""


@pytest.mark.parametrize(
    ("version", "over"), [("0.1.9", False), ("0.2.0", False), ("0.2.9", False), ("0.3.0", True), ("1.0.0", True)]
)
def test_a_deprecated_argument_lives_for_one_minor_version(version: str, over: bool) -> None:
    table = {("CloudRunModel", "callers"): Deprecation("0.2.0", "write nothing")}
    found = problems(SCHEMA, version, table)
    assert bool(found) is over
    if over:
        assert found == ["CloudRunModel.callers is deprecated since 0.2.0 and has had its minor version; remove it"]


def test_an_entry_about_an_argument_that_is_gone_is_found() -> None:
    (found,) = problems(SCHEMA, "0.2.0", {("CloudRunModel", "colour"): Deprecation("0.2.0", "write nothing")})
    assert found == "CloudRunModel has no argument colour; take it out of components/deprecation.py"


def test_the_committed_table_is_in_order_for_the_version_of_the_tree() -> None:
    assert problems(SCHEMA, VERSION, DEPRECATED) == []
    assert all(Version.is_valid(entry.since) for entry in DEPRECATED.values())


def test_the_schema_says_what_is_deprecated_in_the_names_of_callers() -> None:
    schema = copy.deepcopy(SCHEMA)
    mark(schema, TABLE)
    field = schema["types"]["gemma-platform:index:Wish"]["properties"]["typicalTokens"]
    assert field["deprecationMessage"] == (
        "typicalTokens is deprecated since 0.2.0 and goes after 0.2.x; write typicalAnswerTokens"
    )
    del field["deprecationMessage"]
    assert schema == SCHEMA


def test_whoever_uses_a_deprecated_argument_is_told_also_inside_a_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    monkeypatch.setattr(Notes, "spelt", str)
    tell_deprecated(Example, {"old_size": 1, "wish": {"typical_tokens": 2, "model": "m"}}, TABLE)
    assert told == [
        "Example: old_size is deprecated since 0.2.0 and goes after 0.2.x; write new_size",
        "Example: typical_tokens is deprecated since 0.2.0 and goes after 0.2.x; write typical_answer_tokens",
    ]
    tell_deprecated(Example, {"new_size": 1}, TABLE)
    assert len(told) == 2
    assert used("Example", ["new_size"], TABLE) == []


@pytest.mark.parametrize("component", PACKAGED, ids=lambda each: each.__name__)
def test_every_component_of_the_package_tells(component: type, monkeypatch: pytest.MonkeyPatch) -> None:
    class ToldError(Exception):
        pass

    def tell(told: type, args: object) -> None:
        assert (told, args) == (component, {})
        raise ToldError

    monkeypatch.setattr(sys.modules[component.__module__], "tell_deprecated", tell)
    with pytest.raises(ToldError):
        component("one", {})
