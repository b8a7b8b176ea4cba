"""That kubeconform with these schemas refuses what is wrong, for each family of kinds, and says where."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes_api.kubeconform import Finding, validate, validate_each
from tests.kubernetes_api.schemas import known_kinds

pytestmark = pytest.mark.tools

EXAMPLES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "examples.yaml").read_text(encoding="utf-8")
)

#: Family, object that gets a field that its kind does not have, and a field that gets a value which its kind does not take.
FAULTS: list[tuple[str, str, str, object]] = [
    ("apps", "spec.template.spec.containers.0", "spec.replicas", "2"),
    ("kserve", "spec.predictor.containers.0.readinessProbe.httpGet", "spec.predictor.minReplicas", "one"),
    ("kserve", "spec.predictor", "spec.predictor.containers.0.resources", {"limits": {"memory": "24 GB"}}),
    ("knative", "spec.ingress.kourier", "spec.config.network", "kourier"),
    ("knative-service", "spec.template.spec.containers.0", "spec.template.spec.containerConcurrency", "8"),
    ("cert-manager", "spec.issuerRef", "spec.privateKey.algorithm", "DSA"),
    ("keda", "spec.triggers.0.authenticationRef", "spec.triggers.0.metadata.threshold", 12),
    ("kyverno", "spec.matchConstraints.resourceRules.0", "spec.validationActions", "Deny"),
    ("gateway", "spec.rules.0.backendRefs.0", "spec.rules.0.backendRefs.0.port", 70000),
    ("prometheus", "spec.endpoints.0", "spec.endpoints.0.interval", 30),
    ("secrets-store", "spec", "spec.parameters", ["secrets"]),
    ("gke-nodes", "spec.priorities.0", "spec.whenUnsatisfiable", "Wait"),
    ("gke-gateway", "spec.default.config.httpHealthCheck", "spec.default.checkIntervalSec", 301),
]


def with_value(family: str, place: str, value: object) -> dict[str, Any]:
    """A family's example with another value at a place such as `spec.rules.0.name`."""
    changed: Any = copy.deepcopy(EXAMPLES[family])
    *outer, last = place.split(".")
    here = changed
    for step in outer:
        here = here[int(step) if step.isdecimal() else step]
    here[last] = value
    return changed


#: What is tried, by name: all of it in one run of kubeconform, which reads each schema once then.
TRIED: dict[str, dict[str, Any]] = {
    **{f"{family} as it is": example for family, example in EXAMPLES.items()},
    **{
        f"{family} with a field in {place}": with_value(family, f"{place}.mistyped", "x")
        for family, place, *_ in FAULTS
    },
    **{f"{family} with another {place}": with_value(family, place, value) for family, _, place, value in FAULTS},
    **{f"{family} of another kind": {**one, "kind": f"{one['kind']}Set"} for family, one in EXAMPLES.items()},
    **{
        f"{family} of another version": {**one, "apiVersion": f"{one['apiVersion'].partition('/')[0]}/v9"}
        for family, one in EXAMPLES.items()
    },
}


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Finding]]:
    """What kubeconform finds in each."""
    return dict(zip(TRIED, validate_each(list(TRIED.values())), strict=True))


@pytest.mark.parametrize("family", EXAMPLES)
def test_an_example_of_each_family_is_accepted(findings: dict[str, list[Finding]], family: str) -> None:
    assert findings[f"{family} as it is"] == []


@pytest.mark.parametrize(("family", "place"), [row[:2] for row in FAULTS])
def test_a_field_that_the_kind_does_not_have_fails(findings: dict[str, list[Finding]], family: str, place: str) -> None:
    (found,) = findings[f"{family} with a field in {place}"]
    assert found.path == f"/{place.replace('.', '/')}"
    assert found.reason == "additional properties 'mistyped' not allowed"


@pytest.mark.parametrize(("family", "place"), [(family, place) for family, _, place, _ in FAULTS])
def test_a_value_of_another_type_or_out_of_range_fails(
    findings: dict[str, list[Finding]], family: str, place: str
) -> None:
    found = findings[f"{family} with another {place}"]
    assert found
    assert all(one.path.startswith(f"/{place.replace('.', '/')}") for one in found), found


@pytest.mark.parametrize("family", EXAMPLES)
def test_a_kind_or_version_that_the_group_does_not_have_fails(findings: dict[str, list[Finding]], family: str) -> None:
    kind = EXAMPLES[family]["kind"]
    (of_another_kind,), (of_another_version,) = (
        findings[f"{family} of another kind"],
        findings[f"{family} of another version"],
    )
    assert of_another_kind.reason == f"could not find schema for {kind}Set"
    assert of_another_version.reason == f"could not find schema for {kind}"


def test_every_family_is_broken_here() -> None:
    assert {family for family, *_ in FAULTS} == set(EXAMPLES)


def test_metadata_is_checked_for_custom_kinds_too() -> None:
    (found,) = validate([with_value("keda", "metadata.labels", {"replicas": 2})])
    assert (found.path, found.who) == (
        "/metadata/labels/replicas",
        "keda.sh/v1alpha1 ScaledObject team-payments/assistant",
    )


def test_kubeconform_can_read_the_schema_of_every_kind() -> None:
    kinds = known_kinds()
    assert len(kinds) > 300
    reasons = [found.reason for found in validate([{"apiVersion": version, "kind": kind} for version, kind in kinds])]
    assert not [reason for reason in reasons if "could not find schema" in reason]
