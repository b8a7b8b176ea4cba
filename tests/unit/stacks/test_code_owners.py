""".github/CODEOWNERS is what the team files say, and leaves none of them to nobody."""

from __future__ import annotations

from stacks.code_owners import TARGET, committed_environments, render_code_owners
from tests.committed_files import ROOT
from tests.generated_pages import assert_not_stale

TEXT = TARGET.read_text(encoding="utf-8")
LINES = [line.split() for line in TEXT.splitlines() if line and not line.startswith("#")]


def test_the_file_is_not_stale() -> None:
    assert_not_stale(TEXT, render_code_owners(committed_environments()))


def test_every_team_file_has_one_line_that_names_its_owner_and_the_platform() -> None:
    environments = {environment.name: environment for environment in committed_environments()}
    files = sorted((ROOT / "stacks").glob("*/teams/*.yaml"))
    assert files
    for path in files:
        shown = path.relative_to(ROOT).as_posix()
        environment = environments[path.parts[-3]]
        (owner,) = (each.team.owner for each in environment.teams if each.file == shown)
        (owners,) = (line[1:] for line in LINES if line[0] == f"/{shown}")
        assert [each.partition("/")[2] for each in owners] == [owner, environment.settings.owner]


def test_the_line_for_everything_comes_first_since_the_last_match_wins() -> None:
    assert LINES[0][0] == "*"
    assert [line[0] for line in LINES].count("*") == 1


def test_every_owner_is_a_team_of_one_organisation() -> None:
    assert len({owner.partition("/")[0] for line in LINES for owner in line[1:]}) == 1
    assert all(owner.startswith("@") and owner.count("/") == 1 for line in LINES for owner in line[1:])
