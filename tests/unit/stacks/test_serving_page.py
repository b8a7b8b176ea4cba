"""docs/serving.md is what the program says, and its example of settings is accepted."""

from __future__ import annotations

import re

import yaml

from stacks.serving_page import PAGE, committed_plans, render_page
from stacks.serving_settings import IngressSettings
from tests.generated_pages import assert_not_stale

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_not_stale() -> None:
    assert_not_stale(TEXT, render_page(committed_plans()))


def test_the_settings_of_the_page_are_accepted_as_they_stand() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    settings = IngressSettings.model_validate(yaml.safe_load(block)["ingress"])
    assert settings.exposure == "external"
    assert settings.authentication is not None
    assert settings.authentication.jwt is not None


def test_every_row_of_the_time_limits_holds_both_chains() -> None:
    table = TEXT[TEXT.index("| deployment | longest generation") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert rows
    for _, *cells in rows:
        longest, request, startup, probe, deadline, _ = map(int, cells)
        assert longest <= request <= 3600
        assert startup <= probe <= deadline
