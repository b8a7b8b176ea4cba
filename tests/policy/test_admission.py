"""The rules as Kyverno gets them, as far as it can be told without Kyverno: tests/tools/test_kyverno.py asks it itself."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.team_namespace import TEAM_LABEL
from policy.admission.manifests import (
    NOT_A_TRIAL,
    NOT_BEING_DELETED,
    NOT_BEING_STOPPED,
    POD_CONTROLLERS,
    RULE_LABEL,
    validating_policies,
    validating_policy,
)
from policy.rules import RULES
from policy.rules.rule import AdmissionPolicy, Context, Rule, Validation
from tests.policy.examples import AT_ADMISSION, admission_examples, differs

LABELS = {"team": "platform", "cost-center": "cc-1"}
CONTEXT = Context()
MANIFESTS = validating_policies(RULES, CONTEXT, LABELS)

PODS = AdmissionPolicy("pods", (("", "v1", "pods"),), (Validation("true", "never"),))
MODELS = replace(PODS, name="models", resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),))


def rule_of(*policies: AdmissionPolicy, **changes: Any) -> Rule:
    rule = Rule(
        id="some-rule",
        title="A title",
        why="there is a reason",
        fix="there is a way",
        severity="high",
        applies=lambda _: True,
        check=lambda *_: [],
        admission=lambda _: policies,
    )
    return replace(rule, **changes)


def made(policy: AdmissionPolicy, context: Context = CONTEXT, **changes: Any) -> dict[str, Any]:
    return validating_policy(rule_of(policy, **changes), policy, context, LABELS)


def conditions(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["name"], one["expression"]) for one in manifest["spec"]["matchConditions"]]


def on_pods(manifest: dict[str, Any]) -> bool:
    rules = manifest["spec"]["matchConstraints"]["resourceRules"]
    return any(plural.partition("/")[0] == "pods" for rule in rules for plural in rule["resources"])


def test_there_are_policies() -> None:
    assert {one["metadata"]["labels"][RULE_LABEL] for one in MANIFESTS} == {rule.id for rule in AT_ADMISSION}
    assert any(on_pods(one) for one in MANIFESTS)


@pytest.mark.parametrize("rule", AT_ADMISSION, ids=lambda rule: rule.id)
class TestEveryRuleOfAdmission:
    def test_has_examples_that_pass_and_more_that_do_not(self, rule: Rule) -> None:
        examples = admission_examples(rule)
        assert len([one for one in examples if one.denied is None]) >= 2
        assert len([one for one in examples if one.denied is not None]) >= 3

    def test_judges_them_as_they_say_at_a_preview_too(self, rule: Rule) -> None:
        assert [found for one in admission_examples(rule) if (found := differs(rule, one))] == []

    def test_says_something_about_each_policy(self, rule: Rule) -> None:
        for policy in rule.admission(CONTEXT):
            assert policy.validations, policy.name
            for validation in policy.validations:
                assert validation.message.strip(), policy.name


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["metadata"]["name"])
class TestEveryPolicy:
    def test_is_of_the_kind_that_kyverno_keeps(self, manifest: dict[str, Any]) -> None:
        assert (manifest["apiVersion"], manifest["kind"]) == ("policies.kyverno.io/v1", "ValidatingPolicy")

    def test_refuses_when_it_cannot_judge(self, manifest: dict[str, Any]) -> None:
        assert manifest["spec"]["failurePolicy"] == "Fail"

    def test_judges_pods_alone_or_not_at_all(self, manifest: dict[str, Any]) -> None:
        """One on pods and InferenceServices would judge no controllers, and nobody would notice."""
        rules = manifest["spec"]["matchConstraints"]["resourceRules"]
        if on_pods(manifest):
            assert [rule["apiGroups"] for rule in rules] == [[""]]
            assert all(plural.partition("/")[0] == "pods" for plural in rules[0]["resources"])

    def test_lets_trials_of_pods_through_and_names_none_in_its_messages(self, manifest: dict[str, Any]) -> None:
        if on_pods(manifest):
            assert NOT_A_TRIAL in conditions(manifest)
            for validation in manifest["spec"]["validations"]:
                # a controller's template has no name, and there the message would fail
                assert "metadata.name" not in validation.get("messageExpression", "").replace("metadata.namespace", "")

    def test_is_named_and_labelled_as_kubernetes_allows(self, manifest: dict[str, Any]) -> None:
        metadata = manifest["metadata"]
        assert metadata["name"].replace("-", "").isalnum()
        assert metadata["name"] == metadata["name"].lower()
        assert len(metadata["name"]) <= 63
        assert metadata["labels"].items() >= LABELS.items()


def test_a_mandatory_rule_denies_and_an_advisory_one_shows_and_reports() -> None:
    day = datetime.date(2026, 11, 26)
    assert made(MODELS)["spec"]["validationActions"] == ["Deny"]
    assert made(MODELS, Context(advisory=frozenset({"some-rule"})))["spec"]["validationActions"] == ["Audit", "Warn"]
    assert made(MODELS, Context(today=day), denies_from=day)["spec"]["validationActions"] == ["Deny"]
    early = made(MODELS, Context(today=day - datetime.timedelta(days=1)), denies_from=day)
    assert early["spec"]["validationActions"] == ["Audit", "Warn"]


def test_reports_tell_what_the_rule_is_and_how_bad() -> None:
    metadata = made(MODELS)["metadata"]
    assert metadata["labels"] == {**LABELS, RULE_LABEL: "some-rule"}
    assert metadata["annotations"]["policies.kyverno.io/title"] == "A title"
    assert metadata["annotations"]["policies.kyverno.io/severity"] == "high"
    assert "there is a way" in metadata["annotations"]["policies.kyverno.io/description"]


def test_only_namespaces_of_teams_unless_a_policy_is_for_all() -> None:
    teams = {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]}
    assert made(MODELS)["spec"]["matchConstraints"]["namespaceSelector"] == teams
    assert "namespaceSelector" not in made(replace(MODELS, team_namespaces=False))["spec"]["matchConstraints"]


def test_controllers_of_pods_are_judged_only_where_a_policy_asks_for_it() -> None:
    for autogen, controllers in ((False, []), (True, POD_CONTROLLERS)):
        asked = made(replace(PODS, autogen=autogen))["spec"]["autogen"]["podControllers"]
        assert asked == {"controllers": controllers}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (PODS, [NOT_A_TRIAL, NOT_BEING_DELETED]),
        (replace(PODS, operations=("CREATE",)), [NOT_A_TRIAL]),
        (replace(PODS, resources=(("", "v1", "pods/ephemeralcontainers"),)), [NOT_A_TRIAL, NOT_BEING_DELETED]),
        (MODELS, [NOT_BEING_DELETED, NOT_BEING_STOPPED]),
        (replace(MODELS, operations=("CREATE",)), []),
        (replace(MODELS, resources=(("", "v1", "services"),)), [NOT_BEING_DELETED]),
        (
            replace(
                MODELS, variables=(("other", 'resource.get("v1", "configmaps", "n", "c")'),), operations=("CREATE",)
            ),
            [NOT_A_TRIAL],
        ),
    ],
)
def test_what_must_not_wait_is_let_through(policy: AdmissionPolicy, expected: list[tuple[str, str]]) -> None:
    own = ("own", "object.spec.x == 1")
    assert conditions(made(replace(policy, match_conditions=(own,)))) == [*expected, own]


def test_two_policies_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one admission policy is called models"):
        validating_policies([rule_of(MODELS), rule_of(PODS, replace(MODELS, team_namespaces=False))], CONTEXT, LABELS)
