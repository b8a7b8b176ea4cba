"""How old a price is. A date that names a month or a year only counts from its first day: the price is at most that old."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from components.cost.errors import CostError

#: Days after which a price is to be looked up anew.
OLD_AFTER_DAYS = 120

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a price was read, and when: a day, a month (2026-04) or a year (2026)."""

    name: str
    date: str

    @property
    def day(self) -> datetime.date:
        """The first day that the date may mean. Raises CostError for what is no date."""
        match = _DATE.fullmatch(self.date)
        if match is None:
            raise CostError(f"{self.name}: the date of its prices is '{self.date}'; write 2026, 2026-08 or 2026-08-20")
        year, month, day = (int(part) if part else 1 for part in match.groups())
        try:
            return datetime.date(year, month, day)
        except ValueError:
            raise CostError(f"{self.name}: there is no day '{self.date}', the date of its prices") from None

    def __str__(self) -> str:
        return f"{self.name}, {self.date}"


@dataclass(frozen=True, slots=True)
class UsedPrice:
    """A price that a plan rests on: of what, and where it was read."""

    what: str
    source: Source


def old_prices(prices: Iterable[UsedPrice], today: datetime.date) -> list[str]:
    """One sentence for each source whose prices are older than `OLD_AFTER_DAYS`, with what they are of.

    Raises CostError for a price that was read after today: then the clock is wrong, or the date.
    """
    old: dict[Source, list[str]] = {}
    for price in prices:
        age = (today - price.source.day).days
        if age < 0:
            raise CostError(
                f"the price of {price.what} is from {price.source.date}, which is after today, {today} ({price.source.name}); "
                "set the clock, or mend the date"
            )
        if age > OLD_AFTER_DAYS:
            old.setdefault(price.source, []).append(price.what)
    return [
        f"the price of {', '.join(dict.fromkeys(names))} is older than {OLD_AFTER_DAYS} days ({source}); look it up anew"
        for source, names in sorted(old.items(), key=lambda item: (item[0].day, item[0].name))
    ]
