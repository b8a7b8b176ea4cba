"""USD for a million tokens of prompts and of answers, each with its band, while a replica is as busy as it was sized for.

By compute time: while a prompt is computed the replica works on it alone, for the time to the first token; while it decodes, each
step yields tokens for all of its `max_num_seqs` requests. Both together are what a typical request takes of the replica, and so
what it costs. The band is that of the speed estimate: nothing here is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.record import SizingRecord

MILLION = 1_000_000
SECONDS_OF_HOUR = 3600
_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Spread:
    """An estimate and the range around it; `low` is never above `high`."""

    low: Decimal
    typical: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class TokenCost:
    """USD a million tokens with `requests` at once in a replica. `prompt` is None where a typical request is all answer."""

    requests: int
    prompt: Spread | None
    answer: Spread


def token_cost(record: SizingRecord) -> TokenCost:
    """The cost of tokens at the load for which a deployment is sized."""
    answer = record.demand.typical_answer_tokens
    prompt = record.demand.typical_tokens - answer
    second = record.usd_per_hour / SECONDS_OF_HOUR
    return TokenCost(
        record.budget.load.concurrent_requests,
        _usd_per_million(prompt_seconds(record), second, prompt) if prompt else None,
        _usd_per_million(answer_seconds(record), second, answer),
    )


def prompt_seconds(record: SizingRecord) -> Spread:
    """Seconds of the replica that a typical prompt takes."""
    first = record.first_token_seconds
    return Spread(*(Decimal(repr(seconds)) for seconds in (first.best, first.typical, first.worst)))


def answer_seconds(record: SizingRecord) -> Spread:
    """Seconds of the replica that a typical answer takes: its share of the steps in which all requests decode."""
    rates, requests = record.decode_tokens_per_second, record.budget.load.concurrent_requests
    tokens = Decimal(record.demand.typical_answer_tokens) / requests
    return Spread(*(tokens / Decimal(repr(rate)) for rate in (rates.best, rates.typical, rates.worst)))


def requests_per_hour(record: SizingRecord) -> Spread:
    """Typical requests that one replica carries in an hour."""
    prompt, answer = prompt_seconds(record), answer_seconds(record)
    return Spread(
        SECONDS_OF_HOUR / (prompt.high + answer.high),
        SECONDS_OF_HOUR / (prompt.typical + answer.typical),
        SECONDS_OF_HOUR / (prompt.low + answer.low),
    )


def _usd_per_million(seconds: Spread, usd_per_second: Decimal, tokens: int) -> Spread:
    of_million = usd_per_second * MILLION / tokens
    return Spread(*((each * of_million).quantize(_STEP) for each in (seconds.low, seconds.typical, seconds.high)))
