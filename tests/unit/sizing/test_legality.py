"""What an engine can run at all: splitting over GPUs, capabilities, and bugs of releases."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from components.sizing.catalogue import Bound, Condition, KnownBug, QuantizationScheme
from components.sizing.engine_config import EngineConfig
from components.sizing.legality import bugs_of, illegal_parallelism, why_illegal
from tests.unit.sizing.configurations import CATALOGUE, engine_config

E2B, E4B, UNIFIED = "google/gemma-4-E2B-it", "google/gemma-4-E4B-it", "google/gemma-4-12B-it"
MOE, MOE_FP8, MOE_NVFP4 = (
    "google/gemma-4-26B-A4B-it",
    "RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic",
    "nvidia/Gemma-4-26B-A4B-NVFP4",
)
MOE_AWQ, MOE_AUTOROUND = "cyankiwi/gemma-4-26B-A4B-it-AWQ-4bit", "Intel/gemma-4-26B-A4B-it-int4-AutoRound"
DENSE, DENSE_BLOCK = "google/gemma-4-31B-it", "RedHatAI/gemma-4-31B-it-FP8-block"
BLACKWELL, HOPPER, A100, L4, T4 = (
    "nvidia-b200",
    "nvidia-h100-80gb",
    "nvidia-a100-80gb",
    "nvidia-l4",
    "nvidia-tesla-t4",
)
RELEASES = sorted(CATALOGUE.engines, key=lambda engine: engine.numbers)


def scheme(scheme_id: str) -> QuantizationScheme:
    """The scheme with that id."""
    return next(known for known in CATALOGUE.quantization if known.id == scheme_id)


@pytest.mark.parametrize(("size", "legal"), [(1, True), (2, True), (3, False), (4, True), (6, False), (8, True)])
def test_only_powers_of_two_split_the_attention_heads(size: int, legal: bool) -> None:
    assert (illegal_parallelism(CATALOGUE.model("gemma-4-e4b-it"), scheme("bf16"), size) is None) is legal


@pytest.mark.parametrize(
    ("model", "size", "reason"),
    [
        ("gemma-4-e2b-it", 8, None),  # 8 query heads, one KV head copied to all
        ("gemma-4-e2b-it", 16, "8 attention heads cannot be split over 16"),
        ("gemma-4-12b-it", 16, None),  # 8 and 1 KV heads copied
        ("gemma-4-26b-a4b-it", 16, None),  # 704 / 16 = 44
        ("gemma-4-26b-a4b-it", 32, "16 attention heads cannot be split over 32"),
        ("gemma-4-31b-it", 32, None),  # 32 query heads; 16 and 4 KV heads copied
        ("gemma-4-31b-it", 12, "32 attention heads cannot be split over 12"),
    ],
)
def test_heads_are_split_evenly_or_copied(model: str, size: int, reason: str | None) -> None:
    found = illegal_parallelism(CATALOGUE.model(model), scheme("bf16"), size)
    assert found is None if reason is None else reason in (found or "")


def test_key_value_heads_that_neither_split_nor_copy_evenly_are_refused() -> None:
    model = CATALOGUE.model("gemma-4-26b-a4b-it")
    for heads, size, legal in ((6, 4, False), (6, 2, True), (6, 12, True), (3, 4, False)):
        text = model.text.model_copy(
            update={"num_attention_heads": 48, "num_key_value_heads": heads, "moe_intermediate_size": 768}
        )
        odd = model.model_copy(update={"text": text})
        assert (illegal_parallelism(odd, scheme("bf16"), size) is None) is (legal and 2 % size in (0, 2)), (heads, size)


@pytest.mark.parametrize(
    ("scheme_id", "legal_sizes"),
    [
        ("bf16", {1, 2, 4, 8, 16}),
        ("fp8-dynamic", {1, 2, 4, 8, 16}),
        ("w4a16-g32", {1, 2}),  # 704 = 22 x 32; 352 = 11 x 32; 176 is no multiple of 32
        ("int4-g128", set()),  # 704 is no multiple of 128 even whole
        ("nvfp4-experts", {1, 2, 4}),  # groups of 16: 176 = 11 x 16, 88 is no multiple
        ("nvfp4-mlp", {1, 2, 4, 8, 16}),  # leaves the experts in bf16
    ],
)
def test_experts_704_wide_are_split_in_whole_scale_groups(scheme_id: str, legal_sizes: set[int]) -> None:
    model = CATALOGUE.model("gemma-4-26b-a4b-it")
    assert {n for n in (1, 2, 4, 8, 16) if illegal_parallelism(model, scheme(scheme_id), n) is None} == legal_sizes
    dense = CATALOGUE.model("gemma-4-31b-it")  # has no experts, so that groups do not matter
    assert {n for n in (1, 2, 4, 8, 16) if illegal_parallelism(dense, scheme(scheme_id), n) is None} == {1, 2, 4, 8, 16}


@pytest.mark.parametrize(
    ("checkpoint", "card", "legal"),
    [
        (MOE_FP8, A100, False),  # 8.0 < 8.9
        (MOE_FP8, L4, True),
        (DENSE, T4, False),  # 7.5 < 8.0
        ("google/gemma-4-E2B-it-qat-w4a16-ct", T4, True),
        (MOE_NVFP4, HOPPER, True),
    ],
)
def test_a_checkpoint_needs_its_compute_capability(checkpoint: str, card: str, legal: bool) -> None:
    reason = why_illegal(engine_config(checkpoint, card), CATALOGUE)
    assert reason is None if legal else "needs compute capability" in (reason or "")


def test_a_checkpoint_that_cannot_be_served_and_a_model_that_a_release_lacks_are_refused() -> None:
    config = engine_config(E4B)
    infeasible = config._replace(checkpoint=config.checkpoint.model_copy(update={"status": "infeasible"}))
    assert "cannot be served by vLLM" in (why_illegal(infeasible, CATALOGUE) or "")
    old = engine_config(UNIFIED, engine="0.22.1")
    assert why_illegal(old, CATALOGUE) == "gemma-4-12b-it needs vLLM 0.23.0, this is 0.22.1"
    assert why_illegal(engine_config(UNIFIED, engine="0.23.0"), CATALOGUE) is None


#: (bug, checkpoint, GPU, configuration that it strikes, first and last affected release; None = the catalogue's first or last)
BUGS: tuple[tuple[str, str, str, dict[str, Any], str | None, str | None], ...] = (
    ("vllm-12b-minimum", UNIFIED, HOPPER, {}, None, "0.22.1"),
    ("vllm-drafter-minimum", E4B, HOPPER, {"drafter": True}, None, "0.20.2"),
    ("vllm-38999", MOE, HOPPER, {"data_parallel_size": 2}, None, None),
    ("vllm-39595", MOE_NVFP4, HOPPER, {"tensor_parallel_size": 2}, None, "0.25.1"),
    ("vllm-39595-unconfirmed", MOE_NVFP4, HOPPER, {"tensor_parallel_size": 2}, "0.26.0", None),
    ("nvfp4-26b-tp8", MOE_NVFP4, HOPPER, {"tensor_parallel_size": 8}, None, None),
    ("vllm-42516-pp", MOE_NVFP4, HOPPER, {"pipeline_parallel_size": 2}, None, None),
    ("pipeline-parallel", DENSE, HOPPER, {"pipeline_parallel_size": 2}, None, None),
    ("int4-moe-marlin-024", MOE_AWQ, L4, {"tensor_parallel_size": 2}, None, "0.24.0"),
    ("int4-moe-marlin-025", MOE_AWQ, L4, {"tensor_parallel_size": 4}, "0.25.1", None),
    ("int4-g128-moe", MOE_AUTOROUND, L4, {}, None, None),
    ("fp8-kv-below-8.9", DENSE, A100, {"kv_element_bytes": 1}, None, None),
    ("fp8-kv-uncalibrated", DENSE, HOPPER, {"kv_element_bytes": 1}, None, None),
    ("vllm-48848", E4B, HOPPER, {"drafter": True}, "0.25.1", "0.26.0"),
    ("vllm-48495", E4B, HOPPER, {"drafter": True, "kv_element_bytes": 1}, "0.25.1", "0.30.0"),
    ("vllm-48082", E4B, BLACKWELL, {"drafter": True}, "0.24.0", None),
    ("vllm-42261", DENSE, HOPPER, {"drafter": True}, "0.20.2", None),
    ("vllm-39407", DENSE_BLOCK, L4, {"tensor_parallel_size": 4}, None, None),
    ("mrv2-no-graph-memory", E4B, HOPPER, {}, "0.25.1", "0.28.0"),
    ("vllm-42390-video", MOE, HOPPER, {"text_only": False, "items": {"video": 1}}, None, None),
    ("vllm-44413", E4B, HOPPER, {"max_loras": 1}, None, "0.22.1"),
    ("vllm-53470", MOE, HOPPER, {"max_loras": 1}, None, "0.24.0"),
    ("vllm-50252", MOE, HOPPER, {"max_loras": 1}, None, None),
    ("flashinfer-cubins", MOE_FP8, BLACKWELL, {}, None, None),
    ("vllm-42390-hang", MOE_FP8, "nvidia-rtx-3090", {"tensor_parallel_size": 2}, None, None),
)


@pytest.mark.parametrize(("bug", "checkpoint", "card", "how", "first", "last"), BUGS, ids=[row[0] for row in BUGS])
def test_a_bug_strikes_from_its_first_to_its_last_affected_release_and_not_the_first_mended_one(
    bug: str, checkpoint: str, card: str, how: dict[str, Any], first: str | None, last: str | None
) -> None:
    struck = [
        engine.version
        for engine in RELEASES
        if bug in {b.id for b in bugs_of(engine_config(checkpoint, card, engine=engine.version, **how), CATALOGUE)}
    ]
    versions = [engine.version for engine in RELEASES]
    begin = versions.index(first) if first else 0
    end = versions.index(last) if last else len(versions) - 1
    assert struck == versions[begin : end + 1]


def test_every_bug_of_the_catalogue_is_tried_here_or_is_for_people_only() -> None:
    unseen = {known.id for known in CATALOGUE.known_bugs if known.when.unseen}
    assert {row[0] for row in BUGS} | unseen == {known.id for known in CATALOGUE.known_bugs}


@pytest.mark.parametrize(
    ("bug", "checkpoint", "card", "how"),
    [
        ("vllm-39595", MOE_NVFP4, HOPPER, {"tensor_parallel_size": 1}),
        ("vllm-39595", MOE_NVFP4, HOPPER, {"tensor_parallel_size": 2, "expert_parallel": True}),
        ("vllm-39595", "nvidia/Gemma-4-31B-IT-NVFP4", HOPPER, {"tensor_parallel_size": 2}),
        ("vllm-38999", DENSE, HOPPER, {"data_parallel_size": 2}),
        ("fp8-kv-below-8.9", DENSE, HOPPER, {"kv_element_bytes": 1}),
        ("fp8-kv-below-8.9", DENSE, A100, {"kv_element_bytes": 2}),
        ("vllm-48495", E4B, L4, {"drafter": True, "kv_element_bytes": 1}),  # 8.9 is below Hopper
        ("vllm-48495", E4B, BLACKWELL, {"drafter": True, "kv_element_bytes": 1}),  # and 10.0 above
        ("vllm-42390-video", MOE, HOPPER, {"items": {"video": 1}, "max_num_batched_tokens": 2496}),
        ("vllm-42390-video", MOE, HOPPER, {"text_only": False, "items": {"image": 1}}),  # videos are limited to 0
        ("vllm-42390-video", MOE, HOPPER, {"text_only": True}),
        ("vllm-42390-video", E4B, HOPPER, {"text_only": False, "items": {"video": 1}}),
        ("vllm-39407", DENSE_BLOCK, L4, {"tensor_parallel_size": 2}),
    ],
)
def test_a_bug_spares_what_does_not_meet_one_of_its_conditions(
    bug: str, checkpoint: str, card: str, how: dict[str, Any]
) -> None:
    config = engine_config(checkpoint, card, engine="0.25.1", **how)
    assert bug not in {found.id for found in bugs_of(config, CATALOGUE)}


@pytest.mark.parametrize(("engine", "legal"), [("0.25.1", False), ("0.26.0", True)])
def test_a_refusing_bug_makes_a_configuration_illegal_with_its_issue_and_a_warning_does_not(
    engine: str, legal: bool
) -> None:
    config = engine_config(MOE_NVFP4, engine=engine, tensor_parallel_size=2)
    reason = why_illegal(config, CATALOGUE)
    if legal:
        assert reason is None  # vllm-39595-unconfirmed only warns
        assert [b.severity for b in bugs_of(config, CATALOGUE)] == ["warn"]
    else:
        assert "vllm-project/vllm#39595" in (reason or "")


def bug(**when: Any) -> KnownBug:
    """A bug of all releases that strikes under those conditions."""
    return KnownBug(
        id="made-up",
        title="t",
        effect="e",
        avoid="a",
        severity="refuse",
        when=Condition(**when),
        issue=None,
        state="s",
        source="test",
        date=datetime.date(2026, 11, 25),
    )


def strikes(config: EngineConfig, **when: Any) -> bool:
    """True when a bug with those conditions strikes `config`."""
    return bool(bugs_of(config, replace(CATALOGUE, known_bugs=(bug(**when),))))


@pytest.mark.parametrize(
    ("bound", "holding", "failing"),
    [
        (Bound(min=2), (2, 3, 100), (0, 1)),
        (Bound(below=8), (0, 7), (8, 9)),
        (Bound(min=2, below=8), (2, 7), (1, 8)),
        (Bound(), (0, 1, 10**6), ()),
    ],
)
def test_a_bound_includes_its_minimum_and_excludes_its_end(
    bound: Bound, holding: tuple[int, ...], failing: tuple[int, ...]
) -> None:
    assert all(bound.holds(value) for value in holding)
    assert not any(bound.holds(value) for value in failing)


def test_all_conditions_must_hold_and_what_a_configuration_does_not_show_never_does() -> None:
    config = engine_config(E4B, L4, tensor_parallel_size=2)
    assert strikes(config)
    assert strikes(config, models=("gemma-4-e4b-it",), tensor_parallel_size=Bound(min=2), owners=("google",))
    assert not strikes(config, models=("gemma-4-e4b-it",), tensor_parallel_size=Bound(min=3))
    assert not strikes(config, owners=("nvidia",))
    assert strikes(config, drafter=False, videos=False, expert_parallel=False)
    assert not strikes(config, drafter=True)
    assert strikes(config, min_compute_capability="8.9", below_compute_capability="9.0")
    assert not strikes(config, below_compute_capability="8.9")
    assert not strikes(config, unseen="something that no flag shows")
    assert not strikes(config, models=("gemma-4-e4b-it",), unseen="something that no flag shows")


def test_no_bug_with_an_unseen_condition_is_ever_matched() -> None:
    unseen = {known.id for known in CATALOGUE.known_bugs if known.when.unseen}
    assert len(unseen) >= 4
    for engine in RELEASES:
        for checkpoint in CATALOGUE.checkpoints:
            config = engine_config(checkpoint.id, A100, engine=engine.version, text_only=False)
            assert not unseen & {known.id for known in bugs_of(config, CATALOGUE)}
