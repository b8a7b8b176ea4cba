"""What the pure builders declare, and what a component refuses before it registers anything."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.google.cluster import make_kubeconfig
from components.google.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.kubernetes import inference_service
from components.kubernetes.team import workload_identity
from components.served_model import ServedModelArgs, served_model, weights_place
from components.sizing.catalogue import load_catalogue
from components.sizing.placement import place
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY, SUPPORT

CATALOGUE = load_catalogue()


def model_of(**changes: object) -> ServedModelArgs:
    """The payments deployment as components take it."""
    record = place(replace(PAYMENTS, **changes), SUPPLY, CATALOGUE)
    return served_model(record, weights_place("stream", "models", record.budget.config.checkpoint.id))


def test_without_a_storage_uri_the_predictor_holds_a_kserve_container_and_never_a_model() -> None:
    predictor = inference_service.make_spec("assistant", model_of(), "pool", "models", {})["predictor"]
    assert "model" not in predictor
    (container,) = predictor["containers"]
    assert container["name"] == "kserve-container"
    assert container["command"] == ["vllm", "serve"]
    assert container["args"][0] == "gs://models/RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic"


def test_a_pod_lands_on_the_pool_and_gpu_it_was_sized_for() -> None:
    predictor = inference_service.make_spec("assistant", model_of(), "g2-standard-24-spot", "models", {})["predictor"]
    assert predictor["nodeSelector"] == {
        "cloud.google.com/gke-accelerator": "nvidia-l4",
        "gemma-platform/pool": "g2-standard-24-spot",
    }
    assert predictor["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"


def test_replicas_are_spread_over_zones_for_high_availability_only() -> None:
    plain = inference_service.make_spec("a", model_of(), "p", "models", {})["predictor"]
    spread = inference_service.make_spec("a", model_of(high_availability=True), "p", "models", {})["predictor"]
    assert "topologySpreadConstraints" not in plain
    (constraint,) = spread["topologySpreadConstraints"]
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"


def test_start_up_estimate_probe_and_progress_deadline_follow_each_other() -> None:
    record = place(PAYMENTS, SUPPLY, CATALOGUE)
    model = model_of()
    container = inference_service.make_spec("a", model, "p", "models", {})["predictor"]["containers"][0]
    probe = container["startupProbe"]
    budget = probe["periodSeconds"] * probe["failureThreshold"]
    deadline = int(inference_service.make_annotations(model)["serving.knative.dev/progress-deadline"].rstrip("s"))
    assert record.startup_seconds < budget <= record.startup_probe_seconds < deadline


def test_a_cloud_run_probe_stays_within_what_cloud_run_allows() -> None:
    record = place(replace(SUPPORT, runs_on="cloud-run"), SUPPLY, CATALOGUE)
    assert record.startup_seconds < record.startup_probe_seconds <= 1800


def test_the_hub_is_switched_off_and_cloud_runs_l4_gets_its_compatibility_switch() -> None:
    assert model_of()["environment"]["HF_HUB_OFFLINE"] == "1"
    assert "VLLM_ENABLE_CUDA_COMPATIBILITY" not in model_of()["environment"]
    record = place(replace(SUPPORT, runs_on="cloud-run"), SUPPLY, CATALOGUE)
    assert served_model(record, "gs://m")["environment"]["VLLM_ENABLE_CUDA_COMPATIBILITY"] == "1"


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


def test_a_teams_identity_is_its_service_account_in_its_namespace() -> None:
    member = workload_identity("p", "123", "team-payments")
    assert member == (
        "principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p.svc.id.goog"
        "/subject/ns/team-payments/sa/models"
    )
