"""What an environment decides for one deployment in place of placement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Override, Supply
from components.sizing.engine_arguments import engine_arguments, read_arguments
from components.sizing.errors import SizingError
from components.sizing.figures import figures
from components.sizing.memory import Fit
from components.sizing.placement import place
from components.sizing.published import published
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY, SUPPORT

CATALOGUE = load_catalogue()
WHY = "ticket 12"


def decided(**values: Any) -> Supply:
    """The environment with that override of the payments deployment."""
    return replace(SUPPLY, overrides={PAYMENTS.key: Override(WHY, **values)})


def test_a_decision_takes_the_place_of_placements_and_only_for_its_deployment() -> None:
    free = place(PAYMENTS, SUPPLY, CATALOGUE)
    assert (free.machine_type, free.overrides) == ("g2-standard-24", {})
    record = place(PAYMENTS, decided(accelerator="nvidia-rtx-pro-6000"), CATALOGUE)
    assert record.accelerator == "nvidia-rtx-pro-6000"
    assert record.overrides == {"accelerator": "nvidia-rtx-pro-6000"}
    assert place(SUPPORT, decided(accelerator="nvidia-rtx-pro-6000"), CATALOGUE) == place(SUPPORT, SUPPLY, CATALOGUE)


def test_machine_and_width_restrict_the_places() -> None:
    record = place(PAYMENTS, decided(machine_type="g2-standard-48"), CATALOGUE)
    assert record.machine_type == "g2-standard-48"
    wide = place(PAYMENTS, decided(tensor_parallel_size=4), CATALOGUE)
    assert (wide.gpu_count, wide.budget.config.tensor_parallel_size) == (4, 4)


def test_utilization_batch_and_kv_dtype_are_in_the_arguments_and_judged_by_the_same_budget() -> None:
    record = place(
        PAYMENTS, decided(gpu_memory_utilization=0.85, max_num_batched_tokens=3000, kv_cache_dtype="fp8"), CATALOGUE
    )
    config = record.budget.config
    arguments = engine_arguments(record, config.checkpoint.id)
    assert {"--gpu-memory-utilization=0.85", "--max-num-batched-tokens=3000", "--kv-cache-dtype=fp8"} <= set(arguments)
    assert read_arguments(arguments, config.engine.image.reference, config.accelerator, CATALOGUE) == config
    assert record.budget.fit is Fit.FITS
    assert record.budget.usable_bytes / 2**30 == pytest.approx(0.85 * 22.03, abs=0.01)
    assert "fp8" not in str(
        engine_arguments(place(PAYMENTS, SUPPLY, CATALOGUE), "x")
    )  # the environment does not allow it


def test_a_record_says_what_was_decided_and_why() -> None:
    record = place(PAYMENTS, decided(gpu_memory_utilization=0.85), CATALOGUE)
    plain = published(record)
    assert (plain["overrides"], plain["override_reason"]) == ({"gpu_memory_utilization": "0.85"}, WHY)
    share = next(figure for figure in figures(record) if figure.term == "memory utilization")
    assert (share.value, share.source) == ("0.85", f"override of the environment: {WHY}")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"accelerator": "nvidia-l5"}, "no GPU of the catalogue is called 'nvidia-l5'; did you mean 'nvidia-l4'"),
        ({"machine_type": "g2-standard-23"}, "unknown machine type 'g2-standard-23'; did you mean"),
        ({"gpu_memory_utilization": 1.2}, "gpu_memory_utilization is 1.2"),
        ({"accelerator": "nvidia-b200"}, "leaves no other choice"),  # no quota
        ({"tensor_parallel_size": 3}, "leaves no other choice"),  # no machine is divided so
        ({"accelerator": "nvidia-l4", "tensor_parallel_size": 1}, "leaves no other choice"),  # does not fit
    ],
)
def test_a_decision_that_cannot_be_met_is_refused_by_name_and_reason(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SizingError, match=message) as caught:
        place(PAYMENTS, decided(**values), CATALOGUE)
    assert f"override of {PAYMENTS.key} (" in str(caught.value)
    assert f"; {WHY})" in str(caught.value)


def test_a_batch_below_a_video_is_refused_for_a_deployment_with_videos() -> None:
    wish = replace(PAYMENTS, inputs=("text", "image", "video"))
    with pytest.raises(SizingError, match="max_num_batched_tokens is below the 2496 that videos need"):
        place(wish, decided(max_num_batched_tokens=2048), CATALOGUE)


def test_fp8_kv_that_the_gpu_cannot_hold_is_refused() -> None:
    supply = replace(decided(accelerator="nvidia-a100-80gb", kv_cache_dtype="fp8"), gke_quota={"nvidia-a100-80gb": 8})
    with pytest.raises(SizingError, match=r"fp8 KV cache needs compute capability 8\.9"):
        place(replace(PAYMENTS, runs_on="gke"), supply, CATALOGUE)
