"""docs/policies.md is what the rules say."""

from __future__ import annotations

from policy.page import PAGE, render_page
from policy.rules import RULES


def test_the_page_is_not_stale_and_has_every_rule_with_a_message_that_it_really_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == render_page(), "run `make docs`"
    for rule in RULES:
        assert f"\n## {rule.id}\n" in text
