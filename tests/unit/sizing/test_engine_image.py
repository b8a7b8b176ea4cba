"""Which user an engine's image can run as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.placement import place
from components.sizing.published import published
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY

CATALOGUE = load_catalogue()


def test_images_are_known_to_ship_the_user_from_0_24_on_and_not_before() -> None:
    for engine in CATALOGUE.engines:
        user = engine.image.run_as
        assert (user is not None) is (engine.numbers >= (0, 24, 0)), engine.version
        if user is not None:
            assert (user.user_id, user.group_id, user.restricted) == (2000, 0, True)
            assert user.home in user.writable


@pytest.mark.parametrize(("version", "known"), [("0.33.0", True), ("0.23.0", False)])
def test_a_record_tells_the_user_or_that_none_is_known(version: str, known: bool) -> None:
    record = place(PAYMENTS, replace(SUPPLY, engine_version=version), CATALOGUE)
    plain = published(record)["run_as"]
    if not known:
        assert record.run_as is None
        assert plain is None
        return
    assert plain["user_id"] == 2000
    assert plain["writable"] == ["/home/vllm", "/tmp"]  # noqa: S108  (the image's, not this machine's)
    assert plain["source"]
