"""What `report` and `monitoring` refuse and write without a Prometheus; with one they are tried in tests/tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cost.commands import run
from tests.unit.cost.trees import Project

GIVEN = ("report", "--month", "2026-10", "--today", "2026-11-25")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "--month", "2027-01", "--today", "2026-11-25"), "begins after today, 2026-11-25"),
        (("report", "--month", "2026-11", "--today", "2026-11-01"), "no day of 2026-11 has passed"),
        ((*GIVEN, "--env", "prd"), "there is no environment 'prd'"),
        ((*GIVEN, "--csv", "--json"), "give one of"),
        ((*GIVEN, "--cluster-source", "guess"), "allowed: opencost, billing"),
        ((*GIVEN, "--cluster-source", "billing"), "needs --actuals"),
        (GIVEN, "bytes and parameters come from the outputs of the stack"),
        ((*GIVEN, "--outputs", "-"), "hold no `records`"),
    ],
)
def test_what_cannot_be_told_is_one_clear_error(project: Project, arguments: tuple[str, ...], words: str) -> None:
    result = run(project.folder, *arguments, stdin="{}")
    assert result.code == 1
    assert words in result.err
    assert result.out == ""


def test_limits_of_the_environment_stand_in_the_rules(project: Project, tmp_path: Path) -> None:
    result = run(project.folder, "monitoring", "--env", "dev", "--to", str(tmp_path / "out"))
    assert result.code == 0, result.err
    groups = yaml.safe_load((tmp_path / "out" / "gemma-cost.rules.yaml").read_text(encoding="utf-8"))["groups"]
    records = [rule for group in groups for rule in group["rules"] if rule.get("labels", {}).get("namespace")]
    budgets = {
        rule["labels"]["namespace"]: rule["expr"] for rule in records if rule["record"].endswith("budget_usd_per_month")
    }
    assert budgets["team-payments"] == "vector(4000)"
    dashboard = json.loads((tmp_path / "out" / "gemma-cost.json").read_text(encoding="utf-8"))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_settings_of_the_environment_are_the_rule(project: Project, tmp_path: Path) -> None:
    project.setting("dev", cost={"work_share": "0.3", "answer_weight": "5"})
    result = run(project.folder, "monitoring", "--env", "dev", "--to", str(tmp_path))
    assert result.code == 0, result.err
    assert " + 5 * sum by" in (tmp_path / "gemma-cost.rules.yaml").read_text(encoding="utf-8").replace("\n     ", "")
    project.setting("dev", cost={"work_share": "1.5"})
    refused = run(project.folder, "monitoring", "--env", "dev", "--to", str(tmp_path))
    assert "cost.work_share" in refused.err
