"""A deployment is added to a team's file without a byte of what somebody wrote there being changed."""

from __future__ import annotations

import pytest
import yaml

from stacks.wishes.file_text import CannotAddError, team_text, text_with_deployment

NEW = {"name": "b", "inputs": ["text", "image"], "max_items": {"image": 2}, "owner": "no", "expires_on": "2027-01-01"}
ITEM = "- name: b\n  inputs: [text, image]\n  max_items: {image: 2}\n  owner: 'no'\n  expires_on: '2027-01-01'\n"


def item(dash: int, column: int | None = None) -> str:
    """The new deployment as its lines, indented."""
    gap = " " * ((column or dash + 2) - dash - 1)
    first, *others = ITEM.splitlines()
    return "".join(
        f"{' ' * dash}{line}\n" for line in [f"-{gap}{first[2:]}", *(f" {gap}{line[2:]}" for line in others)]
    )


#: (the file before, what is put in, what follows it)
PLACES = {
    "at the end": ("team: a\ndeployments:\n  - name: x\n    runs_on: gke\n", item(2), ""),
    "before what follows": ("deployments:\n  - name: x\n", item(2), "# about the team\nteam: a\n"),
    "behind a comment of the last one": (
        "deployments:\n  - name: x # why\n    # runs_on: gke\n",
        item(2),
        "  # - name: old\n",
    ),
    "before blank lines": ("deployments:\n  - name: x\n", item(2), "\n\nteam: a\n"),
    "dashes at the margin": ("deployments:\n- name: x\n  model: m\n", item(0), "team: a\n"),
    "wide dashes": ("deployments:\n  -   name: x\n      model: m\n", item(2, 6), "team: a\n"),
    "behind a list of the last one": ("deployments:\n  - name: x\n    callers:\n      - a@b.c\n", item(2), "team: a\n"),
    "behind brackets over two lines": ("deployments:\n  - name: x\n    callers: [a,\n      b]\n", item(2), "team: a\n"),
    "behind text of several lines": ("deployments:\n  - name: x\n    model: |\n      m\n", item(2), "team: a\n"),
    "no deployments yet": ("# top\nteam: a  # x\n", "deployments:\n" + item(2), ""),
    "an empty field": ("team: a\ndeployments: # none yet\n", item(2), "# end\n"),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_stood_there_stays_byte_for_byte(name: str) -> None:
    before, added, after = PLACES[name]
    assert text_with_deployment(before + after, NEW) == before + added + after


def test_a_file_without_a_line_break_at_its_end_gets_one() -> None:
    assert text_with_deployment("deployments:\n  - name: x", NEW) == "deployments:\n  - name: x\n" + item(2)


def test_line_breaks_of_windows_are_kept() -> None:
    before, added, _ = PLACES["at the end"]
    found = text_with_deployment(before.replace("\n", "\r\n"), NEW)
    assert found == (before + added).replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("team: a\ndeployments: [{name: x}]\n", "line 2: deployments is written in brackets"),
        ("team: a\ndeployments: []\n", "line 2: deployments is written in brackets"),
        ("{team: a}\n", "no mapping with a line for each field"),
        ("team: a\n...\n", "add the deployment by hand"),
    ],
)
def test_a_file_to_which_nothing_can_be_added_is_refused_with_what_to_do(text: str, expected: str) -> None:
    with pytest.raises(CannotAddError, match=expected.replace("[", r"\[")):
        text_with_deployment(text, NEW)


def test_a_new_file_says_what_is_given_and_names_the_schema() -> None:
    text = team_text({"team": "a", "monthly_budget_usd": 10}, [NEW])
    assert text.startswith("# yaml-language-server: $schema=../../team.schema.json\nschema: 1\nteam: a\n")
    assert yaml.safe_load(text) == {"schema": 1, "team": "a", "monthly_budget_usd": 10, "deployments": [NEW]}
    assert "deployments" not in team_text({"team": "a"}, [])
