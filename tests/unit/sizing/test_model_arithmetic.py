"""Parameters, weights and KV blocks against what was published, logged, or returned by vLLM's own planner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.sizing.catalogue import GIB, load_catalogue
from components.sizing.kv_cache import kv_layout
from components.sizing.kv_cases import plan_case
from components.sizing.parallelism import illegal_parallelism
from components.sizing.parameters import count_parameters
from components.sizing.weights import checkpoint_bytes, resident_weights

CASES = Path(__file__).parents[2] / "data" / "vllm_planner_cases.jsonl"
CATALOGUE = load_catalogue()


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


@pytest.mark.parametrize(
    ("checkpoint", "text_only", "logged_gib", "tolerance"),
    [
        ("google/gemma-4-26B-A4B-it", False, 48.5, 0.01),  # public log, one A100, vLLM 0.19
        ("RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic", False, 25.8, 0.01),  # public log, one L40S, vLLM 0.25.1
        ("google/gemma-4-E2B-it", False, 9.75, 0.01),  # public log, one L4, vLLM 0.29
        ("google/gemma-4-E2B-it-qat-w4a16-ct", False, 8.01, 0.01),  # three public boots, T4 and L4
        ("google/gemma-4-12B-it", False, 22.73, 0.01),  # public log, MI300X, vLLM 0.23.0
        ("google/gemma-4-12B-it-qat-w4a16-ct", False, 8.28, 0.03),  # public logs, RTX 3090
        ("google/gemma-4-31B-it", False, 58.99, 0.01),  # GoogleCloudPlatform/accelerated-platforms
        ("google/gemma-4-31B-it", True, 57.91, 0.01),  # public log, H200
        ("RedHatAI/gemma-4-31B-it-FP8-dynamic", False, 31.49, 0.01),  # LargitData model card
        ("google/gemma-4-E4B-it", False, 15.2, 0.02),  # vllm-project/recipes
        ("google/gemma-4-E4B-it-qat-w4a16-ct", False, 9.8, 0.02),  # vllm-project/recipes
    ],
)
def test_resident_weights_are_those_that_public_logs_print(
    checkpoint: str, text_only: bool, logged_gib: float, tolerance: float
) -> None:
    known = CATALOGUE.checkpoint(checkpoint)
    weights = resident_weights(CATALOGUE.model(known.model), known, 1, text_only)
    assert weights.total_bytes / GIB == pytest.approx(logged_gib, rel=tolerance)


def test_text_only_saves_the_vision_tower_and_tensor_parallelism_does_not_split_it() -> None:
    checkpoint = CATALOGUE.checkpoint("google/gemma-4-26B-A4B-it")
    model = CATALOGUE.model(checkpoint.model)
    whole, text = (resident_weights(model, checkpoint, 1, text_only).total_bytes for text_only in (False, True))
    assert (whole - text) / GIB == pytest.approx(1.067, abs=0.001)  # 572,794,416 parameters x 2 bytes
    pair = resident_weights(model, checkpoint, 2, text_only=False)
    assert pair.replicated_bytes == resident_weights(model, checkpoint, 1, text_only=False).replicated_bytes
    assert pair.sharded_bytes == pytest.approx((whole - pair.replicated_bytes) / 2, abs=1)


def test_a_checkpoint_in_bf16_is_two_bytes_a_parameter() -> None:
    checkpoint = CATALOGUE.checkpoint("google/gemma-4-26B-A4B-it")
    assert checkpoint_bytes(CATALOGUE.model(checkpoint.model), checkpoint) == 2 * 25_805_936_206


def test_the_plan_equals_that_of_vllms_own_planner_in_all_2000_recorded_cases() -> None:
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    compared = 0
    for case in cases:
        for version, expected in case["results"].items():
            plan = plan_case({key: value for key, value in case.items() if key != "results"}, version, CATALOGUE)
            if expected is None:
                assert plan == {"ok": False}, (version, case)
            else:
                names = ("num_blocks", "groups", "tokens", "concurrency")
                assert plan == {"ok": True, **dict(zip(names, expected, strict=True))}, (version, case)
            compared += 1
    assert compared == 2000


def test_a_request_shorter_than_the_window_occupies_fewer_sliding_blocks_than_a_long_one() -> None:
    layout = kv_layout(CATALOGUE.model("gemma-4-26b-a4b-it"), 1, 2)
    # 26B at TP 1: sliding blocks of 16 tokens, window 1,024; 5 sliding groups, 1 full group with blocks of 32
    assert layout.blocks_of_request(160) == 160 // 32 + 5 * (160 // 16 + 1)
    assert layout.blocks_of_request(32_000) == 32_000 // 32 + 5 * (1024 // 16 + 1)


@pytest.mark.parametrize(("size", "legal"), [(1, True), (2, True), (3, False), (4, True), (6, False), (8, True)])
def test_only_powers_of_two_split_the_attention_heads(size: int, legal: bool) -> None:
    checkpoint = CATALOGUE.checkpoint("google/gemma-4-E4B-it")
    assert (illegal_parallelism(CATALOGUE.model(checkpoint.model), checkpoint, size) is None) is legal
