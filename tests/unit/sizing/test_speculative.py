"""Speculative decoding with the publisher's drafter: memory, arguments, legality, speed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.sizing.catalogue import GIB, load_catalogue
from components.sizing.deployments import read_deployment
from components.sizing.engine_arguments import engine_arguments, read_arguments
from components.sizing.engine_config import Load
from components.sizing.errors import SizingError
from components.sizing.extra_checkpoints import ExtraCheckpoint, extra_checkpoints
from components.sizing.legality import why_illegal
from components.sizing.memory import assess, layout_of
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.speed import decode_rate, startup_bytes
from components.sizing.weights import resident_weights
from tests.unit.sizing.configurations import engine_config
from tests.unit.sizing.test_placement import FLAGS, PAYMENTS, SUPPLY

CATALOGUE = load_catalogue()
WISH = replace(PAYMENTS, speculative=True)
DRAFTER = "google/gemma-4-26B-A4B-it-assistant"
DENSE, L4 = "google/gemma-4-31B-it", "nvidia-l4"


def test_the_drafters_weights_graphs_and_tokens_ahead_are_in_the_budget() -> None:
    with_drafter = engine_config(DENSE, drafter=True, max_num_seqs=8)
    # 469.5 million parameters in bf16, split over two GPUs
    for size, expected in ((1, 939_000_000), (2, 469_500_000)):
        parts = dict(resident_weights(with_drafter._replace(tensor_parallel_size=size)).parts)
        assert parts["drafter"] == expected
    load = Load(8, 0, 1024)
    terms = {term.name: term for term in assess(with_drafter, load).terms}
    plain = {term.name: term for term in assess(with_drafter._replace(drafter=False), load).terms}
    # one public start wanted 256 MiB for the drafter's graphs after the pool had been made
    assert terms["drafter graphs"].low_bytes <= 0.25 * GIB <= terms["drafter graphs"].high_bytes
    assert not terms["drafter graphs"].from_pool
    assert "drafter graphs" not in plain
    # four tokens more need one more block of 32 tokens in the one full group; sliding groups stay at their window
    layout = layout_of(with_drafter)
    assert layout.full_block_tokens == 32
    assert terms["KV cache"].high_bytes - plain["KV cache"].high_bytes == 8 * layout.bytes_per_block
    # 5 rows of logits a sequence are captured: sizes up to 2 x 40 tokens in place of 2 x 8
    assert terms["CUDA graphs"].typical_bytes > plain["CUDA graphs"].typical_bytes


def test_the_older_model_runner_has_its_own_term_for_a_drafter() -> None:
    terms = [term.name for term in assess(engine_config(DENSE, engine="0.24.0", drafter=True), Load(1, 0, 1024)).terms]
    assert "drafter graphs" not in terms


def test_a_start_reads_the_drafter_too() -> None:
    config = engine_config(DENSE)
    assert startup_bytes(config._replace(drafter=True)) - startup_bytes(config) == 939_000_000


@pytest.mark.parametrize("version", ["0.24.0", "0.33.0"])
def test_arguments_name_the_drafter_where_it_lies_and_read_back_as_the_same_configuration(version: str) -> None:
    record = place(WISH, replace(SUPPLY, engine_version=version, allow_fp8_kv=True), CATALOGUE)
    config = record.budget.config
    lies = f"gs://models/{DRAFTER}/6e5aaaf4c42b98394530b8fda2e95cadd65c151c"
    arguments = engine_arguments(record, f"gs://models/{config.checkpoint.id}", lies)
    stated = next(a for a in arguments if a.startswith("--speculative-config="))
    assert json.loads(stated.partition("=")[2]) == {"model": lies, "num_speculative_tokens": 4}
    assert "--speculative-config" in FLAGS[version]
    assert config.drafter
    assert read_arguments(arguments, config.engine.image.reference, config.accelerator, CATALOGUE) == config


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ('--speculative-config={"model":"z-lab/dflash","num_speculative_tokens":4}', "names the model 'z-lab/dflash'"),
        (
            f'--speculative-config={{"model":"{DRAFTER}","num_speculative_tokens":8}}',
            "num_speculative_tokens 8; sizing computes 4",
        ),
        ("--speculative-config=ngram", "not a JSON object"),
        ("--spec-method=mtp", "write it as --speculative-config"),
    ],
)
def test_another_drafter_or_depth_is_refused_since_its_memory_is_not_computed(flag: str, message: str) -> None:
    with pytest.raises(SizingError, match=message):
        read_arguments(
            ["google/gemma-4-26B-A4B-it", flag], "vllm/vllm-openai:v0.33.0", CATALOGUE.accelerator(L4), CATALOGUE
        )


def test_the_drafter_is_a_checkpoint_that_must_be_loaded() -> None:
    record = place(WISH, SUPPLY, CATALOGUE)
    expected = ExtraCheckpoint("drafter", DRAFTER, "6e5aaaf4c42b98394530b8fda2e95cadd65c151c")
    assert extra_checkpoints(record, CATALOGUE) == (expected,)
    assert extra_checkpoints(place(PAYMENTS, SUPPLY, CATALOGUE), CATALOGUE) == ()
    plain = published(record)
    assert (plain["drafter"], plain["num_speculative_tokens"]) == (DRAFTER, 4)


def test_a_drafter_is_refused_where_an_engine_breaks_with_it_or_none_is_known() -> None:
    with pytest.raises(SizingError, match="MTP drafter crashes at start on vLLM"):
        place(WISH, replace(SUPPLY, engine_version="0.25.1"), CATALOGUE)
    config = engine_config(DENSE, drafter=True)
    unknown = config._replace(checkpoint=config.checkpoint.model_copy(update={"drafter": None}))
    assert why_illegal(unknown, CATALOGUE) == f"no drafter for {DENSE} is known"
    assert "MTP drafters need vLLM 0.21.0" in (
        why_illegal(engine_config(DENSE, engine="0.20.2", drafter=True), CATALOGUE) or ""
    )


def test_every_drafter_that_a_checkpoint_names_is_of_its_model() -> None:
    named = {c.drafter for c in CATALOGUE.checkpoints if c.drafter}
    assert named == {drafter.id for drafter in CATALOGUE.drafters}
    assert [d.id for d in CATALOGUE.drafters if d.revision is None] == [
        "google/gemma-4-E4B-it-qat-q4_0-unquantized-assistant"
    ]


#: Public rates of one request with MTP, tokens a second: prose and code (shared sources of measured.yaml).
RATES = {
    "12B-3090x2-bf16-256k": (76.4, 120.9),
    "26B-3090x2-awq": (155.1, 207.0),
    "26B-3090-94": (168.0, 217.4),
    "31B-2x3090-ar-32k": (105.9, 141.1),
    "31B-2x3090-awq195": (101.2, 141.9),
    "31B-2x3090-uqat": (74.0, 87.7),
    "31B-4x3090-qat": (80.6, 92.3),
    "31B-1x5090": (159.7, 215.1),
}


@pytest.mark.parametrize("case_id", RATES)
def test_public_rates_with_a_drafter_lie_within_the_band(case_id: str) -> None:
    case = next(case for case in CATALOGUE.measured if case.id == case_id)
    config = read_deployment(case, CATALOGUE).config._replace(drafter=True)
    band = decode_rate(config, Load(1, 0, 1000))
    assert all(band.worst <= rate <= band.best for rate in RATES[case_id])


def test_the_pessimistic_end_takes_no_proposal_so_a_drafter_never_buys_a_goal() -> None:
    config, load = engine_config(DENSE, "nvidia-h100-80gb", max_num_seqs=4), Load(4, 0, 2000)
    assert decode_rate(config._replace(drafter=True), load).worst < decode_rate(config, load).worst


def test_a_batch_holds_the_proposals_of_all_sequences() -> None:
    crowded = replace(
        WISH, model="gemma-4-e4b-it", peak_concurrent_requests=600, context_tokens=1024, typical_tokens=64
    )
    record = place(
        replace(crowded, typical_answer_tokens=8), replace(SUPPLY, gke_quota={"nvidia-rtx-pro-6000": 8}), CATALOGUE
    )
    config = record.budget.config
    assert config.max_num_seqs * 5 <= config.max_num_batched_tokens
