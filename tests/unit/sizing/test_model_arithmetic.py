"""Parameters and KV blocks against what was published, or returned by vLLM's own planner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.sizing.kv_cache import kv_layout
from components.sizing.kv_cases import plan_case
from components.sizing.parameters import count_parameters
from tests.unit.sizing.configurations import CATALOGUE

DATA = Path(__file__).parents[2] / "data"
RESULT_FIELDS = ("num_blocks", "groups", "tokens", "concurrency")


@pytest.mark.parametrize(
    ("model", "total", "active"),
    [
        # google/gemma-4-*: totals as published on the hub; active: text without per-layer tables, routed experts only
        ("gemma-4-e4b-it", 7_941_100_874, 4_644_441_130),
        ("gemma-4-26b-a4b-it", 25_805_936_206, 3_822_530_590),
        ("gemma-4-e2b-it", 5_104_297_539, 2_279_759_139),
        ("gemma-4-12b-it", 11_959_730_224, 11_907_350_320),
        ("gemma-4-31b-it", 31_273_088_876, 30_697_345_340),
    ],
)
def test_parameters_add_up_to_the_published_totals(model: str, total: int, active: int) -> None:
    counts = count_parameters(CATALOGUE.model(model))
    assert counts.total == total
    assert counts.active == active


def recorded(file: str) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """(input, release, what that release's planner returned) of every recorded result."""
    for line in (DATA / file).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        results = case.pop("results")
        for version, values in results.items():
            found = {"ok": False} if values is None else {"ok": True, **dict(zip(RESULT_FIELDS, values, strict=True))}
            yield case, version, found


@pytest.mark.parametrize(("file", "inputs"), [("vllm_planner_cases.jsonl", 2000), ("vllm_planner_more.jsonl", 4550)])
def test_the_plan_equals_that_of_vllms_own_planner_in_every_recorded_case(file: str, inputs: int) -> None:
    compared = 0
    for case, version, found in recorded(file):
        assert plan_case(case, version, CATALOGUE) == found, (version, case)
        compared += 1
    assert compared == inputs


def test_the_recorded_cases_cover_every_engine_of_the_catalogue_refusals_and_both_kv_managers() -> None:
    more = list(recorded("vllm_planner_more.jsonl"))
    for engine in CATALOGUE.engines:
        for hybrid_off in (False, True):
            here = [
                found
                for case, version, found in more
                if version == engine.version and case.get("disable_hybrid_kv_cache_manager", False) is hybrid_off
            ]
            assert {found["ok"] for found in here} == {True, False}, (engine.version, hybrid_off)


@pytest.mark.parametrize(
    ("recorded_under", "evaluated_under"),
    [
        ("0.20.0", "0.20.2"),  # tokens reported by group
        ("0.25.1", "0.26.0"),  # twice the tokens in flight
        ("0.33.0", "0.28.0"),  # no block kept back
        ("0.28.0", "0.33.0"),
    ],
)
def test_the_comparison_fails_under_the_rules_of_another_release(recorded_under: str, evaluated_under: str) -> None:
    cases = [(case, found) for case, v, found in recorded("vllm_planner_more.jsonl") if v == recorded_under]
    wrong = [case for case, found in cases if plan_case(case, evaluated_under, CATALOGUE) != found]
    assert len(wrong) >= 30


def test_the_comparison_fails_when_the_hybrid_manager_is_taken_to_be_on() -> None:
    cases = [(c, v, f) for c, v, f in recorded("vllm_planner_more.jsonl") if "disable_hybrid_kv_cache_manager" in c]
    assert len(cases) == 100 * 16
    wrong = [c for c, v, f in cases if plan_case({**c, "disable_hybrid_kv_cache_manager": False}, v, CATALOGUE) != f]
    assert len(wrong) > 800


def test_a_request_shorter_than_the_window_occupies_fewer_sliding_blocks_than_a_long_one() -> None:
    layout = kv_layout(CATALOGUE.model("gemma-4-26b-a4b-it"), 1, 2)
    # 26B at TP 1: sliding blocks of 16 tokens, window 1,024; 5 sliding groups, 1 full group with blocks of 32
    assert layout.blocks_of_request(160) == 160 // 32 + 5 * (160 // 16 + 1)
    assert layout.blocks_of_request(32_000) == 32_000 // 32 + 5 * (1024 // 16 + 1)


def test_a_block_holds_one_page_of_each_layer_of_a_group_worked_by_hand() -> None:
    # 12B at TP 2, bf16: page of a full layer 16 x 1 head x 2 x 512 x 2 bytes = 32,768, of a sliding one 16 x 4 x 2 x 256 x 2
    # = 65,536; full blocks hold 32 tokens; 8 full and 40 sliding layers are 1 + 5 groups of 8
    layout = kv_layout(CATALOGUE.model("gemma-4-12b-it"), 2, 2)
    assert (layout.full_groups, layout.sliding_groups, layout.bytes_per_block) == (1, 5, 8 * 65_536)
    assert (layout.full_block_tokens, layout.sliding_block_tokens) == (32, 16)
    assert layout.blocks_to_start(131_072, 4096) == 4096 + 5 * (-(-(1023 + 4096) // 16) + 1)


def test_fp8_kv_halves_the_bytes_of_a_block_and_changes_nothing_else() -> None:
    for model in CATALOGUE.models:
        for size in (1, 2, 4, 8):
            two, one = kv_layout(model, size, 2), kv_layout(model, size, 1)
            assert two.bytes_per_block == 2 * one.bytes_per_block
            assert (two.groups, two.full_block_tokens) == (one.groups, one.full_block_tokens)
