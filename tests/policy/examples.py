"""The examples of a rule, and what the rule itself says of each, as a preview would."""

from __future__ import annotations

from policy.page import examples_of
from policy.rules import RULES
from policy.rules.rule import Example, Resource, Rule

#: Every rule that Kyverno judges too in some environment.
AT_ADMISSION = [rule for rule in RULES if rule.admission(Example("", Resource("", "", {})).context)]


def admission_examples(rule: Rule) -> list[Example]:
    """Those that Kyverno judges."""
    return [example for example in examples_of(rule) if example.admission]


def objections(rule: Rule, example: Example) -> list[str]:
    """What the rule says against an example and what stands beside it; without what it only advises."""
    others = [Resource.of_object(one) for one in example.beside]
    findings = rule.check(example.resource, example.context)
    if rule.check_stack is not None:
        findings = [*findings, *rule.check_stack([example.resource, *others], example.context)]
    return [finding.message for finding in findings if not finding.advisory]


def differs(rule: Rule, example: Example) -> str | None:
    """How the rule's own judgement of an example is another than the example says."""
    said = objections(rule, example)
    if example.denied is None:
        return f"{example.shows}: refused: {' '.join(said)}" if said else None
    if not any(example.denied in message for message in said):
        return f"{example.shows}: nobody says '{example.denied}': {' '.join(said) or 'let through'}"
    return None
