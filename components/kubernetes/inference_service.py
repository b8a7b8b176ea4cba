"""The KServe InferenceService that stands for one served model, in either mode. Pure: returns spec and annotations as plain data.

Knative mode (the default): Knative's autoscaler counts requests, scales to zero and holds requests meanwhile; queue-proxy owns
the drain, which lasts `timeout` seconds (lifecycle hooks and grace periods would be dropped silently: measured 2026-11-21).
Standard mode (latency goals, or no cold start wanted): a plain Deployment whose replicas KEDA sets (`standard_mode.py`), reached
inside the cluster only.
Without a storage URI it is `predictor.containers` with a `kserve-container`, never `predictor.model`: KServe takes that for
multi-model serving (KServe 0.20.0, measured 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import make_pod, pod_annotations
from components.kubernetes.standard_mode import drain, rolling_update
from components.served_model import ServedModelArgs
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS

API_VERSION, KIND = "serving.kserve.io/v1beta1", "InferenceService"
KNATIVE, STANDARD = "Knative", "Standard"
#: How KServe is told which mode (KServe 0.20.0). Always stated: the webhook reads the annotation, not the default.
MODE = "serving.kserve.io/deploymentMode"
#: Stops a deployment without deleting it (KServe 0.20.0).
STOP = "serving.kserve.io/stop"
#: Keeps a model out of every ingress (KServe 0.20.0, pkg/constants).
VISIBILITY = {"networking.kserve.io/visibility": "cluster-local"}

#: What of a predictor moves traffic or replicas and leaves the pods alone, by mode. In Knative mode the fewest and most replicas
#: are in the template of the revision too (kserve v0.20.0 reconcilers/knative/ksvc_reconciler.go, SetAutoScalingAnnotations).
NOT_IN_TEMPLATE = {
    KNATIVE: frozenset({"canaryTrafficPercent"}),
    STANDARD: frozenset({"deploymentStrategy", "maxReplicas", "minReplicas"}),
}

#: Requests that Knative's activator keeps for a deployment beside what its replicas take: -1 holds all, so that no request
#: reaches an engine that is full (knative.dev/docs/serving/load-balancing/target-burst-capacity, 2026).
TARGET_BURST_CAPACITY = "-1"


def make_annotations(model: ServedModelArgs) -> dict[str, str]:
    """Annotations of the InferenceService."""
    mode = model["mode"]
    if mode not in (KNATIVE, STANDARD):
        raise ValueError(f"mode is '{mode}'; allowed: {KNATIVE}, {STANDARD}")
    return {
        MODE: mode,
        **({STOP: "true"} if model["paused"] else {}),
        **(_of_knative(model) if mode == KNATIVE else {"serving.kserve.io/autoscalerClass": "external"}),
        **model["annotations"],
    }


def make_labels(model: ServedModelArgs, labels: dict[str, str]) -> dict[str, str]:
    """Labels of the InferenceService."""
    return {**labels, **(VISIBILITY if model["mode"] == STANDARD else {})}


def make_spec(
    name: str, model: ServedModelArgs, pool: str, service_account: Any, labels: dict[str, str], priority_class: str
) -> dict[str, Any]:
    """Spec of the InferenceService called `name`; the arguments are those of `make_pod`."""
    pod = make_pod(name, model, pool, service_account, priority_class)
    annotations = pod_annotations(model)
    scaling: dict[str, Any] = {
        **({"annotations": annotations} if annotations else {}),
        "minReplicas": int(model["min_replicas"]),
        "maxReplicas": int(model["max_replicas"]),
        "timeout": int(model["request_seconds"]),
    }
    if model["mode"] == STANDARD:
        return {
            "predictor": {
                **scaling,
                "deploymentStrategy": rolling_update(model),
                "labels": labels,
                **pod,
                **drain(pod, model),
            }
        }
    canary = model.get("canary_percent")
    return {
        "predictor": {
            **scaling,
            # the hard limit is what the engine runs at once; the autoscaler aims below it
            "containerConcurrency": int(model["concurrency"]),
            "scaleMetric": "concurrency",
            "scaleTarget": int(model["target_concurrency"]),
            **({} if canary is None else {"canaryTrafficPercent": int(canary)}),
            "labels": labels,
            **pod,
        }
    }


def make_template(
    name: str, model: ServedModelArgs, pool: str, service_account: Any, labels: dict[str, str], priority_class: str
) -> dict[str, Any]:
    """Of the InferenceService all that makes a new revision when it changes, and so loads the model anew."""
    predictor = make_spec(name, model, pool, service_account, labels, priority_class)["predictor"]
    left_out = NOT_IN_TEMPLATE[model["mode"]]
    return {
        "predictor": {key: value for key, value in predictor.items() if key not in left_out},
        # KServe hands them on to the pods; being stopped is not among them
        "annotations": {key: value for key, value in make_annotations(model).items() if key != STOP},
    }


def _of_knative(model: ServedModelArgs) -> dict[str, str]:
    """Knative's own switches, which KServe hands on to the revision.

    A replica is kept for ten minutes after its last request, since the next start costs a model load and, often, a node.
    """
    return {
        "serving.knative.dev/progress-deadline": f"{int(model['progress_deadline_seconds'])}s",
        "autoscaling.knative.dev/target-burst-capacity": TARGET_BURST_CAPACITY,
        "autoscaling.knative.dev/scale-down-delay": f"{GKE_SCALE_DOWN_DELAY_SECONDS}s",
    }
