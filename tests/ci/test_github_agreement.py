"""After a merge only a report that somebody has seen counts: from the bot's own comment, or given by hand."""

from __future__ import annotations

import pytest

from pipeline.github.__main__ import main
from pipeline.github.comments import Agreed, record_of, with_record
from tests.ci.fake_github import FakeGitHub
from tests.ci.runs import ENVIRONMENTS, MERGED, PULL

SEEN = Agreed("2026-12-01", "9f3c0a1b2c3d")
REPORT = "<!-- gemma-platform:dev -->\n### dev: +$1.00\n"


def agreed(monkeypatch: pytest.MonkeyPatch, github: FakeGitHub, capsys, accept: str = "") -> tuple[int, list[str], str]:
    for name, value in github.environ(GITHUB_SHA=MERGED, ACCEPT=accept).items():
        monkeypatch.setenv(name, value)
    code = main(["agreed", *ENVIRONMENTS])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err


def merge(github: FakeGitHub, **more: object) -> None:
    pull = {"number": PULL, "merged_at": "2026-12-01T10:00:00Z", "merge_commit_sha": MERGED, **more}
    github.pulls_of_commit[MERGED] = [pull]


def test_a_record_comes_back_from_the_comment_it_was_written_into() -> None:
    assert record_of(with_record(REPORT, SEEN)) == SEEN


def test_the_merged_pull_requests_comment_says_what_was_seen(monkeypatch, github, capsys) -> None:
    merge(github)
    github.comment(PULL, with_record(REPORT, SEEN))
    assert agreed(monkeypatch, github, capsys) == (0, ["dev=2026-12-01/9f3c0a1b2c3d", "prod="], "")


@pytest.mark.parametrize(
    "comment",
    [
        REPORT,
        REPORT + '\n<!-- gemma-platform-record:{"day": "2026-12-01"} -->\n',
        REPORT + '\n<!-- gemma-platform-record:{"day": "2026-12-01", "digest": "$(id)"} -->\n',
        REPORT + "\n<!-- gemma-platform-record:{broken} -->\n",
        with_record(REPORT, SEEN) + "\nand a word after it",
    ],
    ids=["no record", "no digest", "no hexadecimal digits", "no JSON", "not at the end"],
)
def test_what_cannot_be_read_was_agreed_to_by_nobody(monkeypatch, github, capsys, comment) -> None:
    merge(github)
    github.comment(PULL, comment)
    assert agreed(monkeypatch, github, capsys) == (0, ["dev=", "prod="], "")


def test_a_persons_comment_is_no_record(monkeypatch, github, capsys) -> None:
    merge(github)
    github.comment(PULL, with_record(REPORT, SEEN), login="somebody")
    assert agreed(monkeypatch, github, capsys)[1] == ["dev=", "prod="]


@pytest.mark.parametrize("more", [{"merged_at": None}, {"merge_commit_sha": "c" * 40}], ids=["open", "another commit"])
def test_a_pull_request_that_did_not_make_this_commit_says_nothing_about_it(monkeypatch, github, capsys, more) -> None:
    merge(github, **more)
    github.comment(PULL, with_record(REPORT, SEEN))
    assert agreed(monkeypatch, github, capsys)[1] == ["dev=", "prod="]


def test_a_digest_given_by_hand_is_taken_and_no_comment_read(monkeypatch, github, capsys) -> None:
    merge(github)
    github.comment(PULL, with_record(REPORT, SEEN))
    given = agreed(monkeypatch, github, capsys, accept="prod=2026-12-02/0123456789ab")
    assert given == (0, ["dev=", "prod=2026-12-02/0123456789ab"], "")
    assert github.requests == []


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("stage=2026-12-02/0123456789ab", "names no environment"),
        ("dev=0123456789ab", "is no <day>/<digest>"),
        ("dev=2026-12-02/0123\nprod=$(id)", "is no <day>/<digest>"),
    ],
)
def test_a_text_that_is_no_digest_is_refused(monkeypatch, github, capsys, accept, said) -> None:
    code, out, err = agreed(monkeypatch, github, capsys, accept=accept)
    assert (code, out) == (1, [])
    assert said in err
