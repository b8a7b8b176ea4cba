"""`cost plan` as somebody types it: tables, JSON, Markdown and pictures; good and bad input."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.cost.commands import Result, run
from tests.unit.cost.test_changes import SUPPORT, outputs
from tests.unit.cost.trees import Project

DAY = ("--today", "2026-11-25")


def plan(project: Project, *arguments: str, stdin: str = "") -> Result:
    """`cost plan` on a day of the test's."""
    today = () if "--today" in arguments else DAY
    return run(project.folder, "plan", *arguments, *today, stdin=stdin)


def test_the_table_names_everything_and_says_that_it_is_not_compared(project: Project) -> None:
    result = plan(project)
    assert result.code == 0
    for words in ("payments/assistant", "team support", "Cloud NAT", "environment", "spot 876.10, on-demand 1,460.61"):
        assert words in result.out
    assert "not compared: there is no `pulumi` on the PATH" in result.out
    assert "dev: USD 1,310.81 a month expected, 1,083.46 to 2,120.73, 15,729.72 a year; 612.07 of it idle" in result.out
    assert "is older than 120 days" in result.out


def test_json_adds_up_and_knows_its_change(project: Project) -> None:
    before = json.dumps(outputs(project.cost()))
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    result = plan(project, "--json", "--outputs", "-", stdin=before)
    assert result.code == 0
    found = result.json
    parts = [*found["deployments"], *(part for part in found["shared"] if part["expected"] is not None)]
    for name in ("minimum", "expected", "peak", "idle"):
        assert sum(Decimal(part[name]) for part in parts) == Decimal(found["total"][name])
    assert found["change"]["expected"] == "198.93"
    (line,) = found["change"]["lines"]
    assert (line["what"], line["causes"]) == ("support/helpdesk", ["active hours: 160 -> 300"])
    assert found["not_compared"] is None
    assert all(price["source"] and price["date"] for price in found["prices"])
    helpdesk = found["deployments"][1]
    assert helpdesk["usd_per_million_output_tokens"]["low"] < helpdesk["usd_per_million_output_tokens"]["high"]


def test_markdown_tells_the_change_first(project: Project) -> None:
    file = project.folder / "outputs.json"
    file.write_text(json.dumps(outputs(project.cost())), encoding="utf-8")
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    text = plan(project, "--markdown", "--outputs", str(file)).out
    assert text.startswith("### Cost of dev: USD 1,509.74 a month expected")
    assert "**+$198.93 a month** against the deployed stack." in text
    assert "| support/helpdesk | 227.35 | 426.28 | +$198.93 | +$0.00 | active hours: 160 -> 300 |" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in tables if line.startswith("| support/helpdesk |")} == {5, 4}
    assert text.count("<details>") == text.count("</details>") == 3


def test_an_unchanged_stack_is_told(project: Project) -> None:
    same = json.dumps(outputs(project.cost()))
    assert "no change against the deployed stack" in plan(project, "--outputs", "-", stdin=same).out
    assert "No change against the deployed stack." in plan(project, "--markdown", "--outputs", "-", stdin=same).out


@pytest.mark.parametrize("name", ["cost.svg", "cost.png"])
def test_pictures_are_written_and_the_same_each_time(project: Project, tmp_path: Path, name: str) -> None:
    pictures = []
    for _ in range(2):
        result = plan(project, "--plot", str(tmp_path / name))
        assert (result.code, result.err) == (0, f"wrote {tmp_path / name}\n")
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[0][:4] in (b"<?xm", b"\x89PNG")


def test_over_budget_is_told_with_the_peak_and_fails_in_prod_alone(project: Project) -> None:
    for name, code in (("dev", 0), ("prod", 1)):
        path = project.folder / "stacks" / name / "teams" / "payments.yaml"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text(
            "\n".join("monthly_budget_usd: 800" if line.startswith("monthly") else line for line in lines),
            encoding="utf-8",
        )
        result = plan(project, "--env", name)
        assert result.code == code, result.out
        peak = "876.10" if name == "dev" else "4,381.82"
        assert (
            f"above the monthly_budget_usd 800 of stacks/{name}/teams/payments.yaml, at most USD {peak}" in result.out
        )


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("--env", "stage"), "", "--env: there is no environment 'stage'; allowed: dev, prod"),
        (("--today", "tomorrow"), "", "--today: found 'tomorrow'; write a day such as 2026-11-25"),
        (("--today", "2026-08-19"), "", "which is after today, 2026-08-19"),
        (("--outputs", "-"), "{}", "the outputs have no `records`"),
        (("--outputs", "-"), "[]", "standard input: no mapping of outputs"),
        (("--outputs", "-"), "Updating (dev)", "standard input: no JSON as `pulumi stack output --json` prints it"),
        (("--outputs", "nowhere.json"), "", "--outputs nowhere.json: cannot be read"),
        (("--json", "--markdown"), "", "give either --json or --markdown"),
        (("--plot", "cost.pdf"), "", "--plot: 'cost.pdf' ends with '.pdf'; allowed: .svg, .png"),
        (("--plot", "nowhere/cost.svg"), "", "--plot: there is no folder 'nowhere'"),
    ],
)
def test_bad_input_is_one_clear_line(project: Project, arguments: tuple[str, ...], stdin: str, words: str) -> None:
    result = plan(project, *arguments, stdin=stdin)
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_every_problem_of_the_files_is_told(project: Project) -> None:
    project.edit(SUPPORT, "gemma-4-e4b-it", "gemma-4-e4")
    result = plan(project)
    assert result.code == 1
    assert "unknown model 'gemma-4-e4'" in result.err


def test_outside_of_a_project_it_says_where_to_run(tmp_path: Path) -> None:
    result = run(tmp_path, "plan")
    assert result.code == 1
    assert "holds no Pulumi.<environment>.yaml; run this in the folder of Pulumi.yaml" in result.err
