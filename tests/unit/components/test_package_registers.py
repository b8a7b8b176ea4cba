"""Through the package each component registers the same as by its class: its arguments in another spelling, numbers as floats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pulumi
import pytest

from components.caller_terms import camel
from components.deprecation_notes import Notes
from components.kubernetes.inference_service import STANDARD
from components.packaged import PACKAGED, package_schema
from components.provider import PackageProvider
from tests.unit.components import (
    test_cloud_run_model,
    test_gemma_deployment,
    test_gpu_node_pool,
    test_model_bucket,
    test_team,
)
from tests.unit.components.models import model_of
from tests.unit.components.registering import Program, Registered, registered
from tests.unit.components.serving import stack_args
from tests.unit.components.test_package_wish import ON_CLOUD_RUN, ON_GKE
from tests.unit.sizing.test_placement import PAYMENTS

SCHEMA = package_schema()
LABELS = {"team": "platform"}
POLICY = {
    "apiVersion": "policies.kyverno.io/v1",
    "kind": "ValidatingPolicy",
    "metadata": {"name": "p"},
    "spec": {"a_b": 1},
}
GIVEN: dict[str, Mapping[str, Any]] = {
    "CloudRunModel": test_cloud_run_model.args(),
    "CostMonitoring": {
        "project": "p",
        "project_number": "123",
        "cluster_name": "gemma-dev",
        "prices": ",a,,node,metadata.labels.x,,1,\n",
        "rules": {"groups": []},
        "labels": LABELS,
    },
    "GemmaDeployment": test_gemma_deployment.args(model_of(PAYMENTS, STANDARD)),
    "Governance": {"namespace": "kyverno", "policies": [POLICY], "exceptions": []},
    "GpuNodePool": test_gpu_node_pool.pool_of(),
    "ModelBucket": test_model_bucket.args(retention_days=3, soft_delete_days=0),
    "ServingStack": stack_args(domain="models.example.com"),
    "Team": test_team.team(),
    "a CloudRunModel by a wish": ON_CLOUD_RUN,
    "a GemmaDeployment by a wish": ON_GKE,
}


def as_sent(value: Any, described: Mapping[str, Any]) -> Any:
    """A value as it arrives from a program in another language."""
    if isinstance(value, Mapping) and described.get("$ref", "").startswith("#/types/"):
        fields = SCHEMA["types"][described["$ref"].removeprefix("#/types/")]["properties"]
        return {camel(name): as_sent(each, fields[camel(name)]) for name, each in value.items()}
    if isinstance(value, Mapping):
        return {name: as_sent(each, described.get("additionalProperties", {})) for name, each in value.items()}
    if isinstance(value, list):
        return [as_sent(each, described.get("items", {})) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def of_class(component: type, args: Mapping[str, Any]) -> Program:
    return registered(lambda: component("one", dict(args)))


@cache
def provider() -> PackageProvider:
    return PackageProvider()


def of_package(component: type, args: Mapping[str, Any]) -> Program:
    token = f"gemma-platform:index:{component.__name__}"
    fields = SCHEMA["resources"][token]["inputProperties"]
    sent: pulumi.Inputs = {camel(name): as_sent(value, fields[camel(name)]) for name, value in args.items()}
    return registered(lambda: provider().construct("one", token, sent))  # type: ignore[arg-type, return-value]


def in_order(program: Program) -> list[Registered]:
    """What was registered, by name: Pulumi sends resources, and what one depends on, in no order."""
    sent = [replace(each, dependencies=tuple(sorted(each.dependencies))) for each in program.resources]
    return sorted(sent, key=lambda each: (each.type, each.name))


@pytest.mark.parametrize("name", GIVEN)
def test_a_component_is_the_same_through_the_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Notes, "spelt", str)
    component = next(each for each in PACKAGED if each.__name__ in name)
    expected, found = of_class(component, GIVEN[name]), of_package(component, GIVEN[name])
    assert len(expected.resources) > 1
    assert in_order(found) == in_order(expected)
    assert found.outputs == expected.outputs


def test_every_component_of_the_package_is_tried() -> None:
    assert {each.__name__ for each in PACKAGED} <= set(GIVEN)
