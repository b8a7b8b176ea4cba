"""What QuotaPreferences asks Google for, and what it refuses to ask."""

from __future__ import annotations

import pytest

from components.google.quota_needs import CEILING, COMPUTE, FAMILY, Ask, needs
from components.google.quota_preference import (
    QuotaPreferences,
    QuotaPreferencesArgs,
    QuotaWish,
    request_id,
    wishes_of,
)
from tests.unit.components.registering import previews_the_same, register

REQUEST = "gcp:cloudquota/sQuotaPreference:SQuotaPreference"
POOL = Ask("a3", "gke", "nvidia-h100-80gb", "us-east4", 4, "on-demand")


def preferences(*wishes: QuotaWish) -> QuotaPreferencesArgs:
    return QuotaPreferencesArgs(
        project="proj", contact_email="ops@a.example", justification="Serves Gemma.", wishes=list(wishes)
    )


def wish(quota_id: str = CEILING, value: int = 8, **dimensions: str) -> QuotaWish:
    return QuotaWish(service=COMPUTE, quota_id=quota_id, dimensions=dimensions, value=value)


def test_every_need_becomes_one_request_for_what_is_needed() -> None:
    program = register(lambda: QuotaPreferences("quota", preferences(*wishes_of(needs([POOL])))))
    requests = {request.inputs["quotaId"]: request for request in program.of(REQUEST)}
    assert set(requests) == {CEILING, FAMILY}
    family = requests[FAMILY].inputs
    assert family["dimensions"] == {"gpu_family": "NVIDIA_H100", "region": "us-east4"}
    assert family["quotaConfig"]["preferredValue"] == "4"
    assert (family["parent"], family["service"], family["contactEmail"]) == ("projects/proj", COMPUTE, "ops@a.example")
    assert requests[FAMILY].ignored_changes == ("contactEmail", "justification")
    assert family["name"] == "gpus-per-gpu-family-nvidia-h100-us-east4"
    assert not requests[CEILING].inputs.get("dimensions")
    assert set(program.outputs["granted"]) == {request.inputs["name"] for request in requests.values()}


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: QuotaPreferences("quota", preferences(wish())))


def test_one_quota_in_two_regions_is_two_requests() -> None:
    ids = {request_id(wish("NVIDIA-L4-GPUS-per-project-region", region=region)) for region in ("us-east4", "us-west1")}
    assert ids == {"nvidia-l4-gpus-us-east4", "nvidia-l4-gpus-us-west1"}


def test_the_longest_ids_of_the_known_quotas_are_allowed() -> None:
    asks = [
        Ask("a", "gke", "nvidia-rtx-pro-6000", "northamerica-northeast1", 1, option) for option in ("spot", "on-demand")
    ]
    asks += [
        Ask("b", "cloud-run", "nvidia-rtx-pro-6000", "northamerica-northeast1", 1, zonal_redundancy=redundant)
        for redundant in (True, False)
    ]
    program = register(lambda: QuotaPreferences("quota", preferences(*wishes_of(needs(asks)))))
    assert len(program.of(REQUEST)) == 5


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ([], "is empty"),
        ([wish(), wish(value=9)], "more than once"),
        ([wish(value=-1)], "must not be negative"),
        ([wish(quota_id="Q" * 64)], "longer than 63"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_it_is_registered(wishes: list[QuotaWish], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        QuotaPreferences("quota", preferences(*wishes))
