"""What becomes of an object that stands for pods, before a tool that knows built-in kinds only sees it."""

from __future__ import annotations

import pytest

from tests.kubernetes_api.pods import with_pods

MODEL = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "assistant", "namespace": "team-payments", "labels": {"team": "payments"}},
    "spec": {
        "predictor": {
            "minReplicas": 1,
            "labels": {"model-architecture": "moe"},
            "serviceAccountName": "models",
            "containers": [{"name": "kserve-container"}],
        }
    },
}


def test_an_inference_service_becomes_a_pod_with_its_name_labels_and_fields() -> None:
    assert with_pods([MODEL]) == [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "assistant",
                "namespace": "team-payments",
                "labels": {"team": "payments", "model-architecture": "moe"},
            },
            "spec": {"serviceAccountName": "models", "containers": [{"name": "kserve-container"}]},
        }
    ]


def test_other_objects_stay_as_they_are() -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "models"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}
    assert with_pods([account, job]) == [account, job]


def test_containers_in_a_kind_that_nobody_looks_into_are_not_passed_over() -> None:
    runtime = {**MODEL, "kind": "ServingRuntime", "spec": {"containers": [{"name": "kserve-container"}]}}
    with pytest.raises(AssertionError, match="ServingRuntime holds containers: add it to CUSTOM_PODS"):
        with_pods([runtime])
