"""The comparison of generated pages fails for a stale one, and passes over one that was made for other team files."""

from __future__ import annotations

import pytest

from stacks.describe.described_teams import teams_digest
from tests.committed_files import ROOT
from tests.generated_pages import assert_not_stale

PAGE = f"Team files described: {teams_digest(ROOT)}. One deployment."


def test_a_page_of_these_team_files_must_be_what_is_generated() -> None:
    assert_not_stale(PAGE, PAGE)
    with pytest.raises(AssertionError, match="run `make docs`"):
        assert_not_stale(PAGE, PAGE.replace("One", "Two"))


def test_a_page_of_other_team_files_is_passed_over_with_the_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="describes other team files"):
        assert_not_stale(PAGE.replace(teams_digest(ROOT), "0" * 12), PAGE)
