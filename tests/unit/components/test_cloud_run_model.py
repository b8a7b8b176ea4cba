"""What the service declares from a sizing record, and what is refused before anything is registered.

Decided here without a cloud: inputs, order, protection and refusals. Whether a model starts is for a real project to show.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from components.google.cloud_run_limits import environment_for
from components.google.cloud_run_model import CloudRunModel, CloudRunModelArgs
from components.served_model import ServedModelArgs, model_argument, served_model, weights_place
from components.sizing.catalogue import load_catalogue
from components.sizing.engine_arguments import checkpoint_of_path
from components.sizing.placement import place
from components.time_limits import time_limits
from tests.unit.components.registering import Program, previews_the_same, register
from tests.unit.sizing.test_placement import SUPPLY, SUPPORT

SERVICE = "gcp:cloudrunv2/service:Service"
CALLER = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
CATALOGUE = load_catalogue()
RECORD = place(replace(SUPPORT, runs_on="cloud-run"), SUPPLY, CATALOGUE)
CHECKPOINT = RECORD.budget.config.checkpoint.id
LIMITS = time_limits(900, RECORD.startup_seconds, RECORD.startup_probe_seconds, from_zero=True, new_node=False)
PLACE = {way: weights_place(way, "acme-models", CHECKPOINT) for way in ("stream", "mount")}


def model(way: str = "stream", **changes: Any) -> ServedModelArgs:
    return cast(
        ServedModelArgs, served_model(RECORD, PLACE[way], LIMITS, mode="Knative", bucket_name="acme-models") | changes
    )


def args(**changes: Any) -> CloudRunModelArgs:
    plain = {
        "name": "gemma-dev-support-helpdesk",
        "account_id": "gemma-dev-support-helpdesk",
        "region": "us-central1",
        "network_id": "network",
        "subnetwork_id": "subnetwork",
        "bucket": "acme-models",
        "bucket_name": "acme-models",
        "checkpoint": CHECKPOINT,
        "callers": ["group:support@example.com", "serviceAccount:app@p.iam.gserviceaccount.com"],
        "deletion_protection": False,
        "labels": {"team": "support"},
        "model": model(),
        "usd_per_month": "236.35",
        "inputs": ["text", "image"],
        "cold_start_seconds": 240,
    }
    return cast(CloudRunModelArgs, plain | changes)


def service(**changes: Any) -> Program:
    return register(lambda: CloudRunModel("support/helpdesk", args(**changes)))


def template(program: Program) -> dict[str, Any]:
    return program.one(SERVICE).inputs["template"]


def container(program: Program) -> dict[str, Any]:
    (only,) = template(program)["containers"]
    return only


def environment(program: Program) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container(program)["envs"]}


def test_the_instance_is_the_one_that_was_sized() -> None:
    program = service()
    made = template(program)
    assert container(program)["resources"] == {
        "limits": {"cpu": str(RECORD.vcpu), "memory": f"{RECORD.memory_gib}Gi", "nvidia.com/gpu": "1"},
        "cpuIdle": False,
        "startupCpuBoost": True,
    }
    assert made["nodeSelector"] == {"accelerator": RECORD.accelerator}
    assert made["maxInstanceRequestConcurrency"] == RECORD.max_num_seqs
    assert f"--max-num-seqs={RECORD.max_num_seqs}" in container(program)["args"]
    assert made["scaling"] == {"minInstanceCount": RECORD.min_replicas, "maxInstanceCount": RECORD.max_replicas}
    assert made["timeout"] == f"{LIMITS.request}s"
    assert LIMITS.longest_generation < LIMITS.request <= 3600


def test_a_paused_service_has_no_instance_and_takes_no_request_and_is_otherwise_the_same() -> None:
    running, paused = service().one(SERVICE).inputs, service(model=model(paused=True)).one(SERVICE).inputs
    assert "scaling" not in running
    assert paused.pop("scaling") == {"scalingMode": "MANUAL", "manualInstanceCount": 0}
    assert paused == running


def test_a_canary_splits_the_requests_between_the_newest_and_the_stable_revision() -> None:
    newest, stable = (
        service(model=model(canary_percent=10), stable_revision="helpdesk-00003-abc").one(SERVICE).inputs["traffics"]
    )
    assert newest == {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10}
    assert (stable["revision"], stable["percent"]) == ("helpdesk-00003-abc", 90)
    (only,) = (
        service(model=model(canary_percent=0), stable_revision="helpdesk-00003-abc").one(SERVICE).inputs["traffics"]
    )
    assert (only["revision"], only["percent"]) == ("helpdesk-00003-abc", 100)
    assert "traffics" not in service().one(SERVICE).inputs


def test_the_endpoint_says_how_it_is_called_by_whom_and_how_long_a_cold_start_takes() -> None:
    endpoint = service().outputs["endpoint"]
    assert endpoint["base_url"].endswith("/v1")
    assert endpoint["model"] == "helpdesk"
    assert endpoint["authentication"] == "cloud-run-identity"
    assert "gcloud auth print-identity-token" in endpoint["curl"][0]
    assert endpoint["expected_cold_start_seconds"] == (240 if RECORD.min_replicas == 0 else 0)


@pytest.mark.parametrize("spread", [True, False])
def test_zonal_redundancy_is_paid_for_when_it_is_wanted_only(spread: bool) -> None:
    assert template(service(model=model(spread_over_zones=spread)))["gpuZonalRedundancyDisabled"] is not spread


def test_the_start_may_take_what_the_record_says_and_a_stuck_engine_is_replaced() -> None:
    made = container(service())
    startup, liveness = made["startupProbe"], made["livenessProbe"]
    assert RECORD.startup_seconds < startup["periodSeconds"] * startup["failureThreshold"] <= 1800
    assert startup["timeoutSeconds"] <= startup["periodSeconds"]
    assert startup["httpGet"] == liveness["httpGet"] == {"path": "/health", "port": 8080}


def test_it_runs_under_its_own_identity_once_that_may_read_the_one_checkpoint() -> None:
    program = service()
    grant = program.one(GRANT).inputs
    email = "gemma-dev-support-helpdesk@p.iam.gserviceaccount.com"
    assert template(program)["serviceAccount"] == email
    assert (grant["role"], grant["member"]) == ("roles/storage.objectViewer", f"serviceAccount:{email}")
    assert f"/objects/{CHECKPOINT}/" in grant["condition"]["expression"]
    assert "support/helpdesk-weights" in {urn.rpartition("::")[2] for urn in program.one(SERVICE).dependencies}


def test_all_traffic_leaves_through_the_network_and_only_the_callers_come_in() -> None:
    program = service()
    assert template(program)["vpcAccess"] == {
        "egress": "ALL_TRAFFIC",
        "networkInterfaces": [{"network": "network", "subnetwork": "subnetwork"}],
    }
    assert program.one(SERVICE).inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    callers = [caller.inputs for caller in program.of(CALLER)]
    assert {caller["member"] for caller in callers} == set(args().get("callers", []))
    assert {caller["role"] for caller in callers} == {"roles/run.invoker"}


def test_a_load_balancer_may_stand_in_front() -> None:
    made = service(ingress="internal-and-load-balancing").one(SERVICE).inputs
    assert made["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"


def test_the_hub_is_off_even_when_nobody_said_so_and_the_hosts_driver_is_served() -> None:
    found = environment(service(model=model(environment={"LOG": "1", "VLLM_ENABLE_CUDA_COMPATIBILITY": "0"})))
    assert (found["HF_HUB_OFFLINE"], found["TRANSFORMERS_OFFLINE"], found["LOG"]) == ("1", "1", "1")
    assert RECORD.accelerator == "nvidia-l4"  # whose hosts are older than the image's CUDA
    assert found["VLLM_ENABLE_CUDA_COMPATIBILITY"] == "1"


def test_weights_are_streamed_and_nothing_is_mounted_by_default() -> None:
    program = service()
    assert container(program)["args"][0] == f"gs://acme-models/{CHECKPOINT}"
    assert not template(program).get("volumes")
    assert not container(program).get("volumeMounts")


def test_a_mount_is_the_checkpoints_folder_read_only_where_the_engine_looks_for_it() -> None:
    program = service(weights="mount", model=model("mount"))
    made = template(program)
    assert made["volumes"] == [
        {
            "name": "bucket-0",
            "gcs": {
                "bucket": "acme-models",
                "readOnly": True,
                "mountOptions": ["implicit-dirs", f"only-dir={CHECKPOINT}"],
            },
        }
    ]
    (mount,) = container(program)["volumeMounts"]
    assert mount == {"name": "bucket-0", "mountPath": container(program)["args"][0]}
    assert made["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN2"  # no other mounts buckets
    startup = container(program)["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] == 1800
    # a policy still knows what is served
    assert checkpoint_of_path(mount["mountPath"], CATALOGUE).id == CHECKPOINT


@pytest.mark.parametrize("protected", [True, False])
def test_what_may_not_be_deleted_is_protected_in_the_stack_too(protected: bool) -> None:
    made = service(deletion_protection=protected).one(SERVICE)
    assert made.protect is protected
    assert made.inputs["deletionProtection"] is protected


def test_a_folder_of_the_checkpoint_is_as_good_as_the_whole() -> None:
    arguments = [f"{PLACE['stream']}/revision", *model()["arguments"][1:]]
    assert container(service(model=model(arguments=arguments)))["args"] == arguments


@pytest.mark.parametrize("accelerator", CATALOGUE.cloud_run, ids=lambda gpu: gpu.accelerator)
def test_every_shape_and_region_of_the_catalogue_is_accepted(accelerator: Any) -> None:
    for shape in accelerator.shapes:
        for region in (*accelerator.regions, *accelerator.regions_by_invitation):
            sized = model(accelerator=accelerator.accelerator, vcpu=shape.vcpu, memory_gib=shape.memory_gib)
            made = service(model=sized, region=region)
            assert made.one(SERVICE).inputs["location"] == region


L4_SHAPES = "allowed with nvidia-l4: 4 with 16, 8 with 32"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vcpu": 2}, f"vcpu is 2 and memory_gib {RECORD.memory_gib}; {L4_SHAPES}"),
        ({"vcpu": 20, "memory_gib": 80}, L4_SHAPES),
        ({"accelerator": "nvidia-rtx-pro-6000"}, "allowed with nvidia-rtx-pro-6000: 20 with 80"),
        ({"accelerator": "nvidia-h100-80gb"}, "Cloud Run does not have; it has nvidia-l4, nvidia-rtx-pro-6000"),
        ({"accelerator_count": 2}, "accelerator_count is 2; a Cloud Run instance has exactly 1 GPU"),
        ({"max_replicas": 0, "min_replicas": 0}, "max_replicas is 0; at least 1"),
        ({"max_replicas": 4}, "max_replicas is 4, above gpu_quota 3"),
        ({"min_replicas": 3, "max_replicas": 2}, "min_replicas is 3; allowed: 0 to max_replicas, 2"),
        ({"min_replicas": -1}, "min_replicas is -1"),
        ({"startup_probe_seconds": 1801}, "startup_probe_seconds is 1801; allowed: 10 to 1800"),
        ({"startup_probe_seconds": 9}, "startup_probe_seconds is 9"),
        ({"concurrency": 0}, "concurrency is 0; allowed: 1 to 1000"),
        ({"concurrency": RECORD.max_num_seqs + 1}, f"the engine runs --max-num-seqs {RECORD.max_num_seqs}"),
        ({"arguments": ["gs://acme-models/google/other"]}, "arguments has the model 'gs://acme-models/google/other'"),
        ({"arguments": [f"{PLACE['stream']}-qat"]}, "nothing else is readable"),
        ({"arguments": ["--port=8080"]}, "arguments has the model 'none'"),
        ({"arguments": [PLACE["mount"]]}, f"the weights are at {PLACE['stream']}"),
        ({"image": "docker.io/vllm/vllm-openai:latest"}, "states no vLLM version in its tag"),
    ],
)
def test_a_model_that_cloud_run_would_refuse_is_refused_before_it_is_registered(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        CloudRunModel("support/helpdesk", args(model=model(**changes), gpu_quota=3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a" * 50}, "50 characters; a Cloud Run service has 1 to 49"),
        ({"name": "Helpdesk"}, "name is 'Helpdesk'"),
        ({"account_id": "a" * 31}, "31 characters; a service account has 6 to 30"),
        ({"account_id": "short"}, "account_id is 'short'"),
        ({"region": "europe-north1"}, "where Cloud Run has no nvidia-l4; it is in asia-southeast1, europe-west1"),
        ({"ingress": "all"}, "ingress is 'all'; allowed: internal, internal-and-load-balancing"),
        ({"callers": ["allUsers"]}, "callers has allUsers"),
        ({"callers": ["allAuthenticatedUsers"]}, "callers has allAuthenticatedUsers"),
        ({"weights": "copy"}, "weights is 'copy'; allowed: stream, mount"),
        ({"weights": "mount"}, f"the weights are at {PLACE['mount']}"),
        ({"bucket_name": "Models"}, "lower-case letters"),
        ({"checkpoint": "google/gemma/"}, "without slashes around"),
        ({"gpu_quota": 0}, "above gpu_quota 0"),
    ],
)
def test_what_google_would_refuse_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        CloudRunModel("support/helpdesk", args(**changes))


def test_an_image_that_the_hosts_driver_cannot_run_is_refused_with_the_way_out() -> None:
    (engine,) = [engine for engine in CATALOGUE.engines if f":v{engine.id}" in RECORD.image]
    bare = engine.model_copy(update={"image": engine.image.model_copy(update={"compatible_drivers": ()})})
    catalogue = replace(CATALOGUE, engines=(bare,))
    with pytest.raises(ValueError, match=r"hosts on Cloud Run have 535.*use nvidia-rtx-pro-6000 there, or GKE"):
        environment_for(model(), catalogue)
    assert environment_for(model(accelerator="nvidia-rtx-pro-6000"), catalogue) == {}


def test_an_organisations_own_rows_count(tmp_path: Path) -> None:
    shapes, driver = "shapes: [{vcpu: 8, memory_gib: 32}]", "driver: '580', cuda: '13.0'"
    own = tmp_path / "catalogue.yaml"
    own.write_text(
        f"cloud_run:\n- {{accelerator: nvidia-h100-80gb, {shapes}, regions: [us-central1], {driver}}}\n",
        encoding="utf-8",
    )
    sized = model(accelerator="nvidia-h100-80gb", vcpu=8, memory_gib=32)
    made = service(model=sized, catalogue=str(own))
    assert template(made)["nodeSelector"] == {"accelerator": "nvidia-h100-80gb"}


def test_the_model_is_found_in_either_spelling() -> None:
    assert model_argument(["gs://b/x", "--port=1"]) == model_argument(["--port=1", "--model=gs://b/x"]) == "gs://b/x"
    assert model_argument([]) == ""


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(
        lambda: CloudRunModel("support/helpdesk", args(weights="mount", model=model("mount"), gpu_quota=3))
    )
