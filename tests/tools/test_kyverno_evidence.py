"""The check of the rules at admission can fail: it finds what is misspelt in a policy, or missing, which Kyverno itself does not.

Judged by a small rule of these tests, so that it holds whatever the platform's rules are.
"""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.governance import API_VERSION, EXCEPTION
from components.kubernetes.inference_service import STOP
from policy.admission.manifests import validating_policies
from policy.rules.rule import AdmissionPolicy, Context, Example, Resource, Rule, Validation
from tests.kubernetes_api.kubeconform import validate
from tests.tools.kyverno_cli import Answer, KyvernoError, Request, command, judge
from tests.tools.test_kyverno import LABELS, manifest_of, problems, requests_of

pytestmark = pytest.mark.tools

POLICY = AdmissionPolicy(
    name="has-team",
    resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
    validations=(Validation('"team" in object.metadata.?labels.orValue({})', "it has no label team"),),
)
ON_PODS = replace(POLICY, name="pod-has-team", resources=(("", "v1", "pods"),), autogen=True)
RULE = Rule(
    id="has-team",
    title="It has a team",
    why="somebody must answer for it",
    fix="write the label",
    severity="low",
    applies=lambda _: True,
    check=lambda *_: [],
    admission=lambda _: (POLICY,),
)


def model(name: str, **metadata: Any) -> Resource:
    return Resource.of_object(
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": name, "namespace": "team-a", **metadata},
            "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": "docker.io/a/b:1"}]}},
        }
    )


EXAMPLES = [
    Example("with the label", model("a", labels={"team": "a"})),
    Example("with no label", model("b"), denied="it has no label team"),
    Example("in wrong case", model("c", labels={"Team": "a"}), denied="it has no label team"),
]
ANSWERS = [{"has-team": Answer("pass", "")}, *[{"has-team": Answer("fail", "it has no label team")}] * 2]

Change = Callable[[dict[str, Any]], Any]


def constraints(policy: dict[str, Any]) -> dict[str, Any]:
    return policy["spec"]["matchConstraints"]


def rename(holder: dict[str, Any], key: str) -> None:
    holder[f"{key}s" if not key.endswith("s") else key[:-1]] = holder.pop(key)


SPOILED: dict[str, Change] = {
    "kind": lambda one: one.update(kind="ValidatingPolicies"),
    "legacy kind": lambda one: one.update(apiVersion="kyverno.io/v1", kind="ClusterPolicy"),
    "version": lambda one: one.update(apiVersion="policies.kyverno.io/v9"),
    "plural of the objects": lambda one: constraints(one)["resourceRules"][0].update(resources=["inferenceservice"]),
    "group of the objects": lambda one: constraints(one)["resourceRules"][0].update(apiGroups=["serving.kserve.com"]),
    "version of the objects": lambda one: constraints(one)["resourceRules"][0].update(apiVersions=["v1beta9"]),
    "operation": lambda one: constraints(one)["resourceRules"][0].update(operations=["UPDATE"]),
    "label of the namespace": lambda one: constraints(one)["namespaceSelector"]["matchExpressions"][0].update(key="x"),
    "field of the spec": lambda one: rename(one["spec"], "validations"),
    "field of the match": lambda one: rename(one["spec"], "matchConstraints"),
    "field of the rules": lambda one: rename(constraints(one), "resourceRules"),
    "field of a validation": lambda one: rename(one["spec"]["validations"][0], "expression"),
    "no validations": lambda one: one["spec"].update(validations=[]),
    "always true": lambda one: one["spec"]["validations"][0].update(expression="true"),
    "always false": lambda one: one["spec"]["validations"][0].update(expression="false"),
    "inverted": lambda one: one["spec"]["validations"][0].update(
        expression='!("team" in object.metadata.?labels.orValue({}))'
    ),
    "other words": lambda one: one["spec"]["validations"][0].update(message="no"),
    "an error": lambda one: one["spec"]["validations"][0].update(expression='object.metadata.labels.team != ""'),
    "no CEL": lambda one: one["spec"]["validations"][0].update(expression="team in labels"),
    "nothing matches": lambda one: one["spec"]["matchConditions"].append({"name": "never", "expression": "false"}),
    "another name": lambda one: one["metadata"].update(name="has-teams"),
}


def with_policies(policies: list[dict[str, Any]]) -> list[str]:
    try:
        answers = judge(policies, requests_of(EXAMPLES))
    except KyvernoError as error:
        return [str(error)]
    return problems(RULE, EXAMPLES, answers)


def test_the_rule_as_it_is_has_no_problems() -> None:
    assert problems(RULE, EXAMPLES) == []


@pytest.mark.parametrize("what", SPOILED)
def test_a_policy_that_is_wrong_is_found(what: str) -> None:
    policies = validating_policies([RULE], Context(), LABELS)
    SPOILED[what](policies[0])
    assert with_policies(policies)


def test_a_missing_policy_is_found_beside_one_that_works() -> None:
    other = replace(POLICY, name="other")
    both = replace(RULE, admission=lambda _: (POLICY, other))
    answers = judge(validating_policies([RULE], Context(), LABELS), requests_of(EXAMPLES))
    assert problems(both, EXAMPLES, answers) == ["other never says pass", "other never says refused"]
    assert with_policies([])


def test_kyvernos_own_exit_code_finds_none_of_that(tmp_path: Path) -> None:
    """Why results are looked for, each by itself."""
    objects = tmp_path / "objects.yaml"
    objects.write_text(yaml.safe_dump(manifest_of(EXAMPLES[1].resource)), encoding="utf-8")
    for spoil in ("plural of the objects", "field of the spec", None):
        policies = validating_policies([RULE], Context(), LABELS)
        if spoil is not None:
            SPOILED[spoil](policies[0])
            (tmp_path / "policies.yaml").write_text(yaml.safe_dump(policies[0]), encoding="utf-8")
        file = "policies.yaml" if spoil is not None else "no-such-file.yaml"
        line = [command(), "apply", file, "--resource", objects]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (done.returncode, spoil) == (0, spoil), done.stdout


@pytest.mark.parametrize(
    ("index", "answer"),
    [
        (0, {}),
        (0, {"has-team": Answer("fail", "it has no label team")}),
        (1, {}),
        (1, {"has-team": Answer("pass", "")}),
        (1, {"has-team": Answer("skip", "")}),
        (1, {"has-team": Answer("error", "it has no label team")}),
        (1, {"has-team": Answer("fail", "something else")}),
    ],
)
def test_every_wrong_answer_about_an_example_is_a_problem(index: int, answer: dict[str, Answer]) -> None:
    assert problems(RULE, EXAMPLES, ANSWERS) == []
    assert problems(RULE, EXAMPLES, [*ANSWERS[:index], answer, *ANSWERS[index + 1 :]])


def test_a_rule_without_examples_is_a_problem() -> None:
    assert problems(RULE, []) == ["has-team has no examples"]
    assert problems(RULE, EXAMPLES[:1], ANSWERS[:1]) == ["has-team never says refused"]


def test_what_is_being_deleted_and_what_is_stopped_is_not_judged() -> None:
    policies = validating_policies([RULE], Context(), LABELS)
    deleted = manifest_of(model("a", deletionTimestamp="2026-11-26T00:00:00Z", deletionGracePeriodSeconds=0))
    stopped = manifest_of(model("b", annotations={STOP: "true"}))
    going_on = manifest_of(model("c", annotations={STOP: "false"}))
    requests = [
        Request(deleted, operation="UPDATE"),
        Request(stopped, operation="UPDATE"),
        Request(stopped),
        Request(going_on, operation="UPDATE"),
    ]
    assert [answer["has-team"].result for answer in judge(policies, requests)] == ["skip", "skip", "fail", "fail"]


def test_controllers_of_pods_are_judged_by_their_template_and_from_the_same_words() -> None:
    policies = validating_policies([replace(RULE, admission=lambda _: (ON_PODS,))], Context(), LABELS)
    pod = {"spec": {"containers": [{"name": "a", "image": "docker.io/a/b:1"}]}}
    labelled = {**pod, "metadata": {"labels": {"team": "a"}}}

    def deployment(name: str, template: dict[str, Any]) -> Request:
        metadata = {"name": name, "namespace": "team-a", "labels": {"team": "a"}}
        spec = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
        return Request({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})

    good, bad = judge(policies, [deployment("good", labelled), deployment("bad", {**pod, "metadata": {"labels": {}}})])
    assert good["pod-has-team"].result == "pass"
    assert bad["pod-has-team"] == Answer("fail", "it has no label team")


def exception(end: datetime.datetime, condition: str = 'object.metadata.name == "b"') -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": EXCEPTION,
        "metadata": {"name": "one", "namespace": "kyverno"},
        "spec": {
            "policyRefs": [{"name": "has-team", "kind": "ValidatingPolicy"}],
            "matchConditions": [{"name": "which", "expression": condition}],
            "allowedValues": [end.strftime("%Y-%m-%dT%H:%M:%SZ")],
        },
    }


@pytest.mark.parametrize(
    ("hours", "condition", "expected"),
    [
        (1, 'object.metadata.name == "b"', ["pass", "pass", "fail"]),
        (1, 'object.metadata.name == "d"', ["pass", "fail", "fail"]),
        # Kyverno has it still, but its time is over
        (-1, 'object.metadata.name == "b"', ["pass", "fail", "fail"]),
    ],
)
def test_an_exception_lets_one_object_through_until_its_end(hours: int, condition: str, expected: list[str]) -> None:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    policies = validating_policies([RULE], Context(), LABELS)
    answers = judge(policies, requests_of(EXAMPLES), [exception(end, condition)])
    assert [answer["has-team"].result for answer in answers] == expected
    assert validate([exception(end, condition)]) == []
