"""Times two actions in pairs, in turn and in one run, so that a machine that slows down slows down both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of both actions, pair by pair."""

    first_s: tuple[float, ...]
    second_s: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """First over second, pair by pair."""
        return [a / b for a, b in zip(self.first_s, self.second_s, strict=True)]

    @property
    def ratio(self) -> float:
        """Median of the ratios."""
        return statistics.median(self.ratios)


def time_in_pairs(first: Callable[[], object], second: Callable[[], object], pairs: int) -> Pairs:
    """Runs each action once to warm up, then `pairs` times in turn; each pair starts with the other one."""
    first()
    second()
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        order = ((0, first), (1, second)) if number % 2 == 0 else ((1, second), (0, first))
        for index, action in order:
            start = time.perf_counter()
            action()
            seconds[index].append(time.perf_counter() - start)
    return Pairs(tuple(seconds[0]), tuple(seconds[1]))
