"""The examples of every rule notice when its check is made wrong; and what says so can fail."""

from __future__ import annotations

import pytest

from policy.page import examples_of
from policy.rules import RULES, required_labels
from policy.rules.rule import Rule
from tests.policy.examples import differs
from tests.policy.mutate import at_preview


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_mutant_of_a_rule_survives_its_examples(rule: Rule) -> None:
    examples = examples_of(rule)
    assert [wrong for example in examples if (wrong := differs(rule, example))] == []
    assert [outcome.what for outcome in at_preview(rule, examples) if not outcome.noticed] == []


def test_mutants_survive_where_examples_are_missing() -> None:
    rule = required_labels.RULE
    allowed = [one for one in examples_of(rule) if one.denied is None]
    survivors = [outcome.what for outcome in at_preview(rule, allowed) if not outcome.noticed]
    assert survivors == ["check emptied", "check_stack emptied"]
