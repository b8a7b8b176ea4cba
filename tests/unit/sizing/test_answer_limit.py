"""The longest answer: limited in tokens so that its seconds hold, and told to the engine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.engine_arguments import engine_arguments
from components.sizing.errors import SizingError
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.record import SizingRecord
from components.sizing.speed import (
    LONGEST_GENERATION_SECONDS,
    decode_rate,
    first_token_seconds,
    generation_seconds,
    longest_generation_seconds,
)
from tests.unit.sizing.test_placement import FLAGS, PAYMENTS, SUPPLY, SUPPORT

CATALOGUE = load_catalogue()
#: 31B on two L4 answers slowly: its whole context would take hours.
SLOW = replace(PAYMENTS, model="gemma-4-31b-it", runs_on="gke", precision="w4a16", context_tokens=65536)


def limit_in(record: SizingRecord) -> int | None:
    """The limit that the engine is told."""
    flag = "--override-generation-config="
    stated = [a.removeprefix(flag) for a in engine_arguments(record, "x") if a.startswith(flag)]
    return json.loads(stated[0])["max_new_tokens"] if stated else None


@pytest.mark.parametrize("demand", [PAYMENTS, SUPPORT, SLOW, replace(SUPPORT, runs_on="cloud-run")])
def test_the_longest_generation_is_within_the_platforms_limit_and_the_engine_is_told(demand) -> None:
    record = place(demand, SUPPLY, CATALOGUE)
    assert longest_generation_seconds(record) <= LONGEST_GENERATION_SECONDS
    assert record.max_answer_tokens >= demand.typical_answer_tokens
    whole_context = record.max_answer_tokens == demand.context_tokens
    assert limit_in(record) == (None if whole_context else record.max_answer_tokens)
    # with a start from zero (600 s of node, this start) and a minute of margin it stays within an hour
    assert longest_generation_seconds(record) + 60 + 600 + record.startup_seconds <= 3600


def test_a_limit_that_nobody_stated_is_the_largest_that_holds_in_steps_of_256() -> None:
    record = place(SLOW, SUPPLY, CATALOGUE)
    limit, config, load = record.max_answer_tokens, record.budget.config, record.budget.load
    assert limit % 256 == 0
    assert limit < SLOW.context_tokens
    # the limit reserves the first token of the whole context, a little more than the longest prompt beside such an answer
    whole = first_token_seconds(config, load, config.max_model_len).worst
    longest = generation_seconds(SLOW, config, load, limit)
    left = whole - first_token_seconds(config, load, config.max_model_len - limit).worst
    assert longest + left <= LONGEST_GENERATION_SECONDS < longest + left + 256 / decode_rate(config, load).worst * 2


def test_the_estimate_is_slower_than_the_pessimistic_rate_of_typical_requests() -> None:
    record = place(SLOW, SUPPLY, CATALOGUE)
    config, load = record.budget.config, record.budget.load
    rate = decode_rate(config, load).worst
    assert longest_generation_seconds(record) > record.max_answer_tokens / rate


def test_a_stated_limit_is_obeyed_and_one_that_takes_too_long_moves_to_a_faster_place_or_is_refused() -> None:
    assert place(replace(SLOW, max_answer_tokens=2000), SUPPLY, CATALOGUE).max_answer_tokens == 2000
    slow = place(SLOW, SUPPLY, CATALOGUE)
    more = replace(SLOW, max_answer_tokens=slow.max_answer_tokens + 2000)
    faster = place(more, SUPPLY, CATALOGUE)
    assert longest_generation_seconds(faster) <= LONGEST_GENERATION_SECONDS
    assert (faster.accelerator, faster.max_num_seqs) != (slow.accelerator, slow.max_num_seqs)
    with pytest.raises(
        SizingError, match=r"an answer of 65536 tokens takes about \d+ s at worst \(estimate\), 2400 are allowed"
    ):
        place(replace(SLOW, max_answer_tokens=65536), replace(SUPPLY, gke_quota={"nvidia-l4": 2}), CATALOGUE)


@pytest.mark.parametrize("tokens", [499, 32769])
def test_a_limit_below_a_typical_answer_or_above_the_context_is_refused(tokens: int) -> None:
    with pytest.raises(SizingError, match="allowed: from a typical answer, 500, to the context, 32768") as caught:
        place(replace(PAYMENTS, max_answer_tokens=tokens), SUPPLY, CATALOGUE)
    assert caught.value.field == "max_answer_tokens"


def test_the_flag_exists_in_every_engine_that_can_be_deployed_and_the_figures_are_published() -> None:
    deployable = [engine.version for engine in CATALOGUE.engines if engine.deployable]
    assert all("--override-generation-config" in FLAGS[version] for version in deployable)
    record = place(SLOW, SUPPLY, CATALOGUE)
    plain = published(record)
    assert plain["max_answer_tokens"] == record.max_answer_tokens
    assert plain["longest_generation_seconds"] == longest_generation_seconds(record)
