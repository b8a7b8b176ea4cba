"""A report reaches a pull request once for each environment, its money is a check's title; a fork's is in the summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.github.__main__ import main
from tests.ci.fake_github import TOKEN, FakeGitHub
from tests.ci.runs import ENVIRONMENTS, HEAD, PULL, pull_request_run, write_report


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    for env in ENVIRONMENTS:
        write_report(folder, env)
    return folder


def publish(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], reports: Path) -> int:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return main(["reports", str(reports), *ENVIRONMENTS])


def summary(tmp_path: Path) -> str:
    return (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_the_second_run_changes_the_comments_of_the_first(tmp_path, github, monkeypatch, reports) -> None:
    environ = pull_request_run(tmp_path, github)
    assert publish(monkeypatch, environ, reports) == 0
    write_report(reports, "dev", title="+$2.00 a month")
    assert publish(monkeypatch, environ, reports) == 0
    bodies = [comment["body"] for comment in github.comments[PULL]]
    assert len(bodies) == len(ENVIRONMENTS)
    assert bodies[0].startswith("<!-- gemma-platform:dev -->\n### dev: +$2.00")
    assert bodies[1].startswith("<!-- gemma-platform:prod -->\n### prod: +$1.00")


def test_a_report_that_stays_is_not_written_again(tmp_path, github, monkeypatch, reports) -> None:
    environ = pull_request_run(tmp_path, github)
    publish(monkeypatch, environ, reports)
    github.requests.clear()
    publish(monkeypatch, environ, reports)
    assert [path for path in github.writes() if "comments" in path] == []


def test_the_comment_is_found_behind_pages_of_others(tmp_path, github, monkeypatch, reports) -> None:
    github.page_limit = 2
    for number in range(5):
        github.comment(PULL, f"talk {number}", login="somebody")
    environ = pull_request_run(tmp_path, github)
    publish(monkeypatch, environ, reports)
    publish(monkeypatch, environ, reports)
    assert len(github.comments[PULL]) == 5 + len(ENVIRONMENTS)


def test_a_comment_of_somebody_else_is_neither_changed_nor_taken_for_ours(
    tmp_path, github, monkeypatch, reports
) -> None:
    forged = github.comment(PULL, "<!-- gemma-platform:dev -->\nlooks fine to me", login="somebody")
    publish(monkeypatch, pull_request_run(tmp_path, github), reports)
    assert forged["body"].endswith("looks fine to me")
    assert len(github.comments[PULL]) == 1 + len(ENVIRONMENTS)


def test_the_money_is_the_title_of_a_check_and_the_verdict_its_state(tmp_path, github, monkeypatch, reports) -> None:
    write_report(reports, "prod", title="+$419.24 a month, 1 policy stops this", code=1)
    publish(monkeypatch, pull_request_run(tmp_path, github), reports)
    assert github.statuses == [
        {
            "sha": HEAD,
            "context": f"preview/{env}",
            "state": state,
            "description": title,
            "target_url": "https://github.example.com/example/gemma-platform/actions/runs/99",
        }
        for env, state, title in (
            ("dev", "success", "+$1.00 a month"),
            ("prod", "failure", "+$419.24 a month, 1 policy stops this"),
        )
    ]


def test_a_long_title_is_cut_where_github_would_refuse_it(tmp_path, github, monkeypatch, reports) -> None:
    write_report(reports, "dev", title="x" * 141)
    assert publish(monkeypatch, pull_request_run(tmp_path, github), reports) == 0
    assert github.statuses[0]["description"] == "x" * 137 + "..."


@pytest.mark.parametrize("name", ["preview-dev.md", "preview-dev.json", "run-dev.json"])
def test_a_preview_that_broke_is_an_error_and_not_silence(tmp_path, github, monkeypatch, reports, name) -> None:
    (reports / name).unlink()
    assert publish(monkeypatch, pull_request_run(tmp_path, github), reports) == 0
    assert (github.statuses[0]["context"], github.statuses[0]["state"]) == ("preview/dev", "error")
    assert "### dev: no preview" in github.comments[PULL][0]["body"]
    assert "gemma-platform-record" not in github.comments[PULL][0]["body"]


@pytest.mark.parametrize(
    ("repository", "actor"),
    [("stranger/gemma-platform", "stranger"), (None, "stranger"), ("example/gemma-platform", "dependabot[bot]")],
    ids=["fork", "fork that is gone", "dependabot"],
)
def test_where_the_token_may_only_read_the_summary_has_it_all(
    tmp_path, github, monkeypatch, reports, repository, actor
) -> None:
    github.may_write = False
    environ = pull_request_run(tmp_path, github, repository, GITHUB_ACTOR=actor)
    del environ["GITHUB_TOKEN"]
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert publish(monkeypatch, environ, reports) == 0
    assert github.requests == []
    assert "### dev: +$1.00" in summary(tmp_path)
    assert "### prod: +$1.00" in summary(tmp_path)
    assert "may only read" in summary(tmp_path)


def test_a_token_without_the_permission_fails_and_says_what_github_said(
    tmp_path, github, monkeypatch, reports, capsys
) -> None:
    github.may_write = False
    assert publish(monkeypatch, pull_request_run(tmp_path, github), reports) == 1
    said = capsys.readouterr().err
    assert "403 to POST /repos/example/gemma-platform/issues/7/comments: Resource not accessible" in said
    assert TOKEN not in said


def test_a_missing_token_is_named(tmp_path, github, monkeypatch, reports, capsys) -> None:
    environ = pull_request_run(tmp_path, github)
    assert publish(monkeypatch, {**environ, "GITHUB_TOKEN": ""}, reports) == 1
    assert "GITHUB_TOKEN must be set" in capsys.readouterr().err


def test_a_next_page_on_another_host_does_not_get_the_token(
    tmp_path, github: FakeGitHub, monkeypatch, reports, capsys
) -> None:
    github.page_limit = 1
    for number in range(2):
        github.comment(PULL, f"talk {number}", login="somebody")
    real = github.url
    environ = pull_request_run(tmp_path, github)
    github.url = "http://127.0.0.2:1"  # what the Link header will name
    assert publish(monkeypatch, {**environ, "GITHUB_API_URL": real}, reports) == 1
    assert "another host" in capsys.readouterr().err
