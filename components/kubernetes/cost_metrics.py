"""What Managed Prometheus collects from OpenCost: one ClusterPodMonitoring. Pure.

OpenCost's series speak of other pods and nodes, and say in their own labels of which. The collector must leave these alone: it
renames what collides with labels of its own, and OpenCost then finds nothing. A PodMonitoring always sets `namespace`, a
ClusterPodMonitoring sets none of them with an empty list of metadata; left out, the list would mean the namespace.
A ClusterPodMonitoring takes every pod with OpenCost's label, in whatever namespace. Teams make no pods and label none.
OpenCost knows the aliases `owner` and `department` by labels of these names and cannot be told others, so that the platform's
labels get a second name on the way. `team` is called so already.
Sources: GoogleCloudPlatform/prometheus-engine pkg/operator/apis/monitoring/v1/pod_config.go at 2ffde4e (2026-07-02);
opencost/opencost core/pkg/opencost/config.go (NewLabelConfig) and modules/prometheus-source/pkg/prom (2026);
opencost.io/docs/configuration/gcp (2026).
"""

from __future__ import annotations

from typing import Any

from components.labels import COST_CENTER, OWNER_KUBERNETES

API_VERSION, KIND = "monitoring.googleapis.com/v1", "ClusterPodMonitoring"
#: What the chart puts on its pods, and the name of the port in them.
SELECTED = {"app.kubernetes.io/name": "opencost"}
PORT_NAME = "http"
#: OpenCost publishes prices once a minute, and its own example collects them so (opencost.io/docs/installation/prometheus, 2026).
INTERVAL, TIMEOUT = "60s", "30s"
#: Series about OpenCost's own process, which no cost needs.
ABOUT_ITSELF = "(go|process|promhttp)_.+"
#: OpenCost's aliases, and the labels of pods and namespaces that they stand for here.
ALIASES = {"owner": OWNER_KUBERNETES, "department": COST_CENTER}


def make_spec() -> dict[str, Any]:
    """Spec of the ClusterPodMonitoring."""
    return {
        "selector": {"matchLabels": SELECTED},
        "endpoints": [
            {
                "port": PORT_NAME,
                "path": "/metrics",
                "interval": INTERVAL,
                "timeout": TIMEOUT,
                "metricRelabeling": [
                    {"action": "drop", "sourceLabels": ["__name__"], "regex": ABOUT_ITSELF},
                    *(
                        {
                            "action": "replace",
                            "sourceLabels": [as_series_label(label)],
                            "regex": "(.+)",
                            "targetLabel": as_series_label(alias),
                            "replacement": "$1",
                        }
                        for alias, label in ALIASES.items()
                    ),
                ],
            }
        ],
        "targetLabels": {"metadata": []},
    }


def as_series_label(label: str) -> str:
    """The name of an object's label in the series that list labels, as kube-state-metrics and OpenCost write it."""
    return "label_" + "".join(letter if letter.isalnum() else "_" for letter in label)
