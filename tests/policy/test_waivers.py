"""The file of waivers: what it may say, what a preview says of it, and what becomes of it in the cluster."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from policy.judging import Waiver
from policy.levels import LEVELS
from policy.rules import RULES
from policy.rules.rule import Context
from policy.waivers import exceptions, notices, read_waivers, without_effect

ROOT = Path(__file__).resolve().parents[2]
IDS = [rule.id for rule in RULES]
TODAY = datetime.date(2026, 11, 25)
GOOD = """- rule: vram-fit
  resource: team-payments/assistant
  reason: measured on the card itself
  approver: ml-platform@example.com
  expires: 2027-01-31
"""
WAIVER = Waiver(
    "vram-fit",
    "team-payments/assistant",
    "measured on the card itself",
    "ml-platform@example.com",
    datetime.date(2027, 1, 31),
    "stacks/dev/waivers.yaml:1",
)
LABELS = {"team": "platform"}


def read(folder: Path, text: str) -> tuple[tuple[Waiver, ...], list[str]]:
    """(waivers, problems) of a file of dev with that text."""
    file = folder / "stacks" / "dev" / "waivers.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    waivers, problems = read_waivers(folder, "dev", IDS)
    return waivers, [str(problem) for problem in problems]


def test_a_waiver_is_read_with_the_place_where_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == ((WAIVER,), [])


@pytest.mark.parametrize("environment", LEVELS)
def test_the_committed_files_are_in_order(environment: str) -> None:
    assert (ROOT / "stacks" / environment / "waivers.yaml").is_file()
    assert read_waivers(ROOT, environment, IDS)[1] == []


def test_an_environment_without_the_file_waives_nothing(tmp_path: Path) -> None:
    assert read_waivers(tmp_path, "dev", IDS) == ((), [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rule: vram-fit", "rule: vram-fitt", ":1: [0].rule: unknown rule 'vram-fitt'; did you mean 'vram-fit'?"),
        ("approver", "aprover", ":4: [0].aprover: unknown field; did you mean 'approver'?"),
        ("  expires: 2027-01-31\n", "", ":1: [0].expires: is missing"),
        ("2027-01-31", "soon", ":5: [0].expires: "),
        ("measured on the card itself", "because", ":3: [0].reason: "),
        ("ml-platform@example.com", "the boss", ":4: [0].approver: "),
        ("team-payments/assistant", "all of them", ":2: [0].resource: "),
        (
            GOOD,
            GOOD + GOOD,
            ":7: [1].resource: 'vram-fit' is already waived for 'team-payments/assistant' in stacks/dev/waivers.yaml:1",
        ),
        (GOOD, "rule: vram-fit\n", ":1: must be a list of waivers"),
        (GOOD, "- vram-fit\n", ":1: [0]: "),
        (GOOD, "- [}\n", ":1: is no valid YAML"),
        ("reason:", "rule: vram-fit\n  reason:", ":3: [0].rule: is written twice"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    _, problems = read(tmp_path, GOOD.replace(old, new))
    assert any(problem.startswith(f"stacks/dev/waivers.yaml{message}") for problem in problems), problems


@pytest.mark.parametrize(
    ("days", "warned", "words"),
    [
        (15, False, "is waived until"),
        (14, True, "is waived until"),
        (0, True, "is waived until"),
        (-1, True, "ended on"),
    ],
)
def test_a_preview_lists_waivers_and_warns_from_14_days_before_the_end(days: int, warned: bool, words: str) -> None:
    end = TODAY + datetime.timedelta(days=days)
    warnings, notes = notices([replace(WAIVER, expires=end)], TODAY)
    (line,) = warnings if warned else notes
    assert (len(warnings), len(notes)) == ((1, 0) if warned else (0, 1))
    assert words in line
    assert "vram-fit of team-payments/assistant" in line
    assert str(end) in line
    assert "stacks/dev/waivers.yaml:1" in line


def test_a_waiver_without_effect_is_told_with_its_place() -> None:
    (line,) = without_effect([WAIVER])
    assert "the waiver of vram-fit of team-payments/assistant has no effect" in line
    assert line.endswith("remove stacks/dev/waivers.yaml:1")


def test_a_waiver_becomes_an_exception_that_ends_when_its_last_day_does() -> None:
    (made,) = exceptions([WAIVER], RULES, Context(today=TODAY), LABELS)
    assert (made["apiVersion"], made["kind"]) == ("policies.kyverno.io/v1", "PolicyException")
    assert made["metadata"] == {
        "name": "waiver.vram-fit.team-payments.assistant",
        "namespace": "kyverno",
        "labels": LABELS,
    }
    assert made["spec"]["expiresAt"] == "2027-02-01T00:00:00Z"
    vram_fit = next(rule for rule in RULES if rule.id == "vram-fit")
    assert made["spec"]["policyRefs"] == [
        {"name": policy.name, "kind": "ValidatingPolicy"} for policy in vram_fit.admission(Context())
    ]
    assert made["spec"]["policyRefs"]


@pytest.mark.parametrize(
    "waiver",
    [
        replace(WAIVER, expires=TODAY - datetime.timedelta(days=1)),
        replace(WAIVER, resource="load-google/gemma-4-E4B-it"),
        replace(WAIVER, resource="a'b"),
    ],
)
def test_what_is_over_or_no_name_of_an_object_becomes_none(waiver: Waiver) -> None:
    assert exceptions([waiver], RULES, Context(today=TODAY), LABELS) == []


def test_a_rule_that_judges_nothing_at_admission_has_no_exception() -> None:
    silent = [replace(rule, admission=lambda context: ()) for rule in RULES]
    assert exceptions([WAIVER], silent, Context(today=TODAY), LABELS) == []
