"""The admission policy that bounds those on call: valid, where it holds, and for whom."""

from __future__ import annotations

from components.kubernetes.on_call_guard import POLICY_NAME, OnCallGuard, OnCallGuardArgs, make_binding, make_policy
from components.kubernetes.team_namespace import namespace_labels
from components.kubernetes.team_roles import ON_CALL_RULES
from tests.unit.components.registering import register_objects
from tests.unit.components.test_team import LABELS
from tests.unit.components.test_team_network import selects

POLICY = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"


def test_policy_and_binding_are_valid_and_belong_together() -> None:
    program = register_objects(lambda: OnCallGuard("guard", OnCallGuardArgs(labels=LABELS)))
    policy, binding = program.one(POLICY), program.one(f"{POLICY}Binding")
    assert policy.inputs["metadata"] == {"name": POLICY_NAME, "labels": LABELS}
    assert binding.inputs["spec"]["policyName"] == POLICY_NAME
    # what the output promises holds only once the binding is there, and that comes after the policy
    assert any(dependency.endswith(f"{POLICY}::guard") for dependency in binding.dependencies)
    assert program.outputs == {"policy_name": POLICY_NAME}


def test_a_preview_does_not_know_yet_that_it_holds() -> None:
    program = register_objects(lambda: OnCallGuard("guard", OnCallGuardArgs(labels=LABELS)), preview=True)
    assert program.outputs.get("policy_name") != POLICY_NAME


def test_it_denies_and_holds_too_when_it_cannot_be_judged() -> None:
    assert make_policy()["failurePolicy"] == "Fail"
    assert "Deny" in make_binding()["validationActions"]


def test_it_holds_in_every_teams_namespace_and_in_no_other() -> None:
    selector = make_policy()["matchConstraints"]["namespaceSelector"]
    assert selects(selector, namespace_labels(LABELS, "baseline"))
    assert not selects(selector, LABELS)


def test_it_covers_all_that_those_on_call_may_change_but_the_deletion_of_pods() -> None:
    (covered,) = make_policy()["matchConstraints"]["resourceRules"]
    changing = {
        (group, resource, verb)
        for rule in ON_CALL_RULES
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert changing - {("", "pods", "delete")} == {
        (group, resource, "patch") for group in covered["apiGroups"] for resource in covered["resources"]
    }
    # a patch is judged as an update, of whatever version of the API
    assert (covered["operations"], covered["apiVersions"]) == (["UPDATE"], ["*"])


def test_whoever_may_update_is_left_alone() -> None:
    (condition,) = make_policy()["matchConditions"]
    assert condition["expression"] == "!authorizer.requestResource.check('update').allowed()"
    assert all("update" not in rule["verbs"] for rule in ON_CALL_RULES)
