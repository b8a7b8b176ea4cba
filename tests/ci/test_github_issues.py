"""Drift is one open issue for each environment, and new pins are one open pull request; both are kept up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.github.__main__ import main
from tests.ci.fake_github import BOT, FakeGitHub
from tests.ci.runs import run_of


def nightly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, github: FakeGitHub, verdict: str, text: str = "a bucket"
) -> int:
    finding = {"env": "dev", "verdict": verdict, "title": f"dev: {verdict}", "text": text}
    (tmp_path / "drift-dev.json").write_text(json.dumps(finding), encoding="utf-8")
    for name, value in run_of(tmp_path, github, {}).items():
        monkeypatch.setenv(name, value)
    return main(["drift", str(tmp_path)])


def test_nights_of_drift_are_one_issue_which_follows_what_differs(monkeypatch, tmp_path, github, capsys) -> None:
    for text in ("a bucket", "a bucket", "a bucket and a key"):
        assert nightly(monkeypatch, tmp_path, github, "differs", text) == 0
    [issue] = github.issues
    assert issue["body"] == "<!-- gemma-platform:drift:dev -->\na bucket and a key"
    assert (issue["labels"], issue["state"]) == (["drift"], "open")
    told = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in told] == [
        "dev: opened #1",
        "dev: #1 says it already",
        "dev: brought #1 up to date",
    ]


def test_a_quiet_night_closes_it_and_the_next_drift_opens_a_new_one(monkeypatch, tmp_path, github) -> None:
    for verdict in ("same", "differs", "same", "differs"):
        assert nightly(monkeypatch, tmp_path, github, verdict) == 0
    assert [issue["state"] for issue in github.issues] == ["closed", "open"]
    assert [len(github.comments.get(issue["number"], [])) for issue in github.issues] == [1, 0]


def test_a_night_that_could_not_look_is_told_and_does_not_close(monkeypatch, tmp_path, github) -> None:
    nightly(monkeypatch, tmp_path, github, "differs")
    nightly(monkeypatch, tmp_path, github, "failed", "no login")
    assert [(issue["title"], issue["state"]) for issue in github.issues] == [("dev: failed", "open")]


def test_an_issue_of_somebody_else_and_a_pull_request_are_left_alone(monkeypatch, tmp_path, github) -> None:
    body = "<!-- gemma-platform:drift:dev -->\nmine"
    others = [
        {
            "number": 901,
            "state": "open",
            "user": {"login": "somebody"},
            "labels": ["drift"],
            "title": "t",
            "body": body,
        },
        {
            "number": 902,
            "state": "open",
            "user": BOT,
            "labels": ["drift"],
            "title": "t",
            "body": body,
            "pull_request": {},
        },
    ]
    github.issues += others
    nightly(monkeypatch, tmp_path, github, "differs")
    assert [issue["body"] for issue in github.issues[:2]] == [body, body]
    assert len(github.issues) == 3


def test_a_file_that_is_no_finding_is_named(monkeypatch, tmp_path, github, capsys) -> None:
    (tmp_path / "drift-prod.json").write_text("{}", encoding="utf-8")
    assert nightly(monkeypatch, tmp_path, github, "same") == 1
    assert "drift-prod.json is no finding: KeyError('env')" in capsys.readouterr().err


def test_new_pins_are_one_pull_request(monkeypatch, tmp_path, github) -> None:
    for name, value in github.environ().items():
        monkeypatch.setenv(name, value)
    body = tmp_path / "body.md"
    for text in ("first week", "second week"):
        body.write_text(text, encoding="utf-8")
        assert main(["propose", "--branch", "pins", "--base", "main", "--title", "New pins", "--body", str(body)]) == 0
    [pull] = github.pulls
    assert (pull["head"], pull["base"], pull["body"]) == ("pins", "main", "second week")
