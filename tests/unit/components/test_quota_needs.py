"""Which quota an ask is counted in, what several asks need together, and what is said when a quota is too low."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.google.quota_needs import (
    CEILING,
    COMPUTE,
    FAMILY,
    RUN,
    UNLIMITED,
    Ask,
    Quota,
    needs,
    quota_of,
    request_command,
    shortfall,
    without_quota,
)
from components.sizing.catalogue import load_catalogue

POOL = Ask("a3", "gke", "nvidia-h100-80gb", "us-east4", 4, "on-demand", "a3-highgpu-8g", ("us-east4-a",))
SERVICE = Ask("team/chat", "cloud-run", "nvidia-rtx-pro-6000", "europe-west4", 3)
H100 = Quota(COMPUTE, FAMILY, "us-east4", "NVIDIA_H100")


@pytest.mark.parametrize(
    ("accelerator", "option", "quota_id", "family"),
    [
        ("nvidia-l4", "on-demand", "NVIDIA-L4-GPUS-per-project-region", None),
        ("nvidia-l4", "reservation", "NVIDIA-L4-GPUS-per-project-region", None),
        ("nvidia-l4", "spot", "PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region", None),
        ("nvidia-l4", "flex-start", "PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region", None),
        ("nvidia-a100-80gb", "on-demand", "NVIDIA-A100-80GB-GPUS-per-project-region", None),
        ("nvidia-h100-80gb", "on-demand", FAMILY, "NVIDIA_H100"),
        ("nvidia-h100-mega-80gb", "spot", "PREEMPTIBLE-NVIDIA-H100-MEGA-GPUS-per-project-region", None),
        ("nvidia-h200-141gb", "flex-start", "PREEMPTIBLE-NVIDIA-H200-GPUS-per-project-region", None),
        ("nvidia-rtx-pro-6000", "reservation", FAMILY, "NVIDIA_RTX_PRO_6000"),
        ("nvidia-rtx-pro-6000", "spot", "PREEMPTIBLE-NVIDIA-RTX-PRO-6000-GPUS-per-project-region", None),
    ],
)
def test_a_node_pool_is_counted_by_card_and_purchase_option(
    accelerator: str, option: str, quota_id: str, family: str | None
) -> None:
    ask = replace(POOL, accelerator=accelerator, purchase_option=option)
    assert quota_of(ask) == Quota(COMPUTE, quota_id, "us-east4", family)


@pytest.mark.parametrize(
    ("accelerator", "redundant", "quota_id", "per_gpu"),
    [
        ("nvidia-l4", False, "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion", 1),
        ("nvidia-l4", True, "NvidiaL4GpuAllocPerProjectRegion", 1),
        ("nvidia-rtx-pro-6000", False, "NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion", 1000),
    ],
)
def test_cloud_run_is_counted_by_card_and_redundancy(
    accelerator: str, redundant: bool, quota_id: str, per_gpu: int
) -> None:
    ask = replace(SERVICE, accelerator=accelerator, zonal_redundancy=redundant)
    assert quota_of(ask) == Quota(RUN, quota_id, "europe-west4", None, per_gpu)


def test_asks_of_one_quota_are_added_up_and_those_of_another_are_not() -> None:
    asks = [POOL, replace(POOL, subject="b", gpus=8), replace(POOL, subject="c", gpus=1, purchase_option="spot")]
    found = {need.quota: need for need in needs([*asks, replace(POOL, subject="d", region="us-west1"), SERVICE])}
    assert (found[H100].gpus, found[H100].subjects) == (12, ("a3", "b"))
    assert found[replace(H100, region="us-west1")].gpus == 4
    assert found[Quota(COMPUTE, "PREEMPTIBLE-NVIDIA-H100-GPUS-per-project-region", "us-east4")].gpus == 1
    # the ceiling is over all regions and options, but not over Cloud Run
    assert found[Quota(COMPUTE, CEILING)].gpus == 17
    assert len(found) == 5


def test_the_ways_to_buy_one_pool_are_alternatives_and_each_quota_must_hold_it_whole() -> None:
    ladder = [POOL, replace(POOL, purchase_option="reservation"), replace(POOL, purchase_option="spot")]
    spot = Quota(COMPUTE, "PREEMPTIBLE-NVIDIA-H100-GPUS-per-project-region", "us-east4")
    assert {need.quota: need.gpus for need in needs(ladder)} == {H100: 4, spot: 4, Quota(COMPUTE, CEILING): 4}


def test_a_card_without_a_known_quota_counts_against_the_ceiling_and_is_named() -> None:
    asks = [replace(POOL, subject="b", accelerator="nvidia-gb200"), replace(SERVICE, accelerator="nvidia-b200"), POOL]
    assert without_quota(asks) == ["nvidia-b200 on cloud-run", "nvidia-gb200 on gke"]
    assert {need.quota: need.gpus for need in needs(asks)} == {Quota(COMPUTE, CEILING): 8, H100: 4}


def test_every_gpu_that_can_be_placed_has_a_quota_but_those_of_grace_cpus() -> None:
    catalogue = load_catalogue()
    labels = {card.id: card.node_label for card in catalogue.accelerators}
    cards = {labels[machine.accelerator] for machine in catalogue.machines}
    assert len(cards) > 5
    assert without_quota(replace(POOL, accelerator=card) for card in cards) == [
        "nvidia-gb200 on gke",
        "nvidia-gb300 on gke",
    ]
    assert without_quota(replace(SERVICE, accelerator=gpu.accelerator) for gpu in catalogue.cloud_run) == []


def test_what_is_enough_unlimited_or_not_known_is_no_shortfall() -> None:
    wanted = needs([POOL])
    for granted in ({H100: 4}, {H100: UNLIMITED, Quota(COMPUTE, CEILING): UNLIMITED}, {}):
        assert shortfall(wanted, granted, "p") is None
    assert shortfall(wanted, {H100: 3}, "p") is not None


def test_one_message_tells_of_all_shortfalls_and_how_to_request_more() -> None:
    wanted = needs([POOL, SERVICE])
    granted = {need.quota: 1 for need in wanted}
    message = shortfall(wanted, granted, "proj") or ""
    assert f"{FAMILY} in us-east4 for NVIDIA_H100: needed 4, granted 1; a3\n" in message
    assert f"{CEILING} over all regions: needed 4, granted 1; a3\n" in message
    run = "NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion"
    assert f"{run} in europe-west4: needed 3000, granted 1 (in units of 1/1000 GPU); team/chat\n" in message
    assert "console.cloud.google.com/iam-admin/quotas?project=proj" in message
    for need in wanted:
        assert request_command(need, "proj") in message


def test_a_request_names_every_dimension_and_the_value_in_the_unit_of_the_quota() -> None:
    commands = {need.quota.quota_id: request_command(need, "proj") for need in needs([POOL, SERVICE])}
    assert commands[FAMILY] == (
        "gcloud beta quotas preferences create --project=proj --service=compute.googleapis.com "
        f"--quota-id={FAMILY} --dimensions=gpu_family=NVIDIA_H100,region=us-east4 --preferred-value=4 "
        "--email=<who may change quotas>"
    )
    assert "--dimensions" not in commands[CEILING]
    assert "--preferred-value=3000" in commands["NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion"]
