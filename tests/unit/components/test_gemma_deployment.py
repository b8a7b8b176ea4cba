"""What one deployment on GKE consists of, in which order, that the API takes it, and how many replicas a drain may take."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.kubernetes.gemma_deployment import GemmaDeployment, GemmaDeploymentArgs
from components.kubernetes.inference_service import KNATIVE, STANDARD
from components.served_endpoint import NO_AUTHENTICATION, make_endpoint
from components.served_model import ServedModelArgs
from tests.unit.components.models import model_of
from tests.unit.components.registering import Program, register_objects, registered
from tests.unit.sizing.test_placement import PAYMENTS

LABELS = {"app.kubernetes.io/owner": "o", "cost-center": "c", "team": "payments", "model": "gemma-4-26b-a4b-it"}
METRICS = {"address": "https://monitoring.example/prometheus", "authentication": "managed-prometheus"}
RECORD = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
SCALING = "kubernetes:keda.sh/v1alpha1:ScaledObject"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"


def args(model: ServedModelArgs, **changes: Any) -> GemmaDeploymentArgs:
    made: dict[str, Any] = {
        "name": "assistant",
        "namespace_name": "team-payments",
        "namespace": "team-payments",
        "service_account": "models",
        "pool": "g2-standard-24-spot",
        "priority_class": "gemma-interactive",
        "labels": LABELS,
        "model": model,
        "record": {"deployment": "payments/assistant", "vcpu": 6},
        "endpoint": make_endpoint(
            "http://assistant-predictor.team-payments.svc.cluster.local",
            "assistant",
            authentication=NO_AUTHENTICATION,
            reachable_from="pods of the cluster",
            inputs=["text"],
            expected_cold_start_seconds=0,
        ),
        **({"metrics": METRICS} if model["mode"] == STANDARD else {}),
        **changes,
    }
    return GemmaDeploymentArgs(**made)


def made(model: ServedModelArgs, **changes: Any) -> Program:
    return register_objects(lambda: GemmaDeployment("payments/assistant", args(model, **changes)))


def kinds(program: Program) -> set[str]:
    return {resource.type for resource in program.children}


def with_replicas(least: int, most: int, mode: str = KNATIVE) -> ServedModelArgs:
    return {**model_of(PAYMENTS, mode), "min_replicas": least, "max_replicas": most}


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
def test_every_object_is_valid_in_the_teams_namespace_and_has_its_labels(mode: str) -> None:
    for resource in made(with_replicas(1, 3, mode)).children:
        metadata = resource.inputs["metadata"]
        assert metadata["namespace"] == "team-payments"
        assert metadata["labels"].items() >= LABELS.items(), resource.type


def test_the_record_is_published_before_the_model_that_is_held_against_it() -> None:
    program = made(with_replicas(1, 1))
    record, service = program.one(RECORD), program.one(SERVICE)
    assert record.inputs["metadata"]["name"] == "sizing-assistant"
    assert record.inputs["metadata"]["labels"]["gemma-platform/sizing-record"] == "assistant"
    assert json.loads(record.inputs["data"]["record.json"]) == {"deployment": "payments/assistant", "vcpu": 6}
    assert any(urn.endswith(f"{RECORD}::payments/assistant") for urn in service.dependencies)


@pytest.mark.parametrize(
    ("mode", "paused", "scaled"), [(KNATIVE, False, False), (STANDARD, False, True), (STANDARD, True, False)]
)
def test_keda_scales_what_runs_in_standard_mode_and_nothing_else(mode: str, paused: bool, scaled: bool) -> None:
    program = made({**with_replicas(1, 3, mode), "paused": paused})
    assert (SCALING in kinds(program)) is scaled
    if scaled:
        spec = program.one(SCALING).inputs["spec"]
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 3)


def evictions(budget: dict[str, Any], healthy: int) -> int:
    """Pods that may be evicted at once while all `healthy` that are wanted are there.

    kubernetes.io/docs/tasks/run-application/configure-pdb (2026): maxUnavailable of those that are wanted.
    """
    assert budget.keys() == {"maxUnavailable", "selector"}
    return min(healthy, int(budget["maxUnavailable"]))


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
@pytest.mark.parametrize(
    ("least", "most", "running", "may_go"),
    [(0, 3, 0, 0), (0, 3, 1, 1), (1, 3, 1, 1), (2, 3, 2, 1), (2, 3, 3, 1)],
    ids=["at zero", "one of zero to three", "one of one to three", "two", "three"],
)
def test_a_drain_of_nodes_takes_one_replica_at_a_time_and_is_never_held_up(
    mode: str, least: int, most: int, running: int, may_go: int
) -> None:
    spec = made(with_replicas(least, most, mode)).one(BUDGET).inputs["spec"]
    assert spec["selector"] == {"matchLabels": {"serving.kserve.io/inferenceservice": "assistant"}}
    assert evictions(spec, running) == may_go


@pytest.mark.parametrize("least", [0, 1])
def test_at_most_one_replica_needs_no_budget(least: int) -> None:
    assert BUDGET not in kinds(made(with_replicas(least, 1)))


def test_standard_mode_without_metrics_is_refused_before_anything_is_registered() -> None:
    bare = args(model_of(replace(PAYMENTS), STANDARD))
    del bare["metrics"]
    with pytest.raises(ValueError, match="metrics is missing; in Standard mode KEDA scales by them"):
        registered(lambda: GemmaDeployment("payments/assistant", bare))
