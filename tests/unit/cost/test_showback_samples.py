"""Sums over raw samples and months: no step is lost or counted twice."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cost.errors import CostError
from components.cost.showback.month import Span, month_of
from components.cost.showback.samples import Point, Run, Runs, Steps, seconds_above_zero

SPAN = Span(Decimal(100), Decimal(200))
steps = st.lists(st.integers(0, 50), min_size=1, max_size=30)


def points(*pairs: tuple[int, int]) -> list[Point]:
    return [(Decimal(time), Decimal(value)) for time, value in pairs]


def counted(last: int, *pairs: tuple[int, int]) -> Decimal:
    found = Steps("a counter", SPAN, Decimal(last))
    found.add(points(*pairs))
    return found.total


@given(steps, st.sets(st.integers(1, 29)), st.integers(0, 100))
def test_positive_steps_add_up_through_restarts(grown: list[int], restarts: set[int], before: int) -> None:
    found, value, made = Steps("a counter", SPAN, Decimal(before)), before, []
    for number, step in enumerate(grown):
        # a restart shows where the counter comes out lower than it was; one that has caught up already cannot be told
        value = step if number in restarts and step < value else value + step
        made.append((101 + number, value))
    found.add(points(*made))
    assert found.total == sum(grown)


def test_only_steps_of_the_span_count_and_none_twice() -> None:
    pairs = ((90, 5), (100, 7), (150, 10), (200, 12), (250, 90))
    assert counted(7, *pairs) == 5
    found = Steps("a counter", SPAN, Decimal(7))
    for _ in range(2):
        found.add(points(*pairs))
    assert found.total == 5


def test_a_counter_that_is_new_counts_from_zero() -> None:
    assert counted(0, (150, 10), (160, 11)) == 11


def test_a_counter_below_zero_is_negative_traffic() -> None:
    with pytest.raises(CostError, match="negative traffic: a counter is -3"):
        counted(0, (150, -3))


@pytest.mark.parametrize(
    ("bridge", "pairs", "expected"),
    [
        (None, ((50, 1), (150, 1), (300, 1)), [(100, 200, 1)]),
        (60, ((90, 1), (120, 1), (199, 1), (201, 1)), [(100, 120, 1), (199, 200, 1)]),
        (60, ((100, 1), (130, 0), (160, 1)), [(100, 130, 1), (130, 160, 0)]),
        (None, ((150, 1),), []),
        (None, ((210, 1), (220, 1)), []),
    ],
)
def test_a_sample_counts_until_the_next_one(
    bridge: int | None, pairs: tuple[tuple[int, int], ...], expected: list[tuple[int, int, int]]
) -> None:
    runs = Runs(SPAN, None if bridge is None else Decimal(bridge))
    for pair in pairs:
        runs.add(points(pair))
    assert [(run.begin, run.end, run.value) for run in runs.found] == expected


def test_times_of_several_series_count_once_and_a_tail_is_added() -> None:
    series = [[Run(Decimal(0), Decimal(10), Decimal(1))], [Run(Decimal(5), Decimal(20), Decimal(2))]]
    series.append([Run(Decimal(30), Decimal(40), Decimal(0))])
    assert seconds_above_zero(series) == 20
    assert seconds_above_zero(series, Decimal(7)) == 27


def test_months_are_calendar_months_in_utc() -> None:
    today = datetime.date(2026, 3, 16)
    whole, running = month_of("2026-02", today), month_of("2026-03", today)
    assert (whole.hours, whole.span.hours, whole.is_running) == (672, 672, False)
    assert (running.hours, running.span.hours, running.is_running) == (744, 360, True)
    assert running.forecast(Decimal(15)) == 31
    assert month_of("2025-12", today).next_first == datetime.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-04", "begins after today"),
        ("2026-13", "write a month"),
        ("2026-3", "write a month"),
        ("x", "write a month"),
    ],
)
def test_a_month_to_come_and_what_is_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(CostError, match=words):
        month_of(text, datetime.date(2026, 3, 16))


def test_a_month_without_a_whole_day_is_refused() -> None:
    with pytest.raises(CostError, match="no day of 2026-03 has passed"):
        month_of("2026-03", datetime.date(2026, 3, 1))
