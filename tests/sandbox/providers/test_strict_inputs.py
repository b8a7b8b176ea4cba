"""Inputs are held against the SDK's own argument classes, down to the leaves."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.gcp.types import RESOURCE_TYPES
from sandbox.providers.sdk_arguments import arguments_of
from sandbox.providers.strict_inputs import failures
from tests.sandbox.providers.examples import BUCKET, GOOGLE, NETWORK, POOL, RUN, changed


def of(token: str, inputs: dict[str, Any]) -> dict[str, str]:
    """Reason by path."""
    arguments = arguments_of(token)
    assert arguments is not None
    return dict(failures(arguments, inputs))


def test_every_type_of_the_tables_has_an_example_and_passes_with_it() -> None:
    assert set(GOOGLE) == set(RESOURCE_TYPES)
    assert {token: of(token, inputs) for token, inputs in GOOGLE.items()} == {token: {} for token in GOOGLE}


def test_a_misspelt_nested_name_is_refused_at_its_path_with_the_right_name() -> None:
    rules = [{"action": {"type": "Delete"}, "conditon": {"age": 3}}]
    found = of(BUCKET, changed(GOOGLE[BUCKET], "lifecycleRules", rules))
    assert "did you mean 'condition'?" in found["lifecycleRules[0].conditon"]
    deep = of(
        POOL, changed(GOOGLE[POOL], "nodeConfig.guestAccelerators.0.gpuDriverInstallationConfig", {"version": "L"})
    )
    assert list(deep) == [
        "nodeConfig.guestAccelerators[0].gpuDriverInstallationConfig.version",
        "nodeConfig.guestAccelerators[0].gpuDriverInstallationConfig.gpuDriverVersion",
    ]


@pytest.mark.parametrize(
    ("token", "path", "value", "at", "reason"),
    [
        (NETWORK, "autoCreateSubnetworks", "no", "autoCreateSubnetworks", "must be true or false, found text"),
        (
            POOL,
            "autoscaling.totalMaxNodeCount",
            "2",
            "autoscaling.totalMaxNodeCount",
            "must be a whole number, found text",
        ),
        (POOL, "autoscaling.totalMaxNodeCount", 1.5, "autoscaling.totalMaxNodeCount", "must be a whole number"),
        (POOL, "autoscaling.totalMaxNodeCount", True, "autoscaling.totalMaxNodeCount", "found true or false"),
        (POOL, "nodeConfig.machineType", 24, "nodeConfig.machineType", "must be text, found a number"),
        (POOL, "nodeLocations", "us-central1-a", "nodeLocations", "must be a list, found text"),
        (POOL, "nodeLocations", [1], "nodeLocations[0]", "must be text"),
        (BUCKET, "labels", ["ml"], "labels", "must be a map, found a list"),
        (BUCKET, "labels", {"team": 1}, "labels.team", "must be text"),
        (POOL, "nodeConfig", "g2", "nodeConfig", "must be an object (NodePoolNodeConfigArgs), found text"),
    ],
)
def test_a_wrong_type_is_refused_at_its_path(token: str, path: str, value: Any, at: str, reason: str) -> None:
    found = of(token, changed(GOOGLE[token], path, value))
    assert list(found) == [at]
    assert reason in found[at]


def test_no_message_repeats_the_value_since_it_may_be_a_secret() -> None:
    found = of(POOL, changed(GOOGLE[POOL], "autoscaling.totalMaxNodeCount", "hunter2"))
    assert found
    assert "hunter2" not in str(found)


def test_missing_required_arguments_are_named_at_the_top_and_inside() -> None:
    assert "is missing" in of(BUCKET, changed(GOOGLE[BUCKET], "location", None))["location"]
    assert (
        "is missing"
        in of(POOL, changed(GOOGLE[POOL], "nodeConfig.taints.0.effect", None))["nodeConfig.taints[0].effect"]
    )


def test_unknown_values_pass_and_what_stands_beside_them_is_checked() -> None:
    inputs = changed(GOOGLE[RUN], "template.containers.0.resources", UNKNOWN)
    assert of(RUN, inputs) == {}
    found = of(RUN, changed(inputs, "template.containers.0.imagee", "x"))
    assert list(found) == ["template.containers[0].imagee"]
    assert of(RUN, changed(GOOGLE[RUN], "template", UNKNOWN)) == {}


def test_pulumis_own_bookkeeping_passes() -> None:
    assert of(BUCKET, {**GOOGLE[BUCKET], "__defaults": ["name"]}) == {}


def test_a_token_that_the_sdk_does_not_have_has_no_class() -> None:
    assert arguments_of("gcp:storage/bucket:Buckets") is None
    assert arguments_of("gcp:nowhere/thing:Thing") is None
