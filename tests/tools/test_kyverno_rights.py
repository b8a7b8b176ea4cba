"""What Kyverno's controllers may read, by the chart with our values: all that policies look up, and all that they report on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.kubernetes.versions import KYVERNO
from policy.admission.manifests import validating_policies
from policy.rules import RULES
from policy.rules.rule import Context
from sandbox.upstream.helm import rendered
from tests.tools.charts.cases import case_of
from tests.tools.charts.objects import of_kind

pytestmark = pytest.mark.tools

Right = tuple[str, str]

#: What Kubernetes' own role `view` shows, of what is asked for here (kubernetes 1.35
#: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, viewRules and the core rules of system:aggregate-to-view).
VIEW: set[Right] = {
    ("", "configmaps"),
    ("", "namespaces"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("", "resourcequotas"),
    ("", "services"),
    ("networking.k8s.io", "ingresses"),
    ("networking.k8s.io", "networkpolicies"),
}
#: Purchase options are named so that ComputeClasses are judged too.
POLICIES = validating_policies(RULES, Context(purchase_options=frozenset({"spot"})), {})


def readable(controller: str, high_availability: bool) -> set[Right]:
    """What a controller may get by the roles that the chart gives it."""
    case = case_of(KYVERNO)
    objects = rendered(case.chart, case.large if high_availability else case.small, case.namespace)
    roles = {one["metadata"]["name"]: one for one in of_kind(objects, "ClusterRole")}
    account = f"kyverno-{controller}"
    bound = {
        binding["roleRef"]["name"]
        for binding in of_kind(objects, "ClusterRoleBinding")
        if account in [subject["name"] for subject in binding["subjects"]]
    }
    own = [roles[name] for name in bound if name in roles]
    selected = [role for one in own for role in aggregated(one, list(roles.values()))]
    found = {
        (group, resource)
        for role in (*own, *selected)
        for rule in role.get("rules") or ()
        if {"get", "list"} <= set(rule["verbs"])
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    return found | (VIEW if "view" in bound else set())


def aggregated(role: dict[str, Any], roles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The roles that one gathers by their labels."""
    selectors = [one["matchLabels"] for one in role.get("aggregationRule", {}).get("clusterRoleSelectors", ())]
    return [
        one
        for one in roles
        if any(selector.items() <= one["metadata"].get("labels", {}).items() for selector in selectors)
    ]


def looked_up() -> set[Right]:
    """What policies read beside the object that they judge."""
    calls = re.findall(r'resource\.(?:get|list)\("([^"]+)", "([^"]+)"', str(POLICIES))
    return {(version.rpartition("/")[0], plural) for version, plural in calls}


def judged() -> set[Right]:
    """What policies judge, subresources too: Kyverno wants the right to each before it calls the policy ready."""
    return {
        (group, plural)
        for policy in POLICIES
        for rule in policy["spec"]["matchConstraints"]["resourceRules"]
        for group in rule["apiGroups"]
        for plural in rule["resources"]
    }


@pytest.mark.parametrize("high_availability", [False, True])
def test_controllers_may_read_what_policies_look_up_and_report_on(high_availability: bool) -> None:
    assert looked_up() == {("", "configmaps"), ("", "resourcequotas"), ("networking.k8s.io", "networkpolicies")}
    assert {("cloud.google.com", "computeclasses"), ("", "pods/ephemeralcontainers")} <= judged()
    assert looked_up() - readable("admission-controller", high_availability) == set()
    assert (looked_up() | judged()) - readable("reports-controller", high_availability) == set()


def test_what_a_controller_may_not_read_is_found() -> None:
    assert ("", "secrets") not in readable("admission-controller", True)
    assert ("cloud.google.com", "computeclasses") not in readable("admission-controller", True)
