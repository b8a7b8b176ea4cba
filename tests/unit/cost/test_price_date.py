"""The age of prices."""

from __future__ import annotations

import datetime

import pytest

from components.cost.errors import CostError
from components.cost.prices.price_date import Source, UsedPrice, old_prices

TODAY = datetime.date(2026, 11, 25)


def used(date: str) -> list[UsedPrice]:
    return [UsedPrice("g2-standard-8", Source("a list", date))]


def test_a_price_is_old_on_the_day_after_its_hundred_and_twentieth() -> None:
    day = datetime.date(2026, 7, 28)
    assert (TODAY - day).days == 120
    assert old_prices(used(str(day)), TODAY) == []
    assert old_prices(used("2026-07-27"), TODAY) == [
        "the price of g2-standard-8 is older than 120 days (a list, 2026-07-27); look it up anew"
    ]


@pytest.mark.parametrize(
    ("date", "day"), [("2026", "2026-01-01"), ("2026-04", "2026-04-01"), ("2026-04-09", "2026-04-09")]
)
def test_a_month_or_a_year_counts_from_its_first_day(date: str, day: str) -> None:
    assert Source("a list", date).day == datetime.date.fromisoformat(day)


def test_prices_of_one_source_are_told_in_one_sentence() -> None:
    both = [*used("2026-01"), UsedPrice("g2-standard-24", Source("a list", "2026-01"))]
    (sentence,) = old_prices([*both, *both], TODAY)
    assert sentence.startswith("the price of g2-standard-8, g2-standard-24 is older")


def test_a_price_from_after_today_is_a_wrong_clock() -> None:
    with pytest.raises(CostError, match=r"is from 2026-11-26, which is after today, 2026-11-25 .* set the clock"):
        old_prices(used("2026-11-26"), TODAY)


@pytest.mark.parametrize("date", ["soon", "2026-13", "2026-02-30", "20260101"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(CostError, match=date):
        old_prices(used(date), TODAY)
