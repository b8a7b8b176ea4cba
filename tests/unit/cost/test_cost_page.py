"""docs/cost.md is what the program says, and its commands exist."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from components.cost.__main__ import app
from stacks.cost_page import PAGE, render_page
from stacks.serving_page import committed_plans
from tests.generated_pages import assert_not_stale

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_not_stale() -> None:
    assert_not_stale(TEXT, render_page(committed_plans()))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"-m components\.cost ([a-z-]+)", TEXT))))
def test_the_commands_of_the_page_exist_with_their_options(command: str) -> None:
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    lines = [line.partition("#")[0] for line in TEXT.splitlines() if f"-m components.cost {command} " in line]
    for option in {option for line in lines for option in re.findall(r"--[a-z-]+", line)}:
        assert option in shown.stdout, f"{command} {option}"


def test_the_half_after_the_month_has_its_place() -> None:
    assert TEXT.index("## Before: the planned month") < TEXT.index("## Limits") < TEXT.index("## After the month")
