"""Waivers as Kyverno takes them: it accepts the exceptions, which let one resource through until their last day is over."""

from __future__ import annotations

import datetime

import pytest

from policy.admission.manifests import validating_policies
from policy.rules import RULES
from policy.rules.rule import Context
from policy.waivers import Waiver, exceptions
from tests.kubernetes_api.kubeconform import validate
from tests.policy.examples import admission_examples
from tests.tools.api_server_policy import refusals
from tests.tools.kyverno_cli import judge
from tests.tools.test_kyverno import LABELS, manifest_of, requests_of

pytestmark = pytest.mark.tools

(RULE,) = [rule for rule in RULES if rule.id == "required-labels"]
DENIED = next(
    one for one in admission_examples(RULE) if one.denied is not None and one.resource.type.endswith("InferenceService")
)
METADATA = manifest_of(DENIED.resource)["metadata"]
RESOURCE = f"{METADATA['namespace']}/{METADATA['name']}"
TODAY = datetime.datetime.now(datetime.UTC).date()


def waiver(resource: str = RESOURCE, last_day: datetime.date = TODAY) -> Waiver:
    return Waiver(RULE.id, resource, "a reason", "somebody", last_day, "stacks/dev/waivers.yaml:1")


@pytest.mark.parametrize("resource", [RESOURCE, "team-other/else"])
def test_only_the_resource_that_is_named_is_let_through(resource: str) -> None:
    made = exceptions([waiver(resource)], RULES, DENIED.context, LABELS)
    policies = validating_policies([RULE], DENIED.context, LABELS)
    (answers,) = judge(policies, requests_of([DENIED]), made)
    refused = [answer.message for answer in answers.values() if answer.result == "fail"]
    assert bool(refused) == (resource != RESOURCE)


def test_when_its_last_day_is_over_it_ends_even_if_nobody_takes_it_away() -> None:
    yesterday = TODAY - datetime.timedelta(days=1)
    made = exceptions([waiver(last_day=yesterday)], RULES, Context(today=yesterday), LABELS)
    assert len(made) == 1
    (answers,) = judge(validating_policies([RULE], DENIED.context, LABELS), requests_of([DENIED]), made)
    assert any(answer.result == "fail" for answer in answers.values())


def test_kyverno_takes_the_exception() -> None:
    """Its webhook refuses one whose conditions name what the API server does not know, such as Kyverno's own clock."""
    (made,) = exceptions([waiver()], RULES, DENIED.context, LABELS)
    assert validate([made]) == []
    asked = {"failurePolicy": "Fail", "validations": [{"expression": "false", "message": "it is meant"}]}
    case = {"object": manifest_of(DENIED.resource), "oldObject": {}, "verbs": []}
    said = refusals({**asked, "matchConditions": made["spec"]["matchConditions"]}, [case])
    assert said == [["deny: it is meant"]]
    clock = [{"name": "clock", "expression": "time.now() < timestamp('2026-11-27T00:00:00Z')"}]
    ((error,),) = refusals({**asked, "matchConditions": clock}, [case])
    assert "undeclared reference to 'time'" in error
