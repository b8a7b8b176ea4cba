"""What must hold for every model, GPU, release and load, on random ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from components.sizing.catalogue import Accelerator, Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.engine_arguments import engine_arguments
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.errors import SizingError
from components.sizing.kv_cache import kv_layout, tokens_in_flight
from components.sizing.legality import illegal_parallelism
from components.sizing.memory import Budget, Fit, assess
from components.sizing.placement import place
from components.sizing.record import SizingRecord
from tests.unit.sizing.configurations import CATALOGUE, engine_config

#: Verdicts from best to worst; `unknown` does not occur with the GPUs below.
ORDER = (Fit.FITS, Fit.TIGHT, Fit.DOES_NOT_FIT)
CHECKPOINTS = [c.id for c in CATALOGUE.checkpoints if c.status != "infeasible"]
GPUS = [a.id for a in CATALOGUE.accelerators if a.cuda_total_bytes and a.cuda]
BATCHES = (2048, 2496, 4096, 8192, 16384)
SUPPLY = Supply(
    region="us-central1",
    zones=("us-central1-a", "us-central1-b"),
    engine_version="0.33.0",
    purchase_order=("on-demand",),
    batch_purchase_order=("spot", "on-demand"),
    gke_quota={"nvidia-l4": 16, "nvidia-rtx-pro-6000": 4, "nvidia-a100-80gb": 2},
    cloud_run_quota={"nvidia-l4": 3, "nvidia-rtx-pro-6000": 2},
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[EngineConfig, Load]:
    """A replica that some engine could run, near the edge of its GPU's memory or not, and a load."""
    config = engine_config(
        draw(st.sampled_from(CHECKPOINTS)),
        draw(st.sampled_from(GPUS)),
        engine=draw(st.sampled_from([e.version for e in CATALOGUE.engines])),
        text_only=draw(st.booleans()),
        tensor_parallel_size=draw(st.sampled_from([1, 1, 2, 4, 8])),
    )
    assume(illegal_parallelism(config.model, config.scheme, config.tensor_parallel_size) is None)
    seqs = draw(st.integers(1, 80))
    config = config._replace(
        max_model_len=draw(st.integers(64, config.model.max_context_tokens)),
        max_num_seqs=seqs,
        max_num_batched_tokens=draw(st.sampled_from(BATCHES)),
        kv_element_bytes=draw(st.sampled_from([1, 2])),
        async_scheduling=draw(st.booleans()),
        hybrid_kv_cache=draw(st.sampled_from([True, True, True, False])),
        spread=draw(st.sampled_from([0.75, 1.0])),
    )
    full = draw(st.integers(0, 8))
    return config, Load(seqs, min(full, seqs), draw(st.integers(1, config.max_model_len)))


def at_the_edge(config: EngineConfig, load: Load, share: float) -> EngineConfig:
    """The same on a GPU with `share` of the memory that is needed, where verdicts change."""
    usable = assess(config, load).needed_bytes / config.gpu_memory_utilization
    return config._replace(accelerator=with_memory(config.accelerator, usable * share / 2**30))


def with_memory(card: Accelerator, gib: float) -> Accelerator:
    """The card with that much memory."""
    return card.model_copy(update={"cuda_total_gib": gib, "cuda_total_high_gib": gib})


def not_better(worse: Budget, better: Budget) -> bool:
    """True when the first verdict is no better than the second."""
    return ORDER.index(worse.fit) >= ORDER.index(better.fit)


SHARES = st.floats(0.9, 1.15)
RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@RANDOM
@given(situations(), SHARES, st.integers(1, 50_000), st.integers(1, 40), st.integers(1, 8))
def test_more_context_or_concurrency_never_makes_a_verdict_better(
    situation: tuple[EngineConfig, Load], share: float, tokens: int, requests: int, full: int
) -> None:
    config, load = situation
    config = at_the_edge(config, load, share)
    here = assess(config, load)
    longer = assess(config._replace(max_model_len=config.max_model_len + tokens), load)
    crowded = replace(load, concurrent_requests=load.concurrent_requests + requests)
    busier = assess(config._replace(max_num_seqs=crowded.concurrent_requests), crowded)
    fuller = assess(config, replace(load, full_context_requests=load.full_context_requests + full))
    wordier = assess(config, replace(load, typical_tokens=load.typical_tokens + tokens))
    for there in (longer, busier, fuller, wordier):
        assert not_better(there, here)
        assert there.needed_bytes >= here.needed_bytes


@pytest.mark.parametrize("spread", [0.75, 1.0, 1.5])
def test_the_upper_end_of_activations_never_shrinks_with_more_requests_however_far_the_evidence(spread: float) -> None:
    # the sampler's pass grows past the language model's typical peak while that one's upper end still decides
    config = engine_config("google/gemma-4-E2B-it", "nvidia-rtx-pro-6000", engine="0.24.0", spread=spread)
    ends = []
    for requests in range(8, 200):
        budget = assess(config._replace(max_num_seqs=requests), Load(requests, 0, 1))
        ends.append(next(term.high_bytes for term in budget.terms if term.name == "activations"))
    assert ends == sorted(ends)


@RANDOM
@given(situations(), SHARES, st.floats(0.05, 8))
def test_less_gpu_memory_never_makes_a_verdict_better(
    situation: tuple[EngineConfig, Load], share: float, less: float
) -> None:
    # from 0.05 GiB less on: the encoder's chunk of frames shrinks with the card too, by at most 38 MB in each 2.06 GB
    config, load = situation
    config = at_the_edge(config, load, share)
    total = config.accelerator.cuda_total_gib or 0
    assume(total - less > 1)
    smaller = config._replace(accelerator=with_memory(config.accelerator, total - less))
    assert not_better(assess(smaller, load), assess(config, load))


@RANDOM
@given(situations(), SHARES, st.sampled_from(BATCHES))
def test_a_larger_batch_never_needs_less_nor_makes_a_verdict_better(
    situation: tuple[EngineConfig, Load], share: float, batch: int
) -> None:
    config, load = situation
    config = at_the_edge(config, load, share)
    small, large = sorted((batch, config.max_num_batched_tokens))
    with_small, with_large = (assess(config._replace(max_num_batched_tokens=n), load) for n in (small, large))
    assert with_large.needed_bytes >= with_small.needed_bytes
    assert not_better(with_large, with_small)


@RANDOM
@given(situations(), SHARES)
def test_fp8_kv_never_makes_a_verdict_worse(situation: tuple[EngineConfig, Load], share: float) -> None:
    config, load = situation
    config = at_the_edge(config, load, share)
    two, one = (assess(config._replace(kv_element_bytes=n), load) for n in (2, 1))
    assert not_better(two, one)
    assert two.terms[-1].high_bytes == 2 * one.terms[-1].high_bytes


@RANDOM
@given(situations(), st.integers(0, 150 * 2**30))
def test_fp8_kv_never_holds_fewer_requests_in_the_same_pool(situation: tuple[EngineConfig, Load], pool: int) -> None:
    config, load = situation
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    for own_blocks in (False, True):
        tokens = max(load.typical_tokens, 128) if own_blocks else load.typical_tokens
        long = max(config.max_model_len, tokens)
        held = {}
        for size in (1, 2):
            # a release may take larger blocks for fp8, which are too coarse for requests of a few tokens only
            block = config.engine.block_size_on(config.accelerator, config.model, size, images=False)
            layout = kv_layout(config.model, config.tensor_parallel_size, size, block if own_blocks else 16)
            blocks = layout.blocks(pool)
            held[size] = (blocks / layout.blocks_to_start(long, in_flight), blocks // layout.blocks_of_request(tokens))
        for fp8, bf16 in zip(held[1], held[2], strict=True):
            # a pool of less than one of the larger blocks holds nothing
            assert fp8 >= bf16 or (own_blocks and bf16 < 1)


def smaller_cards(share: float) -> Catalogue:
    """The catalogue with GPUs that have `share` of their memory."""
    cards = tuple(
        with_memory(card, card.cuda_total_gib * share) if card.cuda_total_gib else card
        for card in CATALOGUE.accelerators
    )
    return replace(CATALOGUE, accelerators=cards)


CATALOGUES = {share: smaller_cards(share) for share in (0.98, 0.9, 0.7, 0.5)}


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    """A wish for any of the five models."""
    model = draw(st.sampled_from(CATALOGUE.models))
    context = draw(st.integers(256, model.max_context_tokens))
    peak = draw(st.integers(1, 60))
    zero = draw(st.booleans())
    return Demand(
        team="payments",
        name="assistant",
        model=model.id,
        context_tokens=context,
        peak_concurrent_requests=peak,
        typical_tokens=max(1, context // 4),
        typical_answer_tokens=max(1, context // 32),
        full_context_requests=min(draw(st.integers(0, 8)), peak),
        active_hours_per_month=draw(st.integers(0, 730)),
        inputs=draw(st.sampled_from([("text",), ("text", "image", "video")])),
        max_items=draw(st.sampled_from([{}, {"image": 2, "video": 1}])),
        scale_to_zero=zero,
        high_availability=not zero and draw(st.booleans()),
    )


def cost(demand: Demand, catalogue: Catalogue = CATALOGUE) -> Decimal | None:
    """USD a month of the placement, None when nothing serves it."""
    try:
        return place(demand, SUPPLY, catalogue).usd_per_month
    except SizingError:
        return None


def assert_not_cheaper(there: Decimal | None, here: Decimal | None) -> None:
    """A refusal is dearer than any place."""
    if there is not None:
        assert here is not None
        assert there >= here


@settings(max_examples=100, deadline=None)
@given(demands(), st.integers(1, 20_000), st.integers(1, 20), st.sampled_from(list(CATALOGUES)))
def test_more_context_or_concurrency_or_less_gpu_memory_never_makes_a_placement_cheaper(
    demand: Demand, tokens: int, requests: int, share: float
) -> None:
    here = cost(demand)
    most = CATALOGUE.model(demand.model).max_context_tokens
    assert_not_cheaper(cost(replace(demand, context_tokens=min(most, demand.context_tokens + tokens))), here)
    more = demand.peak_concurrent_requests + requests
    assert_not_cheaper(cost(replace(demand, peak_concurrent_requests=more)), here)
    assert_not_cheaper(cost(demand, CATALOGUES[share]), here)


def record_or_refusal(demand: Demand, supply: Supply) -> SizingRecord | str:
    """What placement says, to the last word."""
    try:
        return place(demand, supply, CATALOGUE)
    except SizingError as refused:
        return str(refused)


@settings(max_examples=40, deadline=None)
@given(demands(), st.randoms(use_true_random=False))
def test_the_record_is_the_same_for_the_same_input_whatever_the_order_of_its_entries(demand: Demand, random) -> None:
    def shuffled(entries):
        pairs = list(entries.items())
        random.shuffle(pairs)
        return dict(pairs)

    other = replace(demand, max_items=shuffled(demand.max_items))
    supply = replace(SUPPLY, gke_quota=shuffled(SUPPLY.gke_quota), cloud_run_quota=shuffled(SUPPLY.cloud_run_quota))
    first, again, shuffled_too = (
        record_or_refusal(demand, SUPPLY),
        record_or_refusal(demand, SUPPLY),
        record_or_refusal(other, supply),
    )
    assert first == again == shuffled_too
    if isinstance(first, SizingRecord) and isinstance(shuffled_too, SizingRecord):
        assert engine_arguments(first, "gs://a/b") == engine_arguments(shuffled_too, "gs://a/b")
