"""Calendar months in UTC, and how much of one has passed. Reports count whole days: sources of the same day are still being
filled."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from components.cost.errors import CostError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
SECONDS_OF_HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Span:
    """A time in seconds since 1970, from after `start` up to and with `end`."""

    start: Decimal
    end: Decimal

    @property
    def hours(self) -> Decimal:
        """How long it lasts."""
        return (self.end - self.start) / SECONDS_OF_HOUR


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC, and the day before which it is looked at; `until` is never after its end."""

    first: datetime.date
    next_first: datetime.date
    until: datetime.date

    @property
    def name(self) -> str:
        """As it is written: 2026-11."""
        return f"{self.first:%Y-%m}"

    @property
    def is_running(self) -> bool:
        """True while it has days to come."""
        return self.until < self.next_first

    @property
    def span(self) -> Span:
        """The part that has passed."""
        return Span(_seconds(self.first), _seconds(self.until))

    @property
    def hours(self) -> Decimal:
        """All of it, whether passed or not."""
        return Decimal((self.next_first - self.first).days * 24)

    def forecast(self, amount: Decimal) -> Decimal:
        """An amount of the days so far as that of the whole month, if its other days are as these were."""
        return amount * self.hours / self.span.hours


def month_of(text: str, today: datetime.date) -> Month:
    """The month that a text names, as of a day. Raises CostError for what is none, and for one of which no day has passed."""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise CostError(f"--month: found '{text}'; write a month such as 2026-11")
    first = datetime.date(int(match[1]), int(match[2]), 1)
    following = (first + datetime.timedelta(days=31)).replace(day=1)
    if first > today:
        raise CostError(f"--month: {text} begins after today, {today}; name a month that has begun, or set the clock")
    if first == today:
        raise CostError(f"--month: no day of {text} has passed on {today}; ask again tomorrow")
    return Month(first, following, min(following, today))


def _seconds(day: datetime.date) -> Decimal:
    at_midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return Decimal(int(at_midnight.timestamp()))
