"""What Managed Prometheus collects from a team's pods: one PodMonitoring. Pure.

Its collectors write project, location, cluster and `namespace` themselves, so that no series can pass for another team's; the
pods' labels that follow say which deployment and revision it is. vLLM names no namespace of its own, hence no
`exported_namespace`. Only the engine's and Knative's own series are kept: samples are what is paid for.
Source: GoogleCloudPlatform/prometheus-engine v0.17.3 pkg/operator/apis/monitoring/v1 (2026-07).
"""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.labels import TEAM
from components.sizing.engine_arguments import PORT

API_VERSION, KIND = "monitoring.googleapis.com/v1", "PodMonitoring"
#: As often as the autoscaler of Standard mode asks.
INTERVAL, TIMEOUT = "15s", "10s"
#: By name, so that pods without a queue-proxy, those of Standard mode, are no targets there
#: (knative.dev/serving v0.50.0 pkg/apis/serving/v1, UserQueueMetricsPortName).
QUEUE_PROXY_PORT_NAME = "http-usermetric"
#: Label of a pod by which Knative names its revision (knative.dev/serving v0.50.0 pkg/apis/serving/register.go).
REVISION_LABEL = "serving.knative.dev/revision"


def make_spec() -> dict[str, Any]:
    """Spec of the PodMonitoring: the engines on their own port, and beside them queue-proxy, which alone counts status codes."""
    return {
        "selector": {"matchExpressions": [{"key": INFERENCE_SERVICE_LABEL, "operator": "Exists"}]},
        "endpoints": [_endpoint(PORT, "vllm:.+"), _endpoint(QUEUE_PROXY_PORT_NAME, "kn_serving_.+")],
        "targetLabels": {
            "metadata": ["pod"],
            "fromPod": [
                {"from": INFERENCE_SERVICE_LABEL, "to": "inference_service"},
                {"from": REVISION_LABEL, "to": "revision"},
                {"from": TEAM, "to": "team"},
            ],
        },
    }


def _endpoint(port: int | str, kept: str) -> dict[str, Any]:
    return {
        "port": port,
        "path": "/metrics",
        "interval": INTERVAL,
        "timeout": TIMEOUT,
        "metricRelabeling": [
            {"action": "keep", "sourceLabels": ["__name__"], "regex": kept},
            # when a counter was made: one more series beside each that nobody reads
            {"action": "drop", "sourceLabels": ["__name__"], "regex": ".+_created"},
        ],
    }
