"""Placement: the cheapest that fits, within what the environment allows; and engine arguments that say exactly that."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.demand import Demand, PriceAdjustment, Reservation, Supply
from components.sizing.engine_arguments import engine_arguments, read_arguments
from components.sizing.errors import SizingError
from components.sizing.host import node_room
from components.sizing.memory import Fit
from components.sizing.placement import place

CATALOGUE = load_catalogue()
FLAGS = json.loads((Path(__file__).parents[2] / "data" / "vllm_flags.json").read_text(encoding="utf-8"))

SUPPLY = Supply(
    region="us-central1",
    zones=("us-central1-a", "us-central1-b"),
    engine_version="0.33.0",
    purchase_order=("on-demand",),
    batch_purchase_order=("spot", "on-demand"),
    gke_quota={"nvidia-l4": 16, "nvidia-rtx-pro-6000": 4},
    cloud_run_quota={"nvidia-l4": 3, "nvidia-rtx-pro-6000": 2},
)
PAYMENTS = Demand(
    team="payments",
    name="assistant",
    model="gemma-4-26b-a4b-it",
    context_tokens=32768,
    peak_concurrent_requests=16,
    typical_tokens=4000,
    typical_answer_tokens=500,
    full_context_requests=1,
    active_hours_per_month=220,
)
SUPPORT = replace(
    PAYMENTS, team="support", name="helpdesk", model="gemma-4-e4b-it", context_tokens=16384, inputs=("text", "image")
)


def test_26b_text_only_goes_to_two_l4_in_fp8() -> None:
    record = place(PAYMENTS, SUPPLY, CATALOGUE)
    assert record.machine_type == "g2-standard-24"
    assert record.gpu_count == 2
    assert record.budget.config.checkpoint.precision == "fp8"
    assert record.max_num_seqs == 16
    assert record.usd_per_month == Decimal("1460.61")  # 2.000833 x 730


def test_scale_to_zero_pays_for_the_hours_with_traffic_only() -> None:
    record = place(replace(PAYMENTS, scale_to_zero=True), SUPPLY, CATALOGUE)
    assert record.min_replicas == 0
    # 28.67 GB of weights are 26.70 GiB, at 0.4 GiB/s 67 s, and 185 s of boot: 252 s, in whole minutes 300
    assert record.startup_seconds == 300
    # 220 hours are 27.5 days of 8 hours; each adds 300 s of start and 1,200 s of idle tail: 220 + 27.5 x 1500 / 3600 hours
    assert record.usd_per_month == Decimal("463.11")  # 2.000833 x 231.4583


def test_replicas_above_the_minimum_pay_their_days_and_cloud_run_a_shorter_tail() -> None:
    # E4B for 60 requests: more than one L4 holds, so a second runs by day; 14.89 GiB are read in 37 s; with 185 s of boot 240
    wish = replace(SUPPORT, peak_concurrent_requests=60, precision="bf16")
    for runs_on, tail, hourly in (("gke", 1200, Decimal("0.853624")), ("cloud-run", 900, Decimal("1.420920"))):
        record = place(replace(wish, runs_on=runs_on), replace(SUPPLY, gke_quota={"nvidia-l4": 2}), CATALOGUE)
        assert (record.min_replicas, record.max_replicas, record.startup_seconds) == (1, 2, 240)
        hours = 730 + Decimal(220) + Decimal("27.5") * (240 + tail) / 3600
        assert (record.usd_per_hour, record.usd_per_month) == (hourly, round(hourly * hours, 2))


def test_a_replica_never_pays_more_than_the_whole_month() -> None:
    record = place(replace(PAYMENTS, scale_to_zero=True, active_hours_per_month=720), SUPPLY, CATALOGUE)
    assert record.usd_per_month == Decimal("1460.61")  # 720 + 90 x 1500 / 3600 would be 757.5 hours


def test_high_availability_keeps_two_replicas_and_carries_the_peak_with_one_lost() -> None:
    record = place(replace(PAYMENTS, high_availability=True), SUPPLY, CATALOGUE)
    assert record.min_replicas == 2
    assert (record.max_replicas - 1) * record.max_num_seqs >= 16
    with pytest.raises(SizingError, match="scale_to_zero"):
        place(replace(PAYMENTS, high_availability=True, scale_to_zero=True), SUPPLY, CATALOGUE)


def test_high_availability_needs_two_zones_that_have_the_gpu() -> None:
    one_zone = replace(SUPPLY, zones=("us-central1-a",))
    with pytest.raises(SizingError, match="needs two zones"):
        place(replace(PAYMENTS, high_availability=True, runs_on="gke"), one_zone, CATALOGUE)


def test_the_purchase_order_is_never_reordered_by_price() -> None:
    assert place(PAYMENTS, SUPPLY, CATALOGUE).purchase_option == "on-demand"
    spot_first = replace(SUPPLY, purchase_order=("spot", "on-demand"))
    assert place(PAYMENTS, spot_first, CATALOGUE).purchase_option == "spot"
    assert place(replace(PAYMENTS, interruptible=True, runs_on="gke"), SUPPLY, CATALOGUE).purchase_option == "spot"


def test_a_reservation_counts_at_the_on_demand_price_and_only_for_its_machine() -> None:
    supply = replace(
        SUPPLY,
        purchase_order=("reservation", "on-demand"),
        reservations=(Reservation("held", "g2-standard-24", 2, "us-central1-a"),),
    )
    record = place(PAYMENTS, supply, CATALOGUE)
    assert (record.purchase_option, record.reservation) == ("reservation", "held")
    assert record.usd_per_hour == Decimal("2.000833")


def test_a_price_adjustment_changes_the_price_and_can_change_the_choice() -> None:
    tenth_off = replace(SUPPLY, price_adjustments=(PriceAdjustment("g2-standard-24", Decimal(-10), None),))
    assert place(PAYMENTS, tenth_off, CATALOGUE).usd_per_hour == Decimal("1.800750")
    gift = replace(SUPPLY, price_adjustments=(PriceAdjustment("g4-standard-48", None, Decimal("0.10")),))
    supply = replace(gift, zones=("us-central1-b",))
    assert place(PAYMENTS, supply, CATALOGUE).machine_type == "g4-standard-48"


def test_a_gpu_that_is_not_in_the_environments_zones_is_no_choice() -> None:
    supply = replace(SUPPLY, gke_quota={"nvidia-rtx-pro-6000": 4}, zones=("us-central1-a",))
    with pytest.raises(SizingError, match="only in us-central1-b, us-central1-f"):
        place(replace(PAYMENTS, runs_on="gke"), supply, CATALOGUE)


def test_quota_that_is_not_declared_is_none() -> None:
    with pytest.raises(SizingError, match="no gke quota for nvidia-l4 is declared"):
        place(replace(PAYMENTS, runs_on="gke"), replace(SUPPLY, gke_quota={}), CATALOGUE)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"context_tokens": 262145}, "context_tokens", "262144"),
        ({"inputs": ("text", "audio")}, "inputs", "does not take audio"),
        ({"precision": "w4a16"}, "precision", "allowed: auto, bf16, fp8"),
    ],
)
def test_a_wish_that_the_model_cannot_meet_names_its_field(change: dict, field: str, message: str) -> None:
    with pytest.raises(SizingError, match=message) as caught:
        place(replace(PAYMENTS, **change), SUPPLY, CATALOGUE)
    assert caught.value.field == field


def test_a_named_precision_takes_what_auto_may_and_third_party_checkpoints_are_named_themselves() -> None:
    dense = replace(PAYMENTS, model="gemma-4-31b-it", precision="w4a16")
    known = [c for c in CATALOGUE.checkpoints_of(CATALOGUE.model(dense.model)) if c.precision == "w4a16"]
    third_party = next(c for c in known if not c.auto)
    assert place(dense, SUPPLY, CATALOGUE).budget.config.checkpoint.auto
    named = replace(dense, checkpoint=third_party.id)
    assert place(named, SUPPLY, CATALOGUE).budget.config.checkpoint == third_party
    for change, message in (
        ({"checkpoint": "google/gemma-4-31B-itt"}, "did you mean 'google/gemma-4-31B-it'"),
        ({"precision": "bf16"}, "is w4a16, and precision asks for bf16"),
    ):
        with pytest.raises(SizingError, match=message) as caught:
            place(replace(named, **change), SUPPLY, CATALOGUE)
        assert caught.value.field == "checkpoint"


def test_a_goal_that_no_choice_meets_is_refused_with_the_estimate() -> None:
    with pytest.raises(SizingError, match=r"tokens/s a request at worst \(estimate\), 100000 wanted"):
        place(replace(PAYMENTS, tokens_per_second=100_000), SUPPLY, CATALOGUE)
    with pytest.raises(SizingError, match="cold start about"):
        place(replace(PAYMENTS, scale_to_zero=True, max_cold_start_seconds=30), SUPPLY, CATALOGUE)


def test_tight_is_placed_only_where_the_environment_allows_it() -> None:
    # 31B in NVFP4 with its tower on 2 x L4 is 0.4 GiB short at the upper end for one request of 163,840 tokens
    wish = replace(
        PAYMENTS,
        model="gemma-4-31b-it",
        inputs=("text", "image", "video"),
        runs_on="gke",
        precision="nvfp4",
        context_tokens=163_840,
        peak_concurrent_requests=1,
    )
    supply = replace(SUPPLY, gke_quota={"nvidia-l4": 2})
    with pytest.raises(SizingError, match="is too tight"):
        place(wish, supply, CATALOGUE)
    record = place(wish, replace(supply, allow_tight=True), CATALOGUE)
    assert record.machine_type == "g2-standard-24"
    assert record.budget.fit is Fit.TIGHT
    assert record.budget.spare_bytes / 2**30 == pytest.approx(-0.4, abs=0.05)


def test_a_gpu_of_unknown_memory_is_used_only_for_a_deployment_that_may() -> None:
    # nobody has published what a quarter of an RTX PRO 6000 gives to CUDA
    supply = replace(SUPPLY, gke_quota={"nvidia-rtx-pro-6000": 1}, zones=("us-central1-b",))
    assert place(replace(SUPPORT, runs_on="gke"), supply, CATALOGUE).machine_type == "g4-standard-48"
    trusting = replace(supply, allow_unknown=frozenset({SUPPORT.key}))
    record = place(replace(SUPPORT, runs_on="gke"), trusting, CATALOGUE)
    assert (record.machine_type, record.budget.fit) == ("g4-standard-12", Fit.UNKNOWN)
    assert place(replace(SUPPORT, runs_on="gke", name="other"), trusting, CATALOGUE).machine_type == "g4-standard-48"


def test_pictures_without_videos_are_served_by_models_whose_image_tokens_see_each_other() -> None:
    for model in ("gemma-4-12b-it", "gemma-4-26b-a4b-it", "gemma-4-31b-it"):
        wish = replace(PAYMENTS, model=model, inputs=("text", "image"))
        record = place(wish, SUPPLY, CATALOGUE)
        # video is limited to 0, so that no item of 2,496 tokens has to fit a batch; with video it has
        arguments = engine_arguments(record, "gs://models/x")
        assert '--limit-mm-per-prompt={"image": 1, "video": 0, "audio": 0}' in arguments
        with_video = place(replace(wish, inputs=("text", "image", "video")), SUPPLY, CATALOGUE)
        assert with_video.budget.config.max_num_batched_tokens >= 2496


def test_a_refusal_says_when_only_accepting_tight_fits_would_serve_the_wish() -> None:
    wish = replace(PAYMENTS, inputs=("text", "image", "video"), precision="fp8", peak_concurrent_requests=30)
    supply = replace(SUPPLY, gke_quota={"nvidia-l4": 2}, cloud_run_quota={})
    with pytest.raises(SizingError, match="allow_tight in the environment's settings would place it on g2-standard-24"):
        place(wish, supply, CATALOGUE)
    assert place(wish, replace(supply, allow_tight=True), CATALOGUE).budget.fit == "tight"
    with pytest.raises(SizingError) as refused:
        place(replace(wish, peak_concurrent_requests=3000), supply, CATALOGUE)
    assert "allow_tight" not in str(refused.value)


def test_node_room_follows_gkes_reservation_worked_by_hand() -> None:
    machine = next(m for m in CATALOGUE.machines if m.id == "g2-standard-8")
    vcpu, memory = node_room(machine)
    # 8 vCPU: 0.06 + 0.01 + 2 x 0.005 + 4 x 0.0025 = 0.09 reserved, 1 for DaemonSets
    assert vcpu == Decimal("6.91")
    # 32 GB = 29.802 GiB: 1 + 0.8 + 0.8 + 13.802 x 0.06 = 3.428 and 0.1 reserved, 1 for DaemonSets
    assert float(memory) == pytest.approx(29.802 - 3.428 - 0.1 - 1, abs=0.001)


@pytest.mark.parametrize("demand", [PAYMENTS, SUPPORT, replace(SUPPORT, runs_on="cloud-run")])
@pytest.mark.parametrize("version", ["0.24.0", "0.25.1", "0.33.0"])
def test_emitted_arguments_exist_in_that_engine_and_read_back_as_the_same_configuration(
    demand: Demand, version: str
) -> None:
    record = place(demand, replace(SUPPLY, engine_version=version), CATALOGUE)
    config = record.budget.config
    arguments = engine_arguments(record, f"gs://models/{config.checkpoint.id}")
    for argument in arguments[1:]:
        flag, equals, value = argument.partition("=")
        known = FLAGS[version][flag]
        assert known["takes_value"] == bool(equals), flag
        assert known["choices"] is None or value in known["choices"], argument
    assert read_arguments(arguments, config.engine.image.reference, config.accelerator, CATALOGUE) == config


@pytest.mark.parametrize(
    ("arguments", "image", "message"),
    [
        (["google/gemma-4-E4B"], "vllm/vllm-openai:v0.33.0", "is no checkpoint of the catalogue; did you mean"),
        (["google/gemma-4-E4B-it"], "vllm/vllm-openai:latest", "states no vLLM version"),
        (["google/gemma-4-E4B-it"], "vllm/vllm-openai:v0.34.0", "unknown vLLM version '0.34.0'"),
        (["google/gemma-4-E4B-it", "--cpu-offload-gb=8"], "vllm/vllm-openai:v0.33.0", "does not compute"),
        (["google/gemma-4-E4B-it", "--max-num-seqs", "many"], "vllm/vllm-openai:v0.33.0", "not a whole number"),
        (["google/gemma-4-E4B-it", "--gpu-memory-utilization=9"], "vllm/vllm-openai:v0.33.0", "not a fraction"),
    ],
)
def test_arguments_that_cannot_be_judged_are_refused(arguments: list[str], image: str, message: str) -> None:
    with pytest.raises(SizingError, match=message):
        read_arguments(arguments, image, CATALOGUE.accelerator("nvidia-l4"), CATALOGUE)


def test_absent_flags_take_the_engines_defaults_and_the_last_of_two_wins() -> None:
    l4, image = CATALOGUE.accelerator("nvidia-l4"), "registry:5000/vllm/vllm-openai:v0.33.0"
    config = read_arguments(["vllm", "serve", "google/gemma-4-26B-A4B-it"], image, l4, CATALOGUE)
    assert (config.max_num_seqs, config.gpu_memory_utilization, config.max_model_len) == (256, 0.92, 262144)
    assert config.max_num_batched_tokens == 2496  # raised to one video, since image tokens see each other
    twice = ["google/gemma-4-E4B-it", "-tp", "2", "--tensor-parallel-size=4", "--max_model_len=100"]
    config = read_arguments(twice, image, l4, CATALOGUE)
    assert (config.tensor_parallel_size, config.max_model_len) == (4, 100)


DEMANDS = st.builds(
    lambda model, context, peak, full, hours, text_only, zero: replace(
        PAYMENTS,
        model=model,
        context_tokens=context,
        peak_concurrent_requests=peak,
        full_context_requests=min(full, peak),
        typical_tokens=max(1, context // 4),
        typical_answer_tokens=max(1, context // 32),
        active_hours_per_month=hours,
        inputs=("text",) if text_only else ("text", "image"),
        scale_to_zero=zero,
    ),
    st.sampled_from(["gemma-4-e4b-it", "gemma-4-26b-a4b-it"]),
    st.integers(256, 131072),
    st.integers(1, 60),
    st.integers(0, 8),
    st.integers(0, 730),
    st.booleans(),
    st.booleans(),
)


def cost(demand: Demand, catalogue: Catalogue) -> Decimal | None:
    """USD a month of the placement, None when nothing serves it."""
    try:
        return place(demand, SUPPLY, catalogue).usd_per_month
    except SizingError:
        return None


@settings(max_examples=25, deadline=None)
@given(DEMANDS)
def test_the_choice_is_the_cheapest_of_each_runtime_and_precision_tried_alone(demand: Demand) -> None:
    # only checkpoints that `auto` may choose, since a precision that is named may also take others
    automatic = replace(CATALOGUE, checkpoints=tuple(c for c in CATALOGUE.checkpoints if c.auto))
    alone = [
        cost(replace(demand, runs_on=runtime, precision=precision), automatic)
        for runtime in ("gke", "cloud-run")
        for precision in {c.precision for c in automatic.checkpoints_of(automatic.model(demand.model))}
    ]
    found = [price for price in alone if price is not None]
    assert cost(demand, CATALOGUE) == (min(found) if found else None)


def test_the_same_wish_gives_the_same_record() -> None:
    assert place(PAYMENTS, SUPPLY, CATALOGUE) == place(PAYMENTS, SUPPLY, CATALOGUE)
