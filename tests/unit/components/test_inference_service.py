"""The InferenceService that a served model becomes, in both modes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.inference_service import KNATIVE, STANDARD, make_annotations, make_labels, make_spec
from components.served_model import ServedModelArgs
from components.sizing.demand import Adapter
from components.time_limits import LONGEST_REQUEST_SECONDS
from tests.unit.components.models import model_of
from tests.unit.sizing.test_placement import PAYMENTS

LABELS = {"team": "payments"}
HIGH = replace(PAYMENTS, high_availability=True)


def predictor_of(model: ServedModelArgs, pool: str = "g2-standard-24-spot") -> dict[str, Any]:
    return make_spec("assistant", model, pool, "models", LABELS, "gemma-interactive")["predictor"]


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
def test_without_a_storage_uri_the_predictor_holds_a_kserve_container_and_never_a_model(mode: str) -> None:
    predictor = predictor_of(model_of(PAYMENTS, mode))
    assert "model" not in predictor
    (container,) = predictor["containers"]
    assert container["name"] == "kserve-container"
    assert container["command"] == ["vllm", "serve"]
    assert container["args"][0] == "gs://models/RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic"


def test_a_pod_lands_on_the_pool_and_gpu_it_was_sized_for() -> None:
    predictor = predictor_of(model_of(PAYMENTS))
    assert predictor["nodeSelector"] == {
        "cloud.google.com/gke-accelerator": "nvidia-l4",
        "gemma-platform/pool": "g2-standard-24-spot",
    }
    assert predictor["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert predictor["priorityClassName"] == "gemma-interactive"
    assert predictor["serviceAccountName"] == "models"


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
def test_replicas_are_spread_over_zones_where_there_is_room_whether_many_or_one(mode: str) -> None:
    for demand in (PAYMENTS, HIGH):
        (constraint,) = predictor_of(model_of(demand, mode))["topologySpreadConstraints"]
        assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
        # one replica, or a second one when a zone has no GPU left, must start all the same
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["labelSelector"] == {"matchLabels": {"serving.kserve.io/inferenceservice": "assistant"}}


def test_probe_deadline_and_request_limit_are_those_of_the_table_of_time_limits() -> None:
    model = model_of(PAYMENTS)
    probe = predictor_of(model)["containers"][0]["startupProbe"]
    budget = probe["periodSeconds"] * probe["failureThreshold"]
    deadline = int(make_annotations(model)["serving.knative.dev/progress-deadline"].rstrip("s"))
    assert budget == model["startup_probe_seconds"]
    assert budget <= deadline == model["progress_deadline_seconds"]
    assert predictor_of(model)["timeout"] == model["request_seconds"] <= LONGEST_REQUEST_SECONDS


def test_knative_scales_on_requests_below_the_engines_own_limit_and_owns_the_drain() -> None:
    model = model_of(PAYMENTS)
    predictor = predictor_of(model)
    assert predictor["scaleMetric"] == "concurrency"
    assert predictor["scaleTarget"] < predictor["containerConcurrency"] == model["concurrency"]
    assert "terminationGracePeriodSeconds" not in predictor
    assert "lifecycle" not in predictor["containers"][0]
    assert make_annotations(model)["autoscaling.knative.dev/target-burst-capacity"] == "-1"


def test_the_mode_is_always_stated_and_standard_mode_has_no_autoscaler_of_kserves_and_no_ingress() -> None:
    knative, standard = model_of(PAYMENTS), model_of(PAYMENTS, STANDARD)
    assert make_annotations(knative)["serving.kserve.io/deploymentMode"] == "Knative"
    annotations = make_annotations(standard)
    assert annotations["serving.kserve.io/deploymentMode"] == "Standard"
    assert annotations["serving.kserve.io/autoscalerClass"] == "external"
    assert not any(key.startswith(("autoscaling.knative.dev", "serving.knative.dev")) for key in annotations)
    assert make_labels(standard, LABELS)["networking.kserve.io/visibility"] == "cluster-local"
    assert make_labels(knative, LABELS) == LABELS
    assert not {"scaleMetric", "scaleTarget", "containerConcurrency"} & set(predictor_of(standard))
    with pytest.raises(ValueError, match="allowed: Knative, Standard"):
        make_annotations({**knative, "mode": "Serverless"})


def test_a_paused_deployment_is_stopped_and_keeps_everything_else() -> None:
    running, paused = model_of(PAYMENTS), model_of(PAYMENTS, paused=True)
    assert "serving.kserve.io/stop" not in make_annotations(running)
    assert make_annotations(paused)["serving.kserve.io/stop"] == "true"
    assert predictor_of(paused) == predictor_of(running)


def test_a_canary_moves_traffic_and_nothing_of_the_template() -> None:
    with_canary = predictor_of(model_of(PAYMENTS, canary_percent=10))
    assert with_canary.pop("canaryTrafficPercent") == 10
    assert with_canary == predictor_of(model_of(PAYMENTS))
    assert predictor_of(model_of(PAYMENTS, canary_percent=0))["canaryTrafficPercent"] == 0


def test_pods_have_no_more_rights_than_restricted_allows_and_no_token_of_the_cluster() -> None:
    predictor = predictor_of(model_of(PAYMENTS))
    (container,) = predictor["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert predictor["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert predictor["automountServiceAccountToken"] is False


def test_an_image_that_is_known_to_run_without_root_does_and_writes_only_where_it_must() -> None:
    predictor = predictor_of(model_of(PAYMENTS))
    (container,) = predictor["containers"]
    assert predictor["securityContext"]["runAsNonRoot"] is True
    assert predictor["securityContext"]["runAsUser"] == 2000
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert set(mounts) == {"/dev/shm", "/tmp", "/home/vllm"}  # noqa: S108 - in the image
    assert len({mount["name"] for mount in mounts.values()}) == 3
    assert {mount["name"] for mount in mounts.values()} == {volume["name"] for volume in predictor["volumes"]}


def test_shared_memory_is_sized_and_nothing_is_fetched_from_a_hub_or_reported() -> None:
    predictor = predictor_of(model_of(PAYMENTS))
    (shared,) = (volume for volume in predictor["volumes"] if volume["name"] == "shared-memory")
    assert shared["emptyDir"] == {"medium": "Memory", "sizeLimit": "3Gi"}
    environment = {each["name"]: each["value"] for each in predictor["containers"][0]["env"]}
    assert environment["HF_HUB_OFFLINE"] == environment["VLLM_NO_USAGE_STATS"] == "1"


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
def test_no_engine_writes_prompts_or_answers_into_its_log(mode: str) -> None:
    """Off unless asked for (vLLM 0.33.0 --enable-log-requests, --enable-log-outputs)."""
    (container,) = predictor_of(model_of(PAYMENTS, mode))["containers"]
    assert [word for word in container["args"] if word.startswith("--") and "log" in word.partition("=")[0]] == []
    assert [each["name"] for each in container["env"] if "LOG" in each["name"]] == []


def test_adapters_are_read_only_files_of_the_bucket_and_their_container_states_its_limits() -> None:
    adapter = Adapter("tone", 16, "adapters/payments/tone", "v2")
    predictor = predictor_of(model_of(replace(PAYMENTS, model="gemma-4-31b-it", adapters=(adapter,))))
    (container,) = predictor["containers"]
    (mount,) = (each for each in container["volumeMounts"] if each["mountPath"].startswith("/adapters"))
    (volume,) = (each for each in predictor["volumes"] if each["name"] == mount["name"])
    assert mount["readOnly"] is volume["csi"]["readOnly"] is True
    assert volume["csi"]["volumeAttributes"]["bucketName"] == "models"
    assert "only-dir=adapters/payments/tone/v2" in volume["csi"]["volumeAttributes"]["mountOptions"]
    assert f"tone={mount['mountPath']}" in container["args"]
    assert predictor["annotations"] == {
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/cpu-request": "250m",
        "gke-gcsfuse/cpu-limit": "250m",
        "gke-gcsfuse/memory-request": "256Mi",
        "gke-gcsfuse/memory-limit": "256Mi",
        "gke-gcsfuse/ephemeral-storage-request": "2Gi",
        "gke-gcsfuse/ephemeral-storage-limit": "2Gi",
    }
    assert "annotations" not in predictor_of(model_of(PAYMENTS))
