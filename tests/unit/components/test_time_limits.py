"""The table of time limits: both chains hold for whatever it lets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.time_limits import GATEWAY_SECONDS, LONGEST_REQUEST_SECONDS, time_limits


@given(st.integers(1, 3540), st.integers(60, 1200), st.integers(1, 4), st.booleans(), st.booleans())
def test_both_chains_hold_for_every_deployment_that_is_let_through(
    longest: int, startup: int, factor: int, from_zero: bool, new_node: bool
) -> None:
    try:
        limits = time_limits(longest, startup, startup * factor, from_zero=from_zero, new_node=new_node)
    except ValueError:
        assert longest + 60 + (startup + 600 * new_node) * from_zero > LONGEST_REQUEST_SECONDS
        return
    assert limits.longest_generation <= limits.request <= LONGEST_REQUEST_SECONDS <= GATEWAY_SECONDS
    assert limits.startup <= limits.startup_probe <= limits.progress_deadline
    assert limits.termination_grace >= limits.longest_generation
    if from_zero:  # the first request waits for the start and then for its answer
        assert limits.request >= limits.cold_start + limits.longest_generation


def test_what_cannot_be_answered_in_time_is_refused_with_the_sum_and_a_way_out() -> None:
    with pytest.raises(
        ValueError, match=r"4000 s \(3000 s for the longest answer, 940 s for a cold start\).*scale_to_zero: false"
    ):
        time_limits(3000, 340, 900, from_zero=True, new_node=True)


def test_a_start_that_its_probe_would_not_wait_for_is_refused() -> None:
    with pytest.raises(ValueError, match="a start takes about 601 s, and the probe gives up after 600 s"):
        time_limits(100, 601, 600, from_zero=False, new_node=False)
