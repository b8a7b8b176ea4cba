"""What the command refuses before it asks the engine, and how it ends then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from components.preview_report.cli import app
from tests.unit.preview_report.made import project_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to run in, with no `pulumi` in reach."""
    found = project_in(tmp_path / "project").folder
    monkeypatch.chdir(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--env", "pord"], "--env: there is no environment 'pord'; did you mean 'prod'?"),
        (["--env", "dev", "--today", "tomorrow"], "--today: found 'tomorrow'; write a day such as 2026-11-25"),
        (
            ["--env", "dev", "--expect", "what?"],
            "--expect: found 'what?'; give a digest as a report shows it, or the JSON",
        ),
        (["--env", "dev", "--expect", "Pulumi.yaml"], "--expect Pulumi.yaml: is no JSON file of a report"),
        (["--env", "dev"], "there is no `pulumi` on the PATH that answers"),
    ],
)
def test_what_cannot_be_previewed_is_said_in_a_sentence_and_ends_with_2(
    folder: Path, arguments: list[str], words: str
) -> None:
    result = run(*arguments)
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert (result.exit_code, result.stdout) == (2, "")


def test_no_file_is_written_where_nothing_could_be_previewed(folder: Path) -> None:
    (folder / "twin.json").write_text(json.dumps({"digest": "abc", "inputs": {}}), encoding="utf-8")
    assert run("--env", "dev", "--output", "out", "--expect", "twin.json").exit_code == 2
    assert not (folder / "out").exists()
