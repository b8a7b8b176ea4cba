"""What Standard mode needs beside its InferenceService: a drain, and the KEDA ScaledObject that sets its replicas. Pure.

Scales on what limits an engine: the time that requests queue, and the requests that run; never on CPU. KServe makes no autoscaler
with `autoscalerClass: external`. A trigger's value is compared as it is (`metricType: Value`): KEDA's default would divide a
latency by the number of replicas. Where metrics are missing the replicas stay what they are, and never below the minimum
(a fallback for `Value` needs KEDA 2.18 or later: kedacore/keda PR 6655, 2025-08).
Sources: keda.sh/docs/2.20/reference/scaledobject-spec and /scalers/prometheus (2026); names of vLLM 0.33.0's metrics, measured.
"""

from __future__ import annotations

from typing import Any

from components.served_model import ServedModelArgs
from components.sizing.engine_arguments import PORT
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS
from components.time_limits import ENDPOINT_SECONDS

API_VERSION, KIND = "keda.sh/v1alpha1", "ScaledObject"
#: Seconds between two questions to the metrics, and for which a rate is taken.
POLLING_SECONDS, WINDOW = 15, "2m"
#: Questions without an answer after which the fallback counts.
FAILURES = 4
#: Share of the goal for the first token that may be spent in the queue before another replica starts (own choice).
QUEUE_SHARE = 0.25
#: Queue time that starts another replica where the team states no goal for the first token, seconds (own choice).
QUEUE_SECONDS = 1.0

#: Waits until the endpoints have forgotten the pod, then until nothing runs or waits in the engine, then lets it be stopped.
#: Counts in the engine's own metrics; an engine that does not answer has nothing left to finish.
DRAIN_PROGRAM = """
import sys, time, urllib.request
url, settle, limit = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
end = time.monotonic() + settle + limit
time.sleep(settle)
while time.monotonic() < end:
    try:
        lines = urllib.request.urlopen(url, timeout=5).read().decode().splitlines()
    except OSError:
        break
    busy = ("vllm:num_requests_running", "vllm:num_requests_waiting{")
    if not any(line.startswith(busy) and float(line.rsplit(" ", 1)[1]) for line in lines):
        break
    time.sleep(1)
"""


def drain(pod: dict[str, Any], model: ServedModelArgs) -> dict[str, Any]:
    """The pod's containers with a hook that lets the engine finish, and the time that Kubernetes grants for it."""
    seconds = int(model["request_seconds"])
    url = f"http://127.0.0.1:{PORT}/metrics"
    command = ["python3", "-c", DRAIN_PROGRAM, url, str(ENDPOINT_SECONDS), str(seconds)]
    (container,) = pod["containers"]
    return {
        "containers": [{**container, "lifecycle": {"preStop": {"exec": {"command": command}}}}],
        "terminationGracePeriodSeconds": ENDPOINT_SECONDS + seconds,
    }


def rolling_update(model: ServedModelArgs) -> dict[str, Any]:
    """How new pods take the place of old ones: beside them, as many at once as the team's quota keeps free for a rollout, and no
    old one goes before a new one is ready. KServe's own strategy would stop a quarter of them first
    (kserve v0.20.0 reconcilers/deployment/deployment_reconciler.go, setDefaultDeploymentSpec)."""
    surge = max(1, int(model["min_replicas"]))
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 0}}


def scaled_object_spec(name: str, namespace: str, model: ServedModelArgs, metrics: dict[str, str]) -> dict[str, Any]:
    """Spec of the ScaledObject for the Deployment that KServe makes of the InferenceService called `name`.

    `metrics` is where Prometheus answers: `address`, and `authentication`, the ClusterTriggerAuthentication for it.
    """
    select = f'{{namespace="{namespace}",model_name="{name}"}}'
    bucket = f"rate(vllm:request_queue_time_seconds_bucket{select}[{WINDOW}])"
    goal = model.get("first_token_ms")
    queue_limit = QUEUE_SECONDS if goal is None else max(0.05, round(int(goal) / 1000 * QUEUE_SHARE, 3))
    least = int(model["min_replicas"])
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-predictor"},
        "pollingInterval": POLLING_SECONDS,
        "minReplicaCount": least,
        "maxReplicaCount": int(model["max_replicas"]),
        "fallback": {"failureThreshold": FAILURES, "replicas": max(1, least), "behavior": "currentReplicasIfHigher"},
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    # one at a time: a replica takes minutes to start, and the load is measured on those that are there
                    "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [_one_per(60)]},
                    "scaleDown": {
                        "stabilizationWindowSeconds": GKE_SCALE_DOWN_DELAY_SECONDS,
                        "policies": [_one_per(300)],
                    },
                }
            }
        },
        "triggers": [
            # without traffic the quantile is no number; the running requests are always there and tell a missing metric
            _trigger(
                "queue-time",
                f"(histogram_quantile(0.95, sum by (le) ({bucket})) >= 0) or vector(0)",
                queue_limit,
                metrics,
            ),
            _trigger(
                "running-requests",
                f"avg(vllm:num_requests_running{select} + vllm:num_requests_waiting{select})",
                int(model["target_concurrency"]),
                metrics,
            ),
        ],
    }


def _one_per(seconds: int) -> dict[str, Any]:
    return {"type": "Pods", "value": 1, "periodSeconds": seconds}


def _trigger(name: str, query: str, threshold: float, metrics: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "prometheus",
        "name": name,
        "metricType": "Value",
        "metadata": {
            "serverAddress": metrics["address"],
            "query": query,
            "threshold": f"{threshold:g}",
            # a series that is missing is a failure, never a zero: the fallback counts then
            "ignoreNullValues": "false",
        },
        "authenticationRef": {"kind": "ClusterTriggerAuthentication", "name": metrics["authentication"]},
    }
