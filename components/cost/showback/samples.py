"""Sums over raw samples of a time series: what a counter counted, and how long a value was there. Pure and exact.

Prometheus's `increase` and `rate` extrapolate to the ends of their window and lose what lies between two scrapes of a restart.
For a bill, every positive step between two samples counts once: a counter that is lower than before began anew at zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.showback.month import Span

#: (seconds since 1970, value), in the order of time.
Point = tuple[Decimal, Decimal]


@dataclass(slots=True)
class Steps:
    """What a counter counted in a span. `last` is its value before the span; without one its first sample counts as a whole,
    since
    counters begin at zero."""

    what: str
    span: Span
    last: Decimal = Decimal(0)
    total: Decimal = field(default=Decimal(0), init=False)
    _time: Decimal = field(default=Decimal(-1), init=False)

    def add(self, points: Iterable[Point]) -> None:
        """Counts more samples; those that were counted, or lie outside of the span, are passed over."""
        for time, value in points:
            if time <= self._time or not self.span.start < time <= self.span.end:
                continue
            if value < 0:
                raise CostError(f"negative traffic: {self.what} is {value} at {time}; a counter cannot be below zero")
            self.total += value - self.last if value >= self.last else value
            self.last, self._time = value, time


@dataclass(frozen=True, slots=True)
class Run:
    """A time in which a series had one value."""

    begin: Decimal
    end: Decimal
    value: Decimal


@dataclass(slots=True)
class Runs:
    """When a gauge had which value, within a span: each sample counts until the next one. Two samples that are further apart than
    `bridge` seconds have nothing between them; None bridges every gap."""

    span: Span
    bridge: Decimal | None
    found: list[Run] = field(default_factory=list, init=False)
    _last: Point | None = field(default=None, init=False)

    def add(self, points: Iterable[Point]) -> None:
        """Takes more samples, in the order of time; those that were taken are passed over."""
        for time, value in points:
            if self._last is not None:
                before, old = self._last
                if time <= before:
                    continue
                if self.bridge is None or time - before <= self.bridge:
                    self._take(max(before, self.span.start), min(time, self.span.end), old)
            self._last = time, value

    def _take(self, begin: Decimal, end: Decimal, value: Decimal) -> None:
        if end <= begin:
            return
        if self.found and self.found[-1].end == begin and self.found[-1].value == value:
            self.found[-1] = Run(self.found[-1].begin, end, value)
        else:
            self.found.append(Run(begin, end, value))


def seconds_above_zero(runs: Iterable[Iterable[Run]], tail: Decimal = Decimal(0)) -> Decimal:
    """How long at least one of several series was above zero; with a tail, also for so long after each time that it was."""
    busy = sorted((run.begin, run.end + tail) for series in runs for run in series if run.value > 0)
    total, reached = Decimal(0), Decimal(0)
    for begin, end in busy:
        if end > reached:
            total += end - max(begin, reached)
            reached = end
    return total
