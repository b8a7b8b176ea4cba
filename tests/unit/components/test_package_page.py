"""docs/components.md is what the schema and the examples say."""

from __future__ import annotations

import yaml

from stacks.components_page import EXAMPLE, PAGE, render_page


def test_the_page_is_not_stale() -> None:
    assert render_page() == PAGE.read_text(encoding="utf-8"), "run `make docs`"


def test_the_program_on_the_page_is_part_of_the_example() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert shown["resources"].items() <= yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["resources"].items()
