"""Fixtures of the tests of what a continuous integration runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ci import fake_github
from tests.ci.fake_github import FakeGitHub


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A repository of GitHub's, fresh for each test."""
    with fake_github.serve() as served:
        yield served
