"""Both engines on objects that nobody wrote: the allowed examples with one change each. What one refuses the other refuses too."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from policy.rules.rule import Example, Resource, Rule
from tests.kubernetes_api.kubeconform import validate_each
from tests.policy.examples import AT_ADMISSION, admission_examples, objections
from tests.tools.mutated_objects import mutated, places
from tests.tools.test_kyverno import REFUSED, answered, manifest_of

pytestmark = pytest.mark.tools

#: Objects for each rule; those that the API server would refuse by their schema are among them, and are left out later.
OBJECTS = 60


def generated(rule: Rule, number: int = OBJECTS) -> list[Example]:
    """Changed examples, always the same, that are valid by their schema."""
    random = Random(rule.id)
    allowed = [example for example in admission_examples(rule) if example.denied is None]
    made = []
    for _ in range(number):
        example = random.choice(allowed)
        content = mutated(manifest_of(example.resource), random)
        made.append(replace(example, resource=Resource.of_object(content)))
    findings = validate_each([manifest_of(example.resource) for example in made])
    return [example for example, found in zip(made, findings, strict=True) if not found]


@pytest.mark.parametrize("rule", AT_ADMISSION, ids=lambda rule: rule.id)
def test_both_engines_agree_about_objects_that_nobody_wrote(rule: Rule) -> None:
    examples = generated(rule)
    assert len(examples) > OBJECTS / 4
    different = []
    for example, answers in zip(examples, answered(rule, examples), strict=True):
        said = objections(rule, example)
        refusals = [answer.message for answer in answers.values() if answer.result in REFUSED]
        # with Deny, an error refuses
        errors = [answer.message for answer in answers.values() if answer.result == "error"]
        if errors or bool(said) != bool(refusals):
            different.append(f"{example.resource.properties}\npreview: {said}\nKyverno: {refusals} {errors}")
    assert different == []


def test_changes_are_single_and_always_the_same() -> None:
    original = {"kind": "Pod", "metadata": {"name": "a", "labels": {"team": "a"}}, "spec": {"count": 1, "words": ["x"]}}
    once, again = (mutated(original, Random(seed)) for seed in (1, 1))
    assert once == again != original
    made = [mutated(original, Random(seed)) for seed in range(200)]
    assert all(one["metadata"]["name"] == "a" for one in made)
    # every place is changed by some
    assert {path for path in places(original) if all(path in set(places(one)) for one in made)} <= {
        ("kind",),
        ("metadata",),
        ("metadata", "name"),
    }
