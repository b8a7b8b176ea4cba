"""Every rule as Kyverno itself judges it, on the examples of the rules and on objects made from them: both engines must agree.

Each example has to be judged by a policy of its rule, in the words that it names; an error is no refusal. Each policy has to let
something through and refuse something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from policy.admission.manifests import validating_policies
from policy.rules.rule import Example, Resource, Rule
from tests.kubernetes_api.kubeconform import validate
from tests.policy.examples import AT_ADMISSION, admission_examples, objections
from tests.tools.kyverno_cli import Answers, KyvernoError, Request, judge

pytestmark = pytest.mark.tools

LABELS = {"team": "platform", "cost-center": "cc-1"}
REFUSED = ("fail", "warn")


def manifest_of(resource: Resource) -> dict[str, Any]:
    """The object that a resource declares."""
    api = resource.api
    assert api is not None, f"{resource.type} is no object of Kubernetes"
    return {"apiVersion": api[0], "kind": api[1], **resource.properties}


def requests_of(examples: Sequence[Example]) -> list[Request]:
    return [Request(manifest_of(one.resource), tuple(one.beside)) for one in examples]


def answered(rule: Rule, examples: Sequence[Example]) -> list[Answers]:
    """What Kyverno says of each example, by the policies that the rule has for the example's environment."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        groups[str(rule.admission(example.context))].append(index)
    answers: list[Answers] = [{} for _ in examples]
    for indices in groups.values():
        policies = validating_policies([rule], examples[indices[0]].context, LABELS)
        judged = judge(policies, requests_of([examples[index] for index in indices]))
        for index, answer in zip(indices, judged, strict=True):
            answers[index] = answer
    return answers


def wrong(example: Example, answers: Answers) -> str | None:
    """How Kyverno's judgement of an example is another than the example says."""
    errors = {name: answer.message for name, answer in answers.items() if answer.result == "error"}
    refusals = [answer.message for answer in answers.values() if answer.result in REFUSED]
    if not answers:
        return f"{example.shows}: no policy matched it"
    if errors:
        return f"{example.shows}: {errors}"
    if example.denied is None:
        return f"{example.shows}: refused: {' '.join(refusals)}" if refusals else None
    words = example.denied_at_admission or example.denied
    if not any(words in message for message in refusals):
        return f"{example.shows}: nobody says '{words}': {' '.join(refusals) or 'let through'}"
    return None


def problems(rule: Rule, examples: Sequence[Example], answers: Sequence[Answers] | None = None) -> list[str]:
    """Everything that is wrong with a rule at admission."""
    if not examples:
        return [f"{rule.id} has no examples"]
    try:
        answers = answered(rule, examples) if answers is None else answers
    except KyvernoError as error:
        return [f"{rule.id}: {error}"]
    found = [said for example, answer in zip(examples, answers, strict=True) if (said := wrong(example, answer))]
    results = defaultdict(set)
    for answer in answers:
        for name, one in answer.items():
            results[name].add("refused" if one.result in REFUSED else one.result)
    for policy in rule.admission(examples[0].context):
        # a ban lets nothing through of what it is about
        bans = all(validation.expression == "false" for validation in policy.validations)
        needed = ("refused",) if bans else ("pass", "refused")
        found += [f"{policy.name} never says {word}" for word in needed if word not in results[policy.name]]
    return found


@pytest.mark.parametrize("rule", AT_ADMISSION, ids=lambda rule: rule.id)
def test_kyverno_judges_every_example_as_the_rule_does(rule: Rule) -> None:
    examples = admission_examples(rule)
    for example in examples:
        # the other engine; in other words perhaps, but of the same mind
        assert bool(objections(rule, example)) == (example.denied is not None), example.shows
    assert problems(rule, examples) == []


def test_policies_and_objects_are_as_their_schemas_say() -> None:
    """A refused example is valid otherwise, and a field that a policy does not have would be dropped without a word."""
    contexts = {
        str(rule.admission(one.context)): (rule, one.context)
        for rule in AT_ADMISSION
        for one in admission_examples(rule)
    }
    policies = [made for rule, context in contexts.values() for made in validating_policies([rule], context, LABELS)]
    objects = [manifest_of(one.resource) for rule in AT_ADMISSION for one in admission_examples(rule)]
    assert [str(found) for found in validate([*policies, *objects])] == []
