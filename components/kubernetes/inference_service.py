"""The KServe InferenceService that stands for one served model. Pure: returns the object's spec and annotations as plain data.

Without a storage URI it is `predictor.containers` with a `kserve-container`, never `predictor.model`: KServe takes that for
multi-model serving (KServe 0.20.0, measured 2026-11-21). Drain and lifecycle belong to Knative's queue-proxy.
"""

from __future__ import annotations

from typing import Any

from components.served_model import ServedModelArgs
from components.sizing.engine_arguments import PORT

API_VERSION, KIND = "serving.kserve.io/v1beta1", "InferenceService"
CONTAINER = "kserve-container"
#: Node label by which GKE names the GPU of a node.
ACCELERATOR_LABEL = "cloud.google.com/gke-accelerator"
#: Node label that the platform gives to a pool, so that a pod lands on the pool it was sized for. The pools of a ladder share its
#: value, which is then the name of their ComputeClass.
POOL_LABEL = "gemma-platform/pool"
#: How such a name begins; no pool of its own is called so, since those begin with a machine type.
LADDER_PREFIX = "ladder-"
#: Label of nodes and pods, and taint of nodes, that belong to a ComputeClass.
COMPUTE_CLASS_LABEL = "cloud.google.com/compute-class"
#: The platform's own name for the GPU of a node. GKE refuses a pod that chooses a ComputeClass and ACCELERATOR_LABEL
#: (cloud.google.com/kubernetes-engine/docs/concepts/about-custom-compute-classes, 2026-04-13).
PLATFORM_ACCELERATOR_LABEL = "gemma-platform/accelerator"
#: Name of the GPU resource in requests and limits.
GPU_RESOURCE = "nvidia.com/gpu"

PROBE_PERIOD_SECONDS = 10
#: Knative gives up on a revision after this; it must outlast the startup probe and the wait for a new node.
NODE_SECONDS = 600


def make_annotations(model: ServedModelArgs) -> dict[str, str]:
    """Annotations of the InferenceService. The mode is set even where it is the default: KServe's webhook reads it."""
    deadline = int(model["startup_probe_seconds"]) + NODE_SECONDS
    return {
        "serving.kserve.io/deploymentMode": "Knative",
        "serving.knative.dev/progress-deadline": f"{deadline}s",
        **model["annotations"],
    }


def make_spec(
    name: str, model: ServedModelArgs, pool: str, service_account: Any, labels: dict[str, str]
) -> dict[str, Any]:
    """Spec of the InferenceService called `name`; `service_account` may be an output, all else is plain data.

    `pool` is the value of POOL_LABEL on the nodes that it may run on.
    """
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",  # a replica in the same zone is better than none
        "labelSelector": {"matchLabels": {"serving.kserve.io/inferenceservice": name}},
    }
    return {
        "predictor": {
            "minReplicas": int(model["min_replicas"]),
            "maxReplicas": int(model["max_replicas"]),
            "containerConcurrency": int(model["concurrency"]),
            "scaleMetric": "concurrency",
            "scaleTarget": int(model["target_concurrency"]),
            "labels": labels,
            "serviceAccountName": service_account,
            **choose_nodes(model["accelerator"], pool),
            **({"topologySpreadConstraints": [spread]} if model["spread_over_zones"] else {}),
            "containers": [_container(model)],
            "volumes": [
                {
                    "name": "shared-memory",
                    "emptyDir": {"medium": "Memory", "sizeLimit": f"{int(model['shared_memory_gib'])}Gi"},
                }
            ],
        }
    }


def choose_nodes(accelerator: str, pool: str) -> dict[str, Any]:
    """Which nodes the pods choose and bear: those of a pool, or those of a ladder's ComputeClass."""
    gpu = {"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
    if not pool.startswith(LADDER_PREFIX):
        return {"nodeSelector": {ACCELERATOR_LABEL: accelerator, POOL_LABEL: pool}, "tolerations": [gpu]}
    # GKE adds this toleration by itself; written out, it is seen in every preview and holds on any cluster
    of_class = {"key": COMPUTE_CLASS_LABEL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {
        "nodeSelector": {PLATFORM_ACCELERATOR_LABEL: accelerator, POOL_LABEL: pool, COMPUTE_CLASS_LABEL: pool},
        "tolerations": [gpu, of_class],
    }


def _container(model: ServedModelArgs) -> dict[str, Any]:
    resources = {
        "cpu": str(int(model["vcpu"])),
        "memory": f"{int(model['memory_gib'])}Gi",
        GPU_RESOURCE: str(int(model["accelerator_count"])),
    }
    health = {"httpGet": {"path": "/health", "port": PORT}, "timeoutSeconds": 5}
    return {
        "name": CONTAINER,
        "image": model["image"],
        "command": model["command"],
        "args": model["arguments"],
        "env": [{"name": key, "value": value} for key, value in sorted(model["environment"].items())],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "resources": {"requests": resources, "limits": resources},
        "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108  (NCCL's shared memory)
        "securityContext": {"allowPrivilegeEscalation": False},
        "startupProbe": {
            **health,
            "periodSeconds": PROBE_PERIOD_SECONDS,
            "failureThreshold": int(model["startup_probe_seconds"]) // PROBE_PERIOD_SECONDS,
        },
        "readinessProbe": {**health, "periodSeconds": PROBE_PERIOD_SECONDS},
        "livenessProbe": {**health, "periodSeconds": 30, "failureThreshold": 5},
    }
