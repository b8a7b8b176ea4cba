"""`check`: everything that is wrong with a team's file at once, and one line a deployment where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stacks.__main__ import app
from tests.committed_files import CommittedFiles

PAYMENTS = "stacks/dev/teams/payments.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommittedFiles:
    """dev as committed, where the commands are called."""
    monkeypatch.chdir(tmp_path)
    return CommittedFiles(tmp_path, "dev")


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


@pytest.mark.usefixtures("tree")
def test_good_files_are_fine_with_place_and_price_of_each_deployment() -> None:
    done = run("check")
    assert done.exit_code == 0
    said = done.stdout.splitlines()
    assert said[0] == f"{PAYMENTS}: fine"
    assert said[1].startswith(
        "  payments/assistant: RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic, 1 on g2-standard-24 (spot)"
    )
    assert said[1].endswith("USD 876.10 a month expected")
    assert len(said) == 4


def test_mistakes_in_the_form_and_what_cannot_be_served_are_said_together(tree: CommittedFiles) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    second = text[text.index("  - name:") :].replace("assistant", "second").replace("32768", "999999")
    tree.write(PAYMENTS, text.replace("runs_on: gke", "runs_on: gkee") + second)
    done = run(f"check {PAYMENTS}")
    assert done.exit_code == 1
    assert f"{PAYMENTS}:16: deployments[0].runs_on: found 'gkee'; did you mean 'gke'?" in done.stdout
    assert (
        f"{PAYMENTS}:19: deployments[1].context_tokens: found 999999, above gemma-4-26b-a4b-it's maximum" in done.stdout
    )


def test_a_file_elsewhere_is_checked_in_the_place_of_its_team(tree: CommittedFiles, tmp_path: Path) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    elsewhere = tmp_path / "drafts" / "payments.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text(
        text.replace("peak_concurrent_requests: 16", "peak_concurrent_requests: 400"), encoding="utf-8"
    )
    done = run(f"check --env dev {elsewhere}")
    assert done.exit_code == 1
    assert f"{elsewhere}:10: deployments[0]: payments/assistant" in done.stdout
    assert run(f"check --env dev {tree.folder / PAYMENTS}").exit_code == 0


def test_what_only_all_teams_together_exceed_is_said_of_them_together(tree: CommittedFiles) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    tree.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 5}")
    tree.write("stacks/dev/teams/risk.yaml", text.replace("team: payments", "team: risk"))
    done = run("check stacks/dev/teams/risk.yaml")
    assert done.exit_code == 1
    assert "risk.yaml: fine" in done.stdout
    assert "with all teams together:\nPulumi.dev.yaml: quota.gke.nvidia-l4: 6 GPUs are needed" in done.stdout


def test_a_file_is_checked_although_another_one_is_broken_and_that_is_said(tree: CommittedFiles) -> None:
    tree.edit(SUPPORT, "runs_on: cloud-run", "runs_on: cloud")
    done = run(f"check {PAYMENTS}")
    assert done.exit_code == 0
    assert f"{PAYMENTS}: fine" in done.stdout
    assert "other team files of dev have problems" in done.stdout
    assert SUPPORT not in done.stdout
    assert run("check").exit_code == 1


@pytest.mark.parametrize("command", ["new-team", "new-deployment"])
def test_the_flag_of_the_other_commands_does_the_same_and_nothing_else(tree: CommittedFiles, command: str) -> None:
    tree.edit(PAYMENTS, "model: gemma-4-26b-a4b-it", "model: gemma-4-26b")
    before = sorted(path.as_posix() for path in tree.folder.rglob("*"))
    done = run(f"{command} --check {PAYMENTS}")
    assert done.exit_code == 1
    assert done.stdout == run(f"check {PAYMENTS}").stdout
    assert "unknown model 'gemma-4-26b'; did you mean 'gemma-4-26b-a4b-it'?" in done.stdout
    assert sorted(path.as_posix() for path in tree.folder.rglob("*")) == before


def test_warnings_of_the_team_are_shown_and_do_not_fail(tree: CommittedFiles) -> None:
    tree.edit(PAYMENTS, "monthly_budget_usd: 4000", "monthly_budget_usd: 800")
    done = run(f"check {PAYMENTS}")
    assert done.exit_code == 0
    assert "  warning: payments: its deployments are expected to cost USD 876.10 a month, 76.10 above" in done.stdout


def test_settings_that_are_wrong_themselves_and_files_that_are_not_there_are_named(tree: CommittedFiles) -> None:
    assert "nobody.yaml: cannot be read" in run("check nobody.yaml").stdout
    tree.edit("Pulumi.dev.yaml", "region: us-central1", "region: us-centre1")
    done = run("check")
    assert done.exit_code == 1
    assert "Pulumi.dev.yaml" in done.stderr
