"""`make mutate-policies`: every rule made wrong on purpose, in both of its forms; its examples must notice.

A rule whose check is emptied, inverted or objects to everything, and an admission policy whose expressions are emptied, all of
them or each by itself, or inverted. Prints a table; exits with 1 when the examples of a rule agree with one of its mutants.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from policy.page import examples_of
from policy.rules import RULES
from policy.rules.pod_hardening import UNMARKED
from policy.rules.rule import AdmissionPolicy, Context, Example, Finding, Resource, Rule, Validation
from tests.policy.examples import AT_ADMISSION, admission_examples, differs
from tests.tools.kyverno_cli import Answers
from tests.tools.test_kyverno import answered, problems

#: Expressions that only a change can break, while examples are of what is created, by the test that breaks them.
OF_CHANGES = {f"{UNMARKED}.": "tests/tools/test_namespace_label.py"}
OBJECTION = Finding("objects to everything")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant: how many examples disagree with it, or what is wrong beside them."""

    rule: str
    what: str
    noticed: int


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """(what was done to it, rule) of the form that previews use."""
    check, check_stack = rule.check, rule.check_stack

    def inverted(resource: Resource, context: Context) -> list[Finding]:
        return [] if _stops(check(resource, context)) else [OBJECTION]

    yield "check emptied", replace(rule, check=lambda *_: [])
    yield "check inverted", replace(rule, check=inverted)
    yield "check objects to everything", replace(rule, check=lambda *_: [OBJECTION])
    if check_stack is None:
        return

    def inverted_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
        return [] if _stops(check_stack(resources, context)) else [OBJECTION]

    yield "check_stack emptied", replace(rule, check_stack=lambda *_: [])
    yield "check_stack inverted", replace(rule, check_stack=inverted_stack)
    yield "check_stack objects to everything", replace(rule, check_stack=lambda *_: [OBJECTION])


def at_preview(rule: Rule, examples: Sequence[Example]) -> list[Outcome]:
    """What examples say of the mutants of a rule."""
    return [
        Outcome(rule.id, what, len([one for one in examples if differs(mutant, one)])) for what, mutant in mutants(rule)
    ]


def admission_mutants(policy: AdmissionPolicy) -> Iterator[tuple[str, AdmissionPolicy]]:
    """(what was done to it, policy) of the form that admission uses, each with a name of its own."""
    own = policy.validations
    yield "emptied", _with(policy, "emptied", [replace(one, expression="true") for one in own])
    yield "inverted", _with(policy, "inverted", [_inverted(one) for one in own])
    if len(own) > 1:
        for index, one in enumerate(own):
            if one.message in OF_CHANGES:
                continue
            left = [*own[:index], replace(one, expression="true"), *own[index + 1 :]]
            yield f"emptied: {one.message[:60]}", _with(policy, f"emptied-{index}", left)


def at_admission(rule: Rule) -> list[Outcome]:
    """What the examples of a rule say of the mutants of its policies; all are judged beside each other in the same runs."""
    examples = admission_examples(rule)
    names = {policy.name for one in examples for policy in rule.admission(one.context)}
    beside = replace(rule, admission=lambda context: _with_mutants(rule.admission(context)))
    answers = answered(beside, examples)
    changed = {
        mutant.name: (policy.name, what)
        for one in examples
        for policy in rule.admission(one.context)
        for what, mutant in admission_mutants(policy)
    }
    return [
        Outcome(rule.id, f"{policy} {what}", len(_noticed(rule, examples, answers, names, policy, mutant)))
        for mutant, (policy, what) in changed.items()
    ]


def _noticed(
    rule: Rule, examples: Sequence[Example], answers: Sequence[Answers], names: set[str], policy: str, mutant: str
) -> list[str]:
    """What is wrong where the mutant stands in the place of its policy."""
    left = [
        {
            **{name: answer for name, answer in one.items() if name in names - {policy}},
            **({policy: one[mutant]} if mutant in one else {}),
        }
        for one in answers
    ]
    return problems(rule, examples, left)


def _stops(findings: Sequence[Finding]) -> bool:
    return any(not finding.advisory for finding in findings)


def _with_mutants(policies: Sequence[AdmissionPolicy]) -> tuple[AdmissionPolicy, ...]:
    made = [mutant for policy in policies for _, mutant in admission_mutants(policy)]
    return (*policies, *made)


def _with(policy: AdmissionPolicy, suffix: str, validations: Sequence[Validation]) -> AdmissionPolicy:
    return replace(policy, name=f"{policy.name}-{suffix}", validations=tuple(validations))


def _inverted(validation: Validation) -> Validation:
    # with constant words: those that tell of what is wrong may fail where nothing is
    return Validation(f"!({validation.expression})", validation.message)


def main() -> None:
    """Makes every mutant and prints what became of it."""
    outcomes = [outcome for rule in RULES for outcome in at_preview(rule, examples_of(rule))]
    outcomes += [outcome for rule in AT_ADMISSION for outcome in at_admission(rule)]
    shown = Table("rule", "mutant", "what notices it")
    for outcome in outcomes:
        shown.add_row(outcome.rule, outcome.what, str(outcome.noticed) if outcome.noticed else "nothing: it survives")
    Console(width=160).print(shown)
    survivors = [outcome for outcome in outcomes if not outcome.noticed]
    print(f"{len(outcomes)} mutants, {len(survivors)} survive")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
