"""Kyverno itself takes the exceptions that waivers become: until their day, for their rule and their object alone."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from policy.admission.manifests import validating_policies
from policy.judging import Waiver
from policy.rules import RULES
from policy.rules.rule import Example, Rule
from policy.waivers import exceptions
from tests.policy.examples import AT_ADMISSION, admission_examples
from tests.tools.kyverno_cli import Answers, Request, judge
from tests.tools.test_kyverno import REFUSED, manifest_of

pytestmark = pytest.mark.tools

LABELS = {"team": "platform"}
#: Kyverno compares with the clock of the machine.
LATER, BEFORE = datetime.date(2100, 1, 1), datetime.date(2020, 1, 1)


def name_of(example: Example) -> str:
    """How a waiver names the object of an example that is judged alone; the namespace is marked by `judge`."""
    metadata = manifest_of(example.resource)["metadata"]
    namespace = metadata.get("namespace")
    if example.resource.type.endswith(":Namespace"):
        return f"{metadata['name']}-request-0"
    return f"{namespace}-request-0/{metadata['name']}" if namespace else metadata["name"]


def answers(rule: Rule, example: Example, *waivers: Waiver) -> Answers:
    """What Kyverno says of the example, with the exceptions that the waivers were on the day before they end."""
    made = [
        one
        for waiver in waivers
        for one in exceptions([waiver], RULES, replace(example.context, today=waiver.expires), LABELS)
    ]
    assert len(made) == len(waivers)
    policies = validating_policies([rule], example.context, LABELS)
    return judge(policies, [Request(manifest_of(example.resource), tuple(example.beside))], made)[0]


def refusals(found: Answers) -> list[str]:
    return [name for name, answer in found.items() if answer.result in REFUSED]


@pytest.mark.parametrize("rule", AT_ADMISSION, ids=lambda rule: rule.id)
def test_a_waived_object_is_let_through_until_the_day_and_no_other_is(rule: Rule) -> None:
    example = next(one for one in admission_examples(rule) if one.denied is not None)
    waiver = Waiver(rule.id, name_of(example), "measured on the card", "boss@example.com", LATER)
    waived = answers(rule, example, waiver)
    assert refusals(waived) == []
    assert "error" not in {answer.result for answer in waived.values()}
    assert "skip" in {answer.result for answer in waived.values()}
    assert refusals(answers(rule, example, replace(waiver, expires=BEFORE))) != []
    assert refusals(answers(rule, example, replace(waiver, resource="team-other/ranker"))) != []


def test_a_waiver_of_another_rule_opens_nothing() -> None:
    first, second = AT_ADMISSION[:2]
    example = next(one for one in admission_examples(first) if one.denied is not None)
    assert (
        refusals(answers(first, example, Waiver(second.id, name_of(example), "measured", "b@example.com", LATER))) != []
    )
