"""Compares a generated page of the environments with what would be generated now."""

from __future__ import annotations

import pytest

from stacks.describe.described_teams import teams_digest
from tests.committed_files import ROOT


def assert_not_stale(page: str, generated: str) -> None:
    """The page is what the code makes of the team files that it names.

    One that names others was made before a team's file came or changed, and is skipped: a team's pull request holds its own file
    alone, and the weekly one with newer pins brings the pages.
    """
    if teams_digest(ROOT) not in page:
        pytest.skip("the page describes other team files than there are now; `make docs` describes these")
    assert page == generated, "run `make docs`"
