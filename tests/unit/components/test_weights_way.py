"""How weights reach an engine: every branch of the rule, its size limit derived, and the start that follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.served_model import MOUNT, STREAM
from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Adapter, Demand
from components.sizing.placement import place
from components.sizing.record import SizingRecord
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS
from components.weights_way import (
    LARGEST_MOUNT_GIB,
    MOUNT_GIB_PER_S,
    checkpoint_gib,
    probe_seconds,
    start_seconds,
    weights_way,
)
from stacks.setting_groups import CloudRunSettings
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY, SUPPORT

SMALL = replace(SUPPORT, checkpoint="google/gemma-4-E4B-it", runs_on="cloud-run")
LARGE = replace(PAYMENTS, checkpoint="google/gemma-4-26B-A4B-it", runs_on="cloud-run")
ADAPTED = replace(
    PAYMENTS, checkpoint="google/gemma-4-26B-A4B-it", adapters=(Adapter("tone", 64, "adapters/payments/tone"),)
)


def record(demand: Demand) -> SizingRecord:
    return place(demand, SUPPLY, load_catalogue())


def test_the_largest_mount_is_the_size_at_which_a_third_of_cloud_runs_patience_still_suffices() -> None:
    # 58.28 GiB in 20 minutes; 185 s of start-up beside the reading; 1800 s of patience
    assert pytest.approx(58.28 / 1200) == MOUNT_GIB_PER_S
    assert pytest.approx(1800) == 3 * (LARGEST_MOUNT_GIB / MOUNT_GIB_PER_S + 185)
    assert pytest.approx(20.2, abs=0.05) == LARGEST_MOUNT_GIB


@pytest.mark.parametrize(
    ("demand", "gib", "asked", "way"),
    [
        (replace(SMALL, runs_on="gke"), 14.9, MOUNT, STREAM),
        (replace(SMALL, runs_on="gke"), 14.9, STREAM, STREAM),
        (SMALL, 14.9, STREAM, STREAM),
        (SMALL, 14.9, MOUNT, MOUNT),
        (LARGE, 48.1, MOUNT, STREAM),
        (LARGE, 48.1, STREAM, STREAM),
    ],
    ids=["gke asked to mount", "gke", "small streamed", "small mounted", "large asked to mount", "large"],
)
def test_a_checkpoint_is_mounted_on_cloud_run_alone_where_it_is_asked_for_and_small(
    demand: Demand, gib: float, asked: str, way: str
) -> None:
    made = record(demand)
    assert checkpoint_gib(made) == pytest.approx(gib, abs=0.05)
    assert weights_way(made, asked) == way


def test_a_cold_start_that_a_mount_would_miss_is_streamed() -> None:
    def way(seconds: int) -> str:
        return weights_way(record(replace(SMALL, scale_to_zero=True, max_cold_start_seconds=seconds)), MOUNT)

    needed = start_seconds(record(SMALL), MOUNT)
    assert (way(needed), way(needed - 1)) == (MOUNT, STREAM)


def test_a_start_takes_as_long_as_its_slowest_part_and_the_probe_waits_longer() -> None:
    for demand, way in ((SMALL, STREAM), (SMALL, MOUNT), (LARGE, STREAM), (ADAPTED, STREAM)):
        made = record(demand)
        start = start_seconds(made, way)
        assert start % 60 == 0
        assert made.startup_seconds <= start <= probe_seconds(made, way)
    small = record(SMALL)
    assert start_seconds(small, STREAM) == small.startup_seconds
    assert start_seconds(small, MOUNT) >= 185 + checkpoint_gib(small) / MOUNT_GIB_PER_S
    assert 3 * start_seconds(small, MOUNT) <= CLOUD_RUN_PROBE_LIMIT_SECONDS + 3 * 60  # to the whole minute
    assert probe_seconds(small, MOUNT) == CLOUD_RUN_PROBE_LIMIT_SECONDS
    # adapters are mounted wherever the checkpoint comes from
    assert start_seconds(record(ADAPTED), STREAM) > record(ADAPTED).startup_seconds


def test_a_way_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="weights is 'copy'; allowed: stream, mount"):
        weights_way(record(SMALL), "copy")


def test_the_settings_name_the_size_that_the_rule_derives() -> None:
    assert f"up to {LARGEST_MOUNT_GIB:.0f} GiB" in str(CloudRunSettings.model_fields["weights"].description)
