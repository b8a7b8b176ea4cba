"""The pod of an engine, as every mode of serving declares it: container, probes, volumes, rights and nodes. Pure: plain data."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from components.kubernetes.team_limits import Bounds, cpu_quantity, memory_quantity
from components.served_model import ServedModelArgs
from components.sizing.engine_arguments import PORT

#: Name by which KServe knows the container that serves (KServe 0.20.0).
CONTAINER = "kserve-container"
#: Label that KServe puts on the pods of an InferenceService, with its name as the value (KServe 0.20.0, measured 2026-11-21).
INFERENCE_SERVICE_LABEL = "serving.kserve.io/inferenceservice"
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
LIVENESS_PERIOD_SECONDS = 30
#: What the container beside an engine with bucket volumes requests and may use at most, stated by annotations of the pod, since
#: its defaults are GKE's to change and may have no limit at all. The amounts are GKE's own requests; of the disk less, since an
#: adapter is read once and nothing is cached (own choice).
#: Sources: docs.cloud.google.com/kubernetes-engine/docs/how-to/cloud-storage-fuse-csi-driver-sidecar (2026);
#: GoogleCloudPlatform/gcs-fuse-csi-driver pkg/webhook/config.go: each of the six annotations stands for one figure (2026).
FUSE_CPU, FUSE_MEMORY, FUSE_STORAGE = Bounds(250, 250), Bounds(256, 256), Bounds(2048, 2048)
#: Volume of NCCL's shared memory.
SHARED_MEMORY = "shared-memory"
#: Most that an engine may write to a folder: compile and kernel caches (the estimate of components/sizing/host.py).
WRITABLE_SIZE = "15Gi"


def make_pod(name: str, model: ServedModelArgs, pool: str, service_account: Any, priority_class: str) -> dict[str, Any]:
    """PodSpec of one replica of the InferenceService called `name`.

    `service_account` may be an output, all else is plain data. `pool` is the value of POOL_LABEL on the nodes that it may run on.
    """
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",  # a replica in the same zone is better than none
        "labelSelector": {"matchLabels": {INFERENCE_SERVICE_LABEL: name}},
    }
    return {
        "serviceAccountName": service_account,
        # Workload Identity asks the metadata server; the engine has no business with the Kubernetes API
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": priority_class,
        "securityContext": _pod_rights(model),
        **choose_nodes(model["accelerator"], pool),
        # of one replica too, which it binds to nothing: that a second is allowed later then loads nothing anew
        "topologySpreadConstraints": [spread],
        "containers": [_container(model)],
        "volumes": _volumes(model),
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


def _pod_rights(model: ServedModelArgs) -> dict[str, Any]:
    """Without a known user the image's own one is kept, which is root in most; the rest of `restricted` holds all the same."""
    rights: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if "run_as_user" not in model or "run_as_group" not in model:
        return rights
    user, group = int(model["run_as_user"]), int(model["run_as_group"])
    # the volumes belong to a group that nothing else is in
    return {**rights, "runAsNonRoot": True, "runAsUser": user, "runAsGroup": group, "fsGroup": user}


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
        "volumeMounts": _mounts(model),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": bool(model["writable_paths"]),
        },
        "startupProbe": {
            **health,
            "periodSeconds": PROBE_PERIOD_SECONDS,
            "failureThreshold": int(model["startup_probe_seconds"]) // PROBE_PERIOD_SECONDS,
        },
        "readinessProbe": {**health, "periodSeconds": PROBE_PERIOD_SECONDS},
        "livenessProbe": {**health, "periodSeconds": LIVENESS_PERIOD_SECONDS, "failureThreshold": 5},
    }


def _mounts(model: ServedModelArgs) -> list[dict[str, Any]]:
    shared = {"name": SHARED_MEMORY, "mountPath": "/dev/shm"}  # noqa: S108  (NCCL's shared memory)
    return [
        shared,
        *({"name": _volume_of(path), "mountPath": path} for path in model["writable_paths"]),
        *({"name": _volume_of(path), "mountPath": path, "readOnly": True} for path in sorted(model["mounted"])),
    ]


def _volumes(model: ServedModelArgs) -> list[dict[str, Any]]:
    size = f"{int(model['shared_memory_gib'])}Gi"
    shared = {"name": SHARED_MEMORY, "emptyDir": {"medium": "Memory", "sizeLimit": size}}
    return [
        shared,
        *({"name": _volume_of(path), "emptyDir": {"sizeLimit": WRITABLE_SIZE}} for path in model["writable_paths"]),
        *(
            {"name": _volume_of(path), "csi": bucket_volume(model["bucket_name"], folder)}
            for path, folder in sorted(model["mounted"].items())
        ),
    ]


def bucket_volume(bucket: str, folder: str) -> dict[str, Any]:
    """A folder of a bucket as read-only files, by GKE's GCS FUSE driver, with the pod's own identity.

    The driver's own look at the bucket would ask for more than that identity may
    (docs.cloud.google.com/kubernetes-engine/docs/reference/cloud-storage-fuse-csi-driver/volume-attr, 2026).
    """
    return {
        "driver": "gcsfuse.csi.storage.gke.io",
        "readOnly": True,
        "volumeAttributes": {
            "bucketName": bucket,
            "mountOptions": f"implicit-dirs,only-dir={folder}",
            "skipCSIBucketAccessCheck": "true",
        },
    }


def pod_annotations(model: ServedModelArgs) -> dict[str, str]:
    """Annotations of the pod: GKE puts a container beside the engine that serves its bucket volumes, as large as is said here."""
    if not model["mounted"]:
        return {}
    figures = (
        ("cpu", FUSE_CPU, cpu_quantity),
        ("memory", FUSE_MEMORY, memory_quantity),
        ("ephemeral-storage", FUSE_STORAGE, memory_quantity),
    )
    stated: dict[str, str] = {"gke-gcsfuse/volumes": "true"}
    for resource, bounds, quantity in figures:
        stated[f"gke-gcsfuse/{resource}-request"] = quantity(bounds.request)
        stated[f"gke-gcsfuse/{resource}-limit"] = quantity(bounds.limit)
    return stated


def _volume_of(path: str) -> str:
    """Name of a volume: what its path says, within a DNS label, kept apart by a digest."""
    plain = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
    return f"{plain[:50].rstrip('-')}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"
