"""Both engines on objects that nobody wrote: the allowed examples with one change each. What one refuses, the other refuses.

Kyverno refuses nothing that a preview lets through, rule by rule. The other way round, a model that one rule refuses at a preview
may be refused at admission by another, which compares it with its sizing record; a preview alone knows the files of teams.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.served_model import FULL_CONTEXT_REQUESTS, TYPICAL_TOKENS
from policy.admission.manifests import validating_policies
from policy.rules import RULES
from policy.rules.quota_and_budget import MORE
from policy.rules.resource_types import INFERENCE_SERVICE
from policy.rules.rule import Example, Resource, Rule
from tests.kubernetes_api.kubeconform import validate_each
from tests.policy.examples import AT_ADMISSION, admission_examples, objections
from tests.tools.kyverno_cli import Answers, judge
from tests.tools.mutated_objects import mutated, places
from tests.tools.test_kyverno import LABELS, REFUSED, answered, manifest_of, requests_of

pytestmark = pytest.mark.tools

#: Objects for each rule and seed; those that the API server would refuse by their schema are among them, and are left out.
OBJECTS = 20
#: Seeds that hypothesis tries for each rule, always the same: Kyverno's program takes a second or two for each.
SEEDS = settings(max_examples=2, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: What a preview alone is asked about a model: what stands beside it, and how much of its team's quota is left.
OF_STACK = ("PodDisruptionBudget", MORE)
#: The load that it is sized for, which changes nothing of what runs.
LOAD = (FULL_CONTEXT_REQUESTS, TYPICAL_TOKENS)


@dataclass(frozen=True)
class Changed:
    """An example that is let through, and the same with one change."""

    original: Example
    example: Example


def generated(rule: Rule, seed: int, number: int = OBJECTS) -> list[Changed]:
    """Changed examples, the same for the same seed, that are valid by their schema."""
    random = Random(f"{rule.id} {seed}")  # noqa: S311 - nothing is secret here
    allowed = [example for example in admission_examples(rule) if example.denied is None]
    made = []
    for _ in range(number):
        original = random.choice(allowed)
        content = mutated(manifest_of(original.resource), random)
        made.append(Changed(original, replace(original, resource=Resource.of_object(content))))
    findings = validate_each([manifest_of(one.example.resource) for one in made])
    return [one for one, found in zip(made, findings, strict=True) if not found]


def refusing(answers: Answers) -> set[str]:
    """Names of the policies that refuse; with Deny, an error does so too."""
    return {name for name, answer in answers.items() if answer.result in (*REFUSED, "error")}


def meant_for_admission(changed: Changed, said: list[str]) -> bool:
    """True when admission too must refuse what the rule refuses."""
    before, after = (
        [one.resource.at("metadata", "annotations", key) for key in LOAD] for one in (changed.original, changed.example)
    )
    of_model = changed.example.resource.type == INFERENCE_SERVICE and before == after
    return of_model and any(not any(words in message for words in OF_STACK) for message in said)


def refused_by_another(changed: Changed) -> bool:
    """True when the change makes any policy of the platform refuse it."""
    policies = validating_policies(RULES, changed.example.context, LABELS)
    before, after = (refusing(judge(policies, requests_of([one]))[0]) for one in (changed.original, changed.example))
    return bool(after - before)


@pytest.mark.parametrize("rule", AT_ADMISSION, ids=lambda rule: rule.id)
@SEEDS
@given(seed=st.integers(0, 10**6))
def test_both_engines_agree_about_objects_that_nobody_wrote(rule: Rule, seed: int) -> None:
    made = generated(rule, seed)
    assert len(made) > OBJECTS / 2
    different = []
    for changed, answers in zip(made, answered(rule, [one.example for one in made]), strict=True):
        said, refusals = objections(rule, changed.example), refusing(answers)
        errors = [answer.message for answer in answers.values() if answer.result == "error"]
        fewer = not refusals and meant_for_admission(changed, said)
        if errors or (refusals and not said) or (fewer and not refused_by_another(changed)):
            different.append(f"{changed.example.resource.properties}\npreview: {said}\nKyverno: {answers}")
    assert different == []


def test_changes_are_single_and_always_the_same() -> None:
    original = {"kind": "Pod", "metadata": {"name": "a", "labels": {"team": "a"}}, "spec": {"count": 1, "words": ["x"]}}
    made = [mutated(original, Random(seed)) for seed in range(200)]  # noqa: S311 - nothing is secret here
    assert made == [mutated(original, Random(seed)) for seed in range(200)]  # noqa: S311
    assert all(one != original and one["metadata"]["name"] == "a" for one in made)
    # nothing but what tells which object it is always stays where it is
    kept = {path for path in places(original) if all(path in set(places(one)) for one in made)}
    assert kept == {("kind",), ("metadata",), ("metadata", "name"), ("spec",)}
