"""What the pure builders declare, and what a component refuses before it registers anything."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.google.cluster import make_kubeconfig
from components.google.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.sizing.catalogue import load_catalogue
from components.sizing.placement import place
from tests.unit.components.models import model_of
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY, SUPPORT

CATALOGUE = load_catalogue()


def test_a_cloud_run_probe_stays_within_what_cloud_run_allows() -> None:
    record = place(replace(SUPPORT, runs_on="cloud-run"), SUPPLY, CATALOGUE)
    assert record.startup_seconds < record.startup_probe_seconds <= 1800


def test_the_hub_is_switched_off_and_cloud_runs_l4_gets_its_compatibility_switch() -> None:
    assert model_of(PAYMENTS)["environment"]["HF_HUB_OFFLINE"] == "1"
    assert "VLLM_ENABLE_CUDA_COMPATIBILITY" not in model_of(PAYMENTS)["environment"]
    support = model_of(replace(SUPPORT, runs_on="cloud-run"))
    assert support["environment"]["VLLM_ENABLE_CUDA_COMPATIBILITY"] == "1"


@pytest.mark.parametrize(
    ("option", "reservation", "message"),
    [
        ("preemptible", None, "allowed: on-demand"),
        ("reservation", None, "belong together"),
        ("spot", "x", "belong together"),
    ],
)
def test_a_pool_with_an_impossible_purchase_is_refused_before_it_is_registered(
    option: str, reservation: str | None, message: str
) -> None:
    args = GpuNodePoolArgs(
        name="pool",
        cluster_name="c",
        location="us-central1-a",
        node_locations=["us-central1-a"],
        machine_type="g2-standard-8",
        accelerator="nvidia-l4",
        accelerator_count=1,
        max_nodes=1,
        purchase_option=option,
        boot_disk_type="pd-balanced",
        service_account="a@b.iam.gserviceaccount.com",
        labels={},
        node_labels={},
    )
    if reservation:
        args["reservation"] = reservation
    with pytest.raises(ValueError, match=message):
        GpuNodePool("pool", args)  # outside a program nothing could be registered: any attempt would fail otherwise


def test_the_kubeconfig_holds_no_credential_of_its_own() -> None:
    config = json.loads(make_kubeconfig("gemma-dev", "gke-1.us-central1.gke.goog"))
    assert config["clusters"][0]["cluster"]["server"] == "https://gke-1.us-central1.gke.goog"
    assert set(config["users"][0]["user"]) == {"exec"}
