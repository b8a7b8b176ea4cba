"""The project as of another day: the day is in the settings, no other line moves, and the project's own files stay."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from components.preview_report.dated_project import CONFIG_FILE, as_of, dated
from stacks.environment import read_environment
from tests.committed_files import ROOT
from tests.unit.preview_report.made import project_in

DAY = datetime.date(2027, 2, 3)
KEY = "gemma-platform:environment"


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"),
        (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"),
        f"config:\n  {KEY}:\n    owner: a\n    today: 2026-01-01 # fixed\n    cost_center: b\n",
        f"config:\n  {KEY}:\n    owner: a\n    list:\n      - {{a: 1}}\n      - b: |\n          text\n  other:key: 1\n",
        f"config: {{'{KEY}': {{owner: a}}}}\n",
        f"config:\n  {KEY}:\n    owner: a",
    ],
    ids=["dev", "prod", "has a day", "nested and not last", "in one line", "no end of line"],
)
def test_the_day_is_set_and_nothing_else_is(text: str) -> None:
    found = dated(text, DAY)
    before, after = yaml.safe_load(text)["config"], yaml.safe_load(found)["config"]
    assert after[KEY].pop("today") == DAY
    before[KEY].pop("today", None)
    assert after == before
    kept = [line for line in text.splitlines() if "today" not in line and "{" not in line]
    assert all(line in found.splitlines() for line in kept)


def test_lines_of_fields_stay_where_they_are() -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    lines = dated(text, DAY).splitlines()
    assert all(lines[number] == line for number, line in enumerate(text.splitlines()))


@pytest.mark.parametrize("text", ["config: {}\n", "config:\n  a:b: 1\n", "config: [\n", ""])
def test_what_holds_no_settings_is_left_alone(text: str) -> None:
    assert dated(text, DAY) == text


def test_the_folder_is_the_project_as_of_that_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_in(tmp_path / "project").folder
    given = tmp_path / "settings.yaml"
    given.write_text((project / "Pulumi.dev.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv(CONFIG_FILE, str(given))
    before = (project / "Pulumi.dev.yaml").read_bytes()
    with as_of(project, "dev", DAY) as (folder, config):
        assert read_environment(folder, "dev")[1] == DAY
        assert config is not None
        assert f"today: {DAY}" in config.read_text(encoding="utf-8")
    assert (project / "Pulumi.dev.yaml").read_bytes() == before == given.read_bytes()
    with as_of(project, "dev", None) as found:
        assert found == (project, None)
