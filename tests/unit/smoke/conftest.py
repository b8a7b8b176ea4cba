"""The server that the smoke test is sent to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from components.smoke import connection
from tests.tools.smoke_recorded import RecordedEngine, recorded_engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordedEngine]:
    """A good engine; tests make it bad. Pauses between tries are short."""
    monkeypatch.setattr(connection, "PAUSE_SECONDS", 0.02)
    with recorded_engine() as running:
        yield running
