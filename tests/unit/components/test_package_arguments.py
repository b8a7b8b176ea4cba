"""What the package does with arguments before a component sees them: every kind of mistake is told by path, in callers' names."""

from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi.errors import InputPropertiesError

from components.caller_terms import camel, in_callers_terms, names_in
from components.deprecation_notes import Notes
from components.form_problems import field_name
from components.given_arguments import problems_in, whole_numbers
from components.packaged import package_schema
from components.provider import PackageProvider

SCHEMA = package_schema()
DEPLOYMENT = SCHEMA["resources"]["gemma-platform:index:GemmaDeployment"]
RIGHT: dict[str, Any] = {
    "name": "summaries",
    "namespaceName": "team-search",
    "serviceAccount": "models",
    "pool": "g2-standard-12-spot",
    "bucketName": "example-search-models",
    "nodes": {"region": "us-central1", "zones": ["us-central1-a"], "machineType": "g2-standard-12"},
    "ownership": {"team": "search", "owner": "search-ml", "costCenter": "cc-7"},
    "wish": {"model": "gemma-4-e4b-it", "contextTokens": 8192.0, "peakConcurrentRequests": 4.0},
}


class Known:
    """Stands for what another resource gives: nothing that is known when arguments are checked."""


def problems(**changes: Any) -> dict[str, str]:
    given = {**RIGHT, **changes}
    return {field_name(each.path): each.message for each in problems_in(given, DEPLOYMENT, SCHEMA["types"])}


def test_right_arguments_have_no_problem_and_what_is_not_plain_may_come_from_other_resources() -> None:
    assert problems() == {}
    assert problems(serviceAccount=Known(), namespace=Known()) == {}


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"wishes": {}}, "wishes", "unknown argument; did you mean 'wish'?"),
        ({"wish": {**RIGHT["wish"], "contextTokenz": 1}}, "wish.contextTokenz", "did you mean 'contextTokens'?"),
        ({"wish": {"model": "m", "contextTokens": 1}}, "wish.peakConcurrentRequests", "is missing"),
        ({"pool": None}, "pool", "is missing"),
        ({"pool": Known()}, "pool", "must be a plain value"),
        (
            {"wish": {**RIGHT["wish"], "contextTokens": "many"}},
            "wish.contextTokens",
            "found 'many'; allowed: a whole number",
        ),
        ({"wish": {**RIGHT["wish"], "contextTokens": 0.5}}, "wish.contextTokens", "found 0.5; allowed: a whole number"),
        (
            {"wish": {**RIGHT["wish"], "contextTokens": True}},
            "wish.contextTokens",
            "found True; allowed: a whole number",
        ),
        ({"wish": {**RIGHT["wish"], "tokensPerSecond": "fast"}}, "wish.tokensPerSecond", "allowed: a number"),
        ({"wish": {**RIGHT["wish"], "scaleToZero": "yes"}}, "wish.scaleToZero", "allowed: true or false"),
        ({"wish": {**RIGHT["wish"], "inputs": "text"}}, "wish.inputs", "found 'text'; allowed: a list"),
        ({"wish": {**RIGHT["wish"], "inputs": ["text", 3]}}, "wish.inputs[1]", "found 3; allowed: text"),
        ({"wish": {**RIGHT["wish"], "maxItems": {"image": "two"}}}, "wish.maxItems.image", "allowed: a whole number"),
        ({"wish": {**RIGHT["wish"], "maxItems": 2}}, "wish.maxItems", "allowed: a map"),
        ({"wish": {**RIGHT["wish"], "adapters": [{"name": "a"}]}}, "wish.adapters[0].rank", "is missing"),
        ({"wish": "gemma-4-e4b-it"}, "wish", "allowed: an object with model, contextTokens"),
    ],
)
def test_a_wrong_argument_is_told_by_its_path(changes: dict[str, Any], path: str, says: str) -> None:
    found = problems(**changes)
    assert says in found[path]


def test_all_mistakes_are_told_at_once() -> None:
    assert set(problems(pool=None, colour="red", wish={"model": 4})) == {
        "pool",
        "colour",
        "wish.model",
        "wish.contextTokens",
        "wish.peakConcurrentRequests",
    }


def test_whole_numbers_are_whole_again_and_nothing_else_changes() -> None:
    known = Known()
    given = {"a": 3.0, "b": 0.5, "c": [{"d": 2.0}], "e": True, "f": "3.0", "g": known}
    assert whole_numbers(given) == {"a": 3, "b": 0.5, "c": [{"d": 2}], "e": True, "f": "3.0", "g": known}
    assert isinstance(whole_numbers(given)["a"], int)
    assert whole_numbers({"e": True})["e"] is True


def test_names_are_spelt_as_the_schema_has_them_and_other_words_stay() -> None:
    names = names_in(SCHEMA)
    assert {"contextTokens", "bucketName", "baseUrl", "expectedUsdPerMonth"} <= names
    assert in_callers_terms("context_tokens of gs://my_bucket/x_y, bucket_name", names) == (
        "contextTokens of gs://my_bucket/x_y, bucketName"
    )
    assert camel("first_token_ms") == "firstTokenMs"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> PackageProvider:
    monkeypatch.setattr(Notes, "spelt", str)  # a provider sets it for its process
    return made()


@cache
def made() -> PackageProvider:
    return PackageProvider()


def refusal(provider: PackageProvider, component: str, given: pulumi.Inputs) -> dict[str, str]:
    with pytest.raises(InputPropertiesError) as refused:
        provider.construct("one", f"gemma-platform:index:{component}", given)
    assert refused.value.message == "one: wrong arguments; nothing of it was registered"
    return {each["property_path"]: each["reason"] for each in refused.value.errors or []}


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"bucketName": None}, "bucketName", "is missing; a wish needs it"),
        ({"wish": None}, "bucketName", "has no meaning without wish"),
        ({"usdPerMonth": 3}, "usdPerMonth", "unknown argument"),
        ({"wish": {**RIGHT["wish"], "contextTokens": 999999.0}}, "wish.contextTokens", "maximum of 131072"),
        (
            {"wish": {**RIGHT["wish"], "typicalTokens": 9000.0}},
            "wish",
            "typicalTokens 9000 is above contextTokens 8192",
        ),
        ({"nodes": {**RIGHT["nodes"], "machineType": "g2-standard-13"}}, "nodes.machineType", "did you mean"),
        ({"name": "a-name-with-more-than-20-characters"}, "name", "should match pattern"),
    ],
)
def test_what_a_component_refuses_is_told_to_programs_in_other_languages(
    provider: PackageProvider, changes: dict[str, Any], path: str, says: str
) -> None:
    given = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    assert says in refusal(provider, "GemmaDeployment", given)[path]


def test_what_a_component_refuses_as_a_whole_has_no_path_but_callers_names(provider: PackageProvider) -> None:
    pool = {
        "name": "p",
        "clusterName": "c",
        "location": "us-central1",
        "nodeLocations": ["us-central1-a"],
        "machineType": "g2-standard-4",
        "accelerator": "nvidia-l4",
        "acceleratorCount": 2.0,
        "maxNodes": 1.0,
        "purchaseOption": "spot",
        "bootDiskType": "pd-balanced",
        "serviceAccount": "s",
        "labels": {},
        "nodeLabels": {},
    }
    (reason,) = refusal(provider, "GpuNodePool", pool).values()
    assert "acceleratorCount is 2" in reason
