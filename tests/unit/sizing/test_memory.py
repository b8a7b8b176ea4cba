"""Verdicts on one configuration, and the message that goes with a refusal."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from components.sizing.catalogue import GIB, load_catalogue
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.memory import Fit, assess
from components.sizing.refusal import nearest_fits, refusal

CATALOGUE = load_catalogue()


def config(checkpoint: str, accelerator: str, gpus: int, context: int, requests: int) -> EngineConfig:
    """An engine as placement would run it, text only."""
    known = CATALOGUE.checkpoint(checkpoint)
    return EngineConfig(
        engine=CATALOGUE.engine("0.33.0"),
        model=CATALOGUE.model(known.model),
        checkpoint=known,
        scheme=CATALOGUE.scheme(known),
        accelerator=CATALOGUE.accelerator(accelerator),
        tensor_parallel_size=gpus,
        max_model_len=context,
        max_num_seqs=requests,
        max_num_batched_tokens=2048,
        gpu_memory_utilization=0.90,
        text_only=True,
    )


E4B_ON_L4 = config("google/gemma-4-E4B-it", "nvidia-l4", 1, 16384, 8)
LOAD = Load(concurrent_requests=8, full_context_requests=1, typical_tokens=3000)


def test_usable_memory_is_the_cuda_total_times_the_utilization_not_the_label() -> None:
    assert assess(E4B_ON_L4, LOAD).usable_bytes / GIB == pytest.approx(22.03 * 0.90, abs=0.001)


def test_terms_add_up_to_what_is_needed_and_spare_is_the_rest() -> None:
    budget = assess(E4B_ON_L4, LOAD)
    assert budget.needed_bytes == sum(term.high_bytes for term in budget.terms)
    assert budget.spare_bytes == budget.usable_bytes - budget.needed_bytes
    assert all(term.low_bytes <= term.typical_bytes <= term.high_bytes for term in budget.terms)
    assert [term.name for term in budget.terms] == [
        "weights",
        "buffers",
        "activations",
        "runtime",
        "CUDA graphs",
        "KV cache",
    ]


def test_the_kv_term_passes_the_engines_start_up_check_and_holds_the_load() -> None:
    # E4B, TP 1: full blocks 16 tokens, sliding 32, window 512, 262,144 bytes a block, 1 + 5 groups, 2 x 2,048 in flight
    one_long = 16384 // 16 + 5 * (512 // 32 + 1)
    others = 7 * (-(-3000 // 16) + 5 * (512 // 32 + 1))
    in_flight = 5 * (4096 // 32)  # in sliding groups only: full ones are charged for whole requests already
    kv = next(term for term in assess(E4B_ON_L4, LOAD).terms if term.name == "KV cache")
    assert kv.high_bytes == (one_long + others + in_flight + 1) * 262_144
    alone = next(term for term in assess(E4B_ON_L4, Load(1, 0, 10)).terms if term.name == "KV cache")
    # one short request, but the engine still wants room for one of 16,384 tokens with its window and the tokens in flight
    assert alone.high_bytes == (16384 // 16 + 5 * (-(-(511 + 4096) // 32) + 1) + 1) * 262_144


def test_a_verdict_is_tight_exactly_between_the_lower_and_the_upper_end_of_the_ranges() -> None:
    verdicts = [assess(E4B_ON_L4, replace(LOAD, concurrent_requests=n)).fit for n in range(1, 400)]
    assert verdicts[0] is Fit.FITS
    assert verdicts[-1] is Fit.DOES_NOT_FIT
    changes = [(a, b) for a, b in pairwise(verdicts) if a is not b]
    assert changes == [(Fit.FITS, Fit.TIGHT), (Fit.TIGHT, Fit.DOES_NOT_FIT)]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"accelerator": CATALOGUE.accelerator("nvidia-rtx-pro-6000-1of4")}, "1of4 gives to CUDA"),
        ({"pipeline_parallel_size": 2}, "pipeline parallelism"),
        ({"data_parallel_size": 2}, "data or expert parallelism"),
        ({"expert_parallel": True}, "data or expert parallelism"),
    ],
)
def test_what_no_source_tells_is_unknown_and_not_fits(change: dict, missing: str) -> None:
    budget = assess(E4B_ON_L4._replace(**change), LOAD)
    assert budget.fit is Fit.UNKNOWN
    assert missing in (budget.unknown or "")


def test_a_release_that_does_not_reserve_its_graphs_needs_them_all_the_same_but_logs_a_larger_pool() -> None:
    # dense models of 0.25.1 run on the second runner, whose estimate of the graphs is 0 until 0.28.0
    old = assess(E4B_ON_L4._replace(engine=CATALOGUE.engine("0.25.1")), LOAD)
    new = assess(E4B_ON_L4, LOAD)
    for budget, charges in ((old, False), (new, True)):
        graphs = next(term for term in budget.terms if term.name == "CUDA graphs")
        assert graphs.from_pool is charges
        others = sum(t.typical_bytes for t in budget.terms if t.name not in ("CUDA graphs", "KV cache"))
        assert budget.pool.typical == budget.usable_bytes - others - charges * graphs.typical_bytes
        assert budget.needed_bytes == sum(t.high_bytes for t in budget.terms)


def test_weights_that_fit_but_not_beside_the_untied_output_head_are_refused_at_the_boot_check() -> None:
    # 31B w4a16 with its towers: all terms fit 96 % of an L4, but while it loads the head of 262,144 x 5,376 x 2 bytes =
    # 2.625 GiB is there twice, and of 22.03 GiB at most 22.03 - 0.25 are free
    text = config("google/gemma-4-31B-it-qat-w4a16-ct", "nvidia-l4", 1, 128, 1)
    budget = assess(
        text._replace(text_only=False, items={"image": 1}, gpu_memory_utilization=0.96, max_num_batched_tokens=256),
        Load(1, 0, 128),
    )
    loading = next(check for check in budget.checks if check.name == "loading the weights")
    assert budget.needed_bytes <= budget.usable_bytes
    assert (loading.needed_bytes - budget.terms[0].high_bytes) / GIB == pytest.approx(2.625, abs=0.001)
    assert loading.most_free_bytes / GIB == pytest.approx(22.03 - 0.25, abs=0.001)
    assert budget.fit is Fit.DOES_NOT_FIT
    assert budget.deciding_term is loading
    assert budget.spare_bytes == loading.least_free_bytes - loading.needed_bytes


def test_fp8_kv_needs_half_the_cache_and_eager_mode_no_graphs() -> None:
    kv = {n: assess(E4B_ON_L4._replace(kv_element_bytes=n), LOAD).terms[-1].high_bytes for n in (1, 2)}
    assert kv[1] * 2 == kv[2]
    eager = assess(E4B_ON_L4._replace(enforce_eager=True), LOAD)
    assert "CUDA graphs" not in [term.name for term in eager.terms]


def test_26b_in_bf16_on_one_l4_is_refused_by_its_weights_with_the_amount_and_what_would_fit() -> None:
    too_large = config("google/gemma-4-26B-A4B-it", "nvidia-l4", 1, 32768, 4)
    budget = assess(too_large, Load(4, 1, 4000))
    message = refusal("search/ranker", budget, CATALOGUE, "model or GPU in stacks/dev/teams/search.yaml")
    assert budget.deciding_term.name == "weights"
    assert message.startswith("search/ranker: google/gemma-4-26B-A4B-it with max_model_len 32768")
    assert "does not fit 1 x nvidia-l4" in message
    assert f"short of {-budget.spare_bytes / GIB:.1f} GiB; decides: weights" in message
    assert "1 x nvidia-h100-80gb with tensor parallel 1" in message
    assert message.endswith("change   model or GPU in stacks/dev/teams/search.yaml")


def test_every_context_and_concurrency_that_a_refusal_names_really_is_the_largest_that_fits() -> None:
    load = Load(concurrent_requests=64, full_context_requests=8, typical_tokens=3000)
    crowded = E4B_ON_L4._replace(max_model_len=65536, max_num_seqs=64)
    assert assess(crowded, load).fit is not Fit.FITS
    fits = nearest_fits(crowded, load, CATALOGUE)
    context = next((int(f.split()[4]) for f in fits if f.endswith("tokens of context")), None)
    requests = next((int(f.split()[4]) for f in fits if f.endswith("requests at once")), None)
    assert context is not None or requests is not None
    if context is not None:
        assert assess(crowded._replace(max_model_len=context), load).fit is Fit.FITS
        assert assess(crowded._replace(max_model_len=context + 64), load).fit is not Fit.FITS
    if requests is not None:
        assert assess(crowded, replace(load, concurrent_requests=requests)).fit is Fit.FITS
        assert assess(crowded, replace(load, concurrent_requests=requests + 1)).fit is not Fit.FITS
