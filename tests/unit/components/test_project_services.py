"""What ProjectServices enables and never disables. Whether Google accepts it is for a real project to show."""

from __future__ import annotations

import pytest

from components.google.project_services import (
    ALWAYS,
    WITH_FEATURE,
    Feature,
    ProjectServices,
    ProjectServicesArgs,
    services_needed,
)
from tests.unit.components.registering import previews_the_same, register


def services(*names: str) -> ProjectServicesArgs:
    return ProjectServicesArgs(project="p", services=list(names))


def test_every_api_is_enabled_and_none_is_ever_disabled() -> None:
    wanted = services_needed(list(Feature))
    program = register(lambda: ProjectServices("services", services(*wanted)))
    enabled = program.of("gcp:projects/service:Service")
    assert sorted(resource.inputs["service"] for resource in enabled) == wanted
    for resource in enabled:
        assert resource.inputs["project"] == "p"
        assert resource.inputs["disableOnDestroy"] is False
        assert resource.inputs["disableDependentServices"] is False
    assert program.outputs["enabled"] == wanted


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: ProjectServices("services", services("run.googleapis.com")))


def test_without_a_feature_only_what_every_stack_needs_is_enabled() -> None:
    assert services_needed() == [f"{name}.googleapis.com" for name in sorted(ALWAYS)]
    assert {"compute.googleapis.com", "container.googleapis.com", "sts.googleapis.com"} <= set(services_needed())
    assert "cloudkms.googleapis.com" not in services_needed()


@pytest.mark.parametrize(
    ("feature", "service"),
    [
        (Feature.ENCRYPTION_KEYS, "cloudkms.googleapis.com"),
        (Feature.BUDGETS, "billingbudgets.googleapis.com"),
        (Feature.QUOTA, "cloudquotas.googleapis.com"),
        (Feature.IMAGE_SCANNING, "containerscanning.googleapis.com"),
    ],
)
def test_a_feature_adds_its_own_api_and_no_other(feature: Feature, service: str) -> None:
    assert set(services_needed([feature])) - set(services_needed()) == {service}


def test_every_api_has_a_reason() -> None:
    assert set(WITH_FEATURE) == set(Feature)
    for reasons in (ALWAYS, *WITH_FEATURE.values()):
        assert all(reasons.values())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "is empty"),
        (["compute"], "write it as <name>.googleapis.com"),
        ([".googleapis.com"], "is no API"),
        (["run.googleapis.com", "run.googleapis.com"], "more than once: run.googleapis.com"),
    ],
)
def test_what_is_no_list_of_apis_is_refused_before_it_is_registered(names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProjectServices("services", services(*names))
