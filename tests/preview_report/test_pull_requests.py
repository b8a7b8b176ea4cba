"""What the reviewer of each of twelve pull requests reads. Whoever changes a kept report has read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.preview_report.folding import LIMIT
from components.preview_report.headline import TITLE_CHARACTERS
from tests.preview_report.pull_requests import ENVIRONMENT, PULL_REQUESTS, PullRequest
from tests.preview_report.running import GOLDEN, comparable, copy_of, golden, report, report_of
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("request_", PULL_REQUESTS, ids=lambda one: one.name)
def test_a_pull_request_yields_its_report(base: Sandbox, tmp_path: Path, request_: PullRequest) -> None:
    reported = report_of(base, request_, tmp_path)
    assert reported.exit_code == request_.exit_code, reported.output
    update = "if it is meant, run `python -m tests.preview_report.update` and read what it writes"
    assert comparable(reported.markdown) == golden(request_).read_text(encoding="utf-8"), update
    assert reported.markdown.startswith(f"<!-- gemma-platform:{ENVIRONMENT} -->\n")
    assert len(reported.markdown) < LIMIT
    assert len(reported.data["title"]) <= TITLE_CHARACTERS
    assert "$" in reported.data["title"]


def test_every_kept_report_belongs_to_a_pull_request() -> None:
    assert {file.stem for file in GOLDEN.glob("*.md")} == {one.name for one in PULL_REQUESTS}
    assert len(PULL_REQUESTS) == 12


def test_the_same_input_gives_the_same_bytes_and_another_state_another_digest(base: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(base, tmp_path)
    first, second = report(sandbox, folder="one"), report(sandbox, folder="two")
    assert first.markdown == second.markdown
    assert first.data == second.data
    digest = first.data["digest"]
    assert report(sandbox, "--expect", digest, "--digest-only").exit_code == 0
    sandbox.edit("stacks/prod/teams/payments.yaml", "monthly_budget_usd: 4000", "monthly_budget_usd: 4100")
    refused = report(sandbox, "--expect", str(tmp_path / "one" / "preview-prod.json"), folder="three")
    assert (refused.exit_code, refused.markdown) == (3, "")
    assert "what differs is the files of the project (tree)" in refused.output
