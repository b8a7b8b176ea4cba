"""Kyverno and what it judges by: namespaces that are left out, order, and manifests that would judge nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pulumi
import pytest

from components.kubernetes import (
    authorization_service,
    cert_manager,
    keda,
    knative_serving,
    kourier_gateway,
    kserve,
    kyverno,
)
from components.kubernetes.controllers import RESTRICTED
from components.kubernetes.governance import Governance, GovernanceArgs
from components.kubernetes.kyverno import Kyverno, KyvernoArgs, make_values
from components.kubernetes.team_network import COLLECTOR
from components.kubernetes.versions import KYVERNO
from tests.unit.components.registering import Program, registered
from tests.unit.components.serving import NAMESPACE, RELEASE
from tests.unit.components.test_team import LABELS

POLICY = "kubernetes:policies.kyverno.io/v1:ValidatingPolicy"
EXCEPTION = "kubernetes:policies.kyverno.io/v1:PolicyException"


def judged(namespace: str) -> bool:
    """True when Kyverno is asked about what happens in the namespace."""
    (requirement,) = make_values(True, {})["config"]["webhooks"]["namespaceSelector"]["matchExpressions"]
    # a label that every namespace has and nobody can change
    assert (requirement["key"], requirement["operator"]) == ("kubernetes.io/metadata.name", "NotIn")
    return namespace not in requirement["values"]


def manifest(kind: str, name: str, **changes: Any) -> dict[str, Any]:
    made = {"apiVersion": "policies.kyverno.io/v1", "kind": kind, "metadata": {"name": name, "labels": LABELS}}
    return {**made, "spec": {"of": name}, **changes}


POLICIES = [manifest("ValidatingPolicy", "labels"), manifest("ValidatingPolicy", "images")]
EXCEPTIONS = [manifest("PolicyException", "labels")]


def governance(**changes: Any) -> Governance:
    given: dict[str, Any] = {"namespace": "kyverno", "policies": POLICIES, "exceptions": EXCEPTIONS}
    return Governance("rules", GovernanceArgs(**{**given, **changes}))


def both(preview: bool = False) -> Program:
    def build() -> Governance:
        installed = Kyverno("kyverno", KyvernoArgs(high_availability=False, labels=LABELS))
        args = GovernanceArgs(namespace=installed.namespace, policies=POLICIES, exceptions=EXCEPTIONS)
        return Governance("rules", args, pulumi.ResourceOptions(depends_on=[installed]))

    return registered(build, preview)


def test_kyverno_is_installed_into_a_namespace_of_harmless_pods() -> None:
    program = registered(lambda: Kyverno("kyverno", KyvernoArgs(high_availability=False, labels=LABELS)))
    assert program.one(NAMESPACE).inputs["metadata"] == {"name": "kyverno", "labels": {**LABELS, **RESTRICTED}}
    release = program.one(RELEASE).inputs
    assert (release["chart"], release["version"], release["namespace"]) == ("kyverno", KYVERNO.version, "kyverno")
    assert program.outputs == {"namespace": "kyverno"}


@pytest.mark.parametrize(
    "namespace",
    [
        "kube-system",
        authorization_service.NAMESPACE,
        cert_manager.NAMESPACE,
        keda.NAMESPACE,
        knative_serving.NAMESPACE,
        knative_serving.OPERATOR_NAMESPACE,
        kserve.NAMESPACE,
        kourier_gateway.NAMESPACE,
        COLLECTOR[0],
        "kourier-system",
        "opencost",
        "monitoring",
        "gmp-public",
        "gke-managed-system",
        "gke-managed-cim",
    ],
)
def test_what_must_work_while_kyverno_is_down_does_not_ask_it(namespace: str) -> None:
    assert not judged(namespace)


def test_namespaces_of_teams_and_all_others_are_judged() -> None:
    assert judged("team-a")
    assert judged("default")


def test_what_is_never_judged_is_not_scanned_for_reports_either() -> None:
    values = make_values(False, {})
    (never,) = values["config"]["webhooks"]["namespaceSelector"]["matchExpressions"]
    assert values["config"]["resourceFiltersIncludeNamespaces"] == never["values"]
    # else the scan takes no notice of them
    assert values["features"]["backgroundScan"] == {"skipResourceFilters": False}


def test_exceptions_count_in_kyvernos_own_namespace_alone() -> None:
    assert make_values(False, {})["features"]["policyExceptions"] == {"enabled": True, "namespace": kyverno.NAMESPACE}


def test_with_high_availability_one_of_three_may_go() -> None:
    controller = make_values(True, {})["admissionController"]
    assert (controller["replicas"], controller["podDisruptionBudget"]) == (3, {"minAvailable": 2})
    assert "replicas" not in make_values(False, {})["admissionController"]


def test_a_mirror_without_its_registry_is_refused_before_anything_is_registered() -> None:
    mirror: Any = {"images": {"docker.io": "us-central1-docker.pkg.dev/p/hub"}}
    with pytest.raises(ValueError, match=r"ghcr\.io, which has no mirror"):
        Kyverno("kyverno", KyvernoArgs(high_availability=False, mirror=mirror, labels=LABELS))


def test_policies_and_exceptions_are_declared_as_they_are_given() -> None:
    program = registered(governance)
    for kind, given in ((POLICY, POLICIES), (EXCEPTION, EXCEPTIONS)):
        declared = {resource.inputs["metadata"]["name"]: resource.inputs for resource in program.of(kind)}
        assert declared.keys() == {one["metadata"]["name"] for one in given}
        for one in given:
            inputs = declared[one["metadata"]["name"]]
            assert inputs["spec"] == one["spec"]
            assert inputs["metadata"].items() >= one["metadata"].items()
    assert program.one(EXCEPTION).inputs["metadata"]["namespace"] == "kyverno"
    assert program.outputs == {"policy_names": ["labels", "images"]}


def test_kyverno_comes_first_then_exceptions_then_policies() -> None:
    program = both()
    types = [resource.type for resource in program.resources if resource.type in (RELEASE, EXCEPTION, POLICY)]
    assert types == [RELEASE, EXCEPTION, POLICY, POLICY]
    (component,) = [one for one in program.resources if one.type.endswith(":Governance")]
    # by this the engine takes down in reverse
    assert any(urn.endswith("helm.sh/v3:Release::kyverno") for urn in component.dependencies)
    for policy in program.of(POLICY):
        assert any(urn.endswith("PolicyException::rules-labels") for urn in policy.dependencies)
    assert all(earlier.name != later.name for earlier, later in pairwise(program.of(POLICY)))


def test_a_preview_registers_the_same() -> None:
    seen = [[(one.type, one.name) for one in both(preview).resources] for preview in (True, False)]
    assert sorted(seen[0]) == sorted(seen[1])


@pytest.mark.parametrize(
    "wrong",
    [
        manifest("ClusterPolicy", "labels", apiVersion="kyverno.io/v1"),
        manifest("ValidatingPolicy", "labels", apiVersion="policies.kyverno.io/v1alpha1"),
        manifest("ValidatingPolicies", "labels"),
        manifest("PolicyException", "labels"),
    ],
    ids=lambda one: f"{one['apiVersion']} {one['kind']}",
)
def test_what_is_no_policy_is_refused_before_anything_is_registered(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"allowed there: policies\.kyverno\.io/v1 ValidatingPolicy"):
        governance(policies=[wrong])


def test_two_policies_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two manifests of ValidatingPolicy are called 'labels'"):
        governance(policies=[POLICIES[0], POLICIES[0]])


def test_no_exceptions_are_needed() -> None:
    assert [one.type for one in registered(lambda: governance(exceptions=[])).of(POLICY)] == [POLICY, POLICY]
