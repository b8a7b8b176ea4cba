"""Node pools as the cloud's records tell of them, and the Node objects that GKE would make of them. Pure: plain data."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from components.kubernetes.engine_pod import ACCELERATOR_LABEL, GPU_RESOURCE
from components.sizing.host import node_allocatable
from sandbox.cluster.network import HOST
from sandbox.cluster.programs import KUBERNETES_VERSION
from sandbox.providers.gcp.machines import MACHINES, zones_of

POOL_LABEL = "cloud.google.com/gke-nodepool"
ZONE_LABEL = "topology.kubernetes.io/zone"
#: Mark of the nodes whose pods run on this machine; the others are kwok's, by the annotation that kwok looks for.
LOCAL_LABEL = {"sandbox.gemma-platform/kubelet": "local"}
KWOK_ANNOTATION = {"kwok.x-k8s.io/node": "fake"}
#: Annotations of a node: what its pool gave it last, and what of it a node cannot change during its life.
GIVEN = "sandbox.gemma-platform/given"
SHAPE = "sandbox.gemma-platform/shape"
GPU_TAINT = {"key": GPU_RESOURCE, "value": "present", "effect": "NoSchedule"}
EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
MOST_PODS = 110
#: GB of memory a vCPU of machine types that the stand-ins' table lacks: right for most series, a little off for some.
GB_A_VCPU = {"standard": 4, "highmem": 8, "highcpu": 1}
#: Name of a Node: at most this long, as it is the value of a label too.
NAME_LENGTH, DIGEST_LENGTH = 63, 8
LOCAL_SSD_GIB = 375


@dataclass(frozen=True)
class Pool:
    """One node pool, as created in the cloud."""

    name: str
    cluster: str
    machine: str
    zones: tuple[str, ...]
    labels: Mapping[str, str]
    """All labels that its nodes share: those of the configuration, and GKE's own."""
    taints: tuple[dict[str, str], ...]
    minimum: int
    maximum: int
    autoscaled: bool
    gpus: int
    """GPUs that Kubernetes sees on one node: shared and cut cards count several times."""
    disk_gib: int
    local_ssds: int

    def resources(self) -> tuple[dict[str, str], dict[str, str]]:
        """(capacity, allocatable) of a node."""
        vcpu, memory_gb = machine_size(self.machine)
        free_vcpu, free_gib = node_allocatable(vcpu, memory_gb)
        disk, free_disk = _disk(self.disk_gib, self.local_ssds)
        both = {"pods": str(MOST_PODS), **({GPU_RESOURCE: str(self.gpus)} if self.gpus else {})}
        capacity = {"cpu": str(vcpu), "memory": f"{memory_gb * 10**9 // 1024}Ki", "ephemeral-storage": f"{disk}Gi"}
        allocatable = {
            "cpu": f"{int(free_vcpu * 1000)}m",
            "memory": f"{int(free_gib * 1024**2)}Ki",
            "ephemeral-storage": f"{int(free_disk * 1024)}Mi",
        }
        return {**capacity, **both}, {**allocatable, **both}

    def shape(self) -> str:
        """What cannot change during a node's life."""
        facts = [self.machine, self.gpus, self.disk_gib, self.local_ssds, self.labels.get("cloud.google.com/gke-spot")]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def read_pool(record: Mapping[str, Any]) -> Pool:
    """The pool of a record in the cloud's folder."""
    made = {**record["inputs"], **record["outputs"]}
    config = made.get("nodeConfig") or {}
    machine = config.get("machineType", "e2-medium")
    zones = tuple(made.get("nodeLocations") or zones_of(made["location"])[:3] or [made["location"]])
    cards = (config.get("guestAccelerators") or [{}])[0]
    gpus = _visible_gpus(cards)
    labels = {
        **(config.get("labels") or {}),
        POOL_LABEL: made["name"],
        "topology.kubernetes.io/region": zones[0].rpartition("-")[0],
        "node.kubernetes.io/instance-type": machine,
        "cloud.google.com/machine-family": machine.partition("-")[0],
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        **({"cloud.google.com/gke-spot": "true"} if config.get("spot") else {}),
        **(_gpu_labels(cards) if gpus else LOCAL_LABEL),
    }
    taints = [
        {"key": one["key"], "value": one.get("value", ""), "effect": EFFECTS[one["effect"]]}
        for one in config.get("taints") or []
    ]
    if gpus and GPU_TAINT not in taints:
        taints.insert(0, GPU_TAINT)
    minimum, maximum, autoscaled = _bounds(made, len(zones))
    return Pool(
        name=made["name"],
        cluster=made["cluster"],
        machine=machine,
        zones=zones,
        labels=labels,
        taints=tuple(taints),
        minimum=minimum,
        maximum=maximum,
        autoscaled=autoscaled,
        gpus=gpus,
        disk_gib=int(config.get("diskSizeGb") or 100),
        local_ssds=int((config.get("ephemeralStorageLocalSsdConfig") or {}).get("localSsdCount") or 0),
    )


def machine_size(machine: str) -> tuple[int, int]:
    """(vCPU, GB) of a machine type; of one that the table lacks, by its name: CLASS-VCPU or custom-VCPU-MB."""
    if machine in MACHINES:
        return MACHINES[machine]
    custom = re.search(r"custom-(\d+)-(\d+)", machine)
    if custom:
        return int(custom[1]), int(custom[2]) // 1000
    sized = re.search(r"(standard|highmem|highcpu)-(\d+)", machine)
    if sized:
        return int(sized[2]), int(sized[2]) * GB_A_VCPU[sized[1]]
    return 2, 4  # e2-medium, which GKE takes where none is named


def node_names(pool: Pool, taken: Collection[str], count: int) -> list[str]:
    """Names of the next nodes: always the same ones for the same taken ones, so that nothing is made twice."""
    base = f"gke-{pool.cluster}-{pool.name}"[: NAME_LENGTH - DIGEST_LENGTH - 1].rstrip("-.")
    found: list[str] = []
    number = 0
    while len(found) < count:
        digest = hashlib.sha256(f"{pool.cluster}/{pool.name}/{number}".encode()).hexdigest()[:DIGEST_LENGTH]
        number += 1
        if f"{base}-{digest}" not in taken:
            found.append(f"{base}-{digest}")
    return found


def next_zone(pool: Pool, used: Iterable[str], allowed: Collection[str] | None = None) -> str:
    """The zone with the fewest nodes among those that may be used; the first of several."""
    counted = list(used)
    choice = [zone for zone in pool.zones if allowed is None or zone in allowed] or list(pool.zones)
    return min(choice, key=counted.count)


def labels_of_node(pool: Pool, name: str, zone: str) -> dict[str, str]:
    """All labels of one node."""
    return {**pool.labels, ZONE_LABEL: zone, "kubernetes.io/hostname": name}


def make_node(pool: Pool, name: str, zone: str) -> dict[str, Any]:
    """The Node object as it is created; kwok goes on with the status of its own."""
    capacity, allocatable = pool.resources()
    status: dict[str, Any] = {"capacity": capacity, "allocatable": allocatable}
    if not pool.gpus:
        status |= _local_status(name)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels_of_node(pool, name, zone),
            "annotations": {GIVEN: _given(pool), SHAPE: pool.shape(), **(KWOK_ANNOTATION if pool.gpus else {})},
        },
        "spec": {
            "providerID": f"gce://sandbox/{zone}/{name}",
            **({"taints": list(pool.taints)} if pool.taints else {}),
        },
        "status": status,
    }


def node_change(pool: Pool, node: Mapping[str, Any]) -> dict[str, Any] | None:
    """The merge patch that brings labels and taints of the pool onto a node; None when it has them.

    Taken away is only what the pool gave before: taints of Kubernetes itself and of users stay.
    """
    annotations = node["metadata"].get("annotations", {})
    if annotations.get(GIVEN) == _given(pool):
        return None
    before = json.loads(annotations.get(GIVEN, "{}"))
    gone = {key: None for key in before.get("labels", {}) if key not in pool.labels}
    others = [taint for taint in node["spec"].get("taints", []) if taint not in before.get("taints", [])]
    kept = [taint for taint in others if taint not in pool.taints]
    return {
        "metadata": {"labels": {**gone, **pool.labels}, "annotations": {GIVEN: _given(pool)}},
        "spec": {"taints": [*pool.taints, *kept]},
    }


def has_outlived(pool: Pool, node: Mapping[str, Any]) -> bool:
    """True for a node that the pool would not make like that any more: another machine, or a zone that it has left."""
    metadata = node["metadata"]
    return (
        metadata.get("annotations", {}).get(SHAPE) != pool.shape() or metadata["labels"][ZONE_LABEL] not in pool.zones
    )


def _given(pool: Pool) -> str:
    return json.dumps({"labels": dict(pool.labels), "taints": list(pool.taints)}, sort_keys=True)


def _bounds(made: Mapping[str, Any], zones: int) -> tuple[int, int, bool]:
    """(least, most, whether the autoscaler decides), over all zones."""
    scaling = made.get("autoscaling")
    if not scaling:
        count = made.get("nodeCount")
        fixed = int(count if count is not None else made.get("initialNodeCount") or 0) * zones
        return fixed, fixed, False
    if scaling.get("totalMaxNodeCount") is not None:
        return int(scaling.get("totalMinNodeCount") or 0), int(scaling["totalMaxNodeCount"]), True
    return int(scaling.get("minNodeCount") or 0) * zones, int(scaling.get("maxNodeCount") or 0) * zones, True


def _visible_gpus(cards: Mapping[str, Any]) -> int:
    count = int(cards.get("count") or 0)
    if profile := cards.get("gpuPartitionSize"):
        count *= _parts(profile)
    return count * int((cards.get("gpuSharingConfig") or {}).get("maxSharedClientsPerGpu") or 1)


def _parts(profile: str) -> int:
    """How many partitions of a profile a card has: 7 slices of computing at most, of which RTX PRO cards have 4."""
    slices, memory = (int(number) for number in re.findall(r"\d+", profile)[:2])
    if memory == 24 * slices:
        return 4 // slices
    # a slice of computing alone, with the memory of two
    return 4 if slices == 1 and memory in (20, 35, 45) else 7 // slices


def _gpu_labels(cards: Mapping[str, Any]) -> dict[str, str]:
    sharing = cards.get("gpuSharingConfig") or {}
    labels = {
        ACCELERATOR_LABEL: cards["type"],
        "cloud.google.com/gke-accelerator-count": str(int(cards["count"])),
        "cloud.google.com/gke-gpu-partition-size": cards.get("gpuPartitionSize"),
        "cloud.google.com/gke-gpu-sharing-strategy": str(sharing.get("gpuSharingStrategy", ""))
        .lower()
        .replace("_", "-"),
        "cloud.google.com/gke-max-shared-clients-per-gpu": str(int(sharing.get("maxSharedClientsPerGpu") or 0) or ""),
    }
    return {key: value for key, value in labels.items() if value}


def _disk(disk_gib: int, local_ssds: int) -> tuple[int, Decimal]:
    """(GiB of ephemeral storage, GiB left to pods): GKE keeps some for itself, and a tenth before it evicts.

    Source: cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes (2026).
    """
    if local_ssds:
        whole = local_ssds * LOCAL_SSD_GIB
        reserved = Decimal({1: 50, 2: 75}.get(local_ssds, 100))
    else:
        whole = disk_gib
        reserved = min(Decimal(whole) / 2, Decimal(6) + Decimal(whole) * Decimal("0.35"), Decimal(100))
    return whole, Decimal(whole) * Decimal("0.9") - reserved


def _local_status(name: str) -> dict[str, Any]:
    """What a kubelet would say of itself at its start; from then on its lease keeps the node alive."""
    pressures = [
        {"type": kind, "status": "False", "reason": f"KubeletHasNo{kind}"} for kind in ("DiskPressure", "PIDPressure")
    ]
    memory = {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    words = ("machineID", "systemUUID", "bootID", "kernelVersion", "kubeProxyVersion")
    return {
        "conditions": [ready, memory, *pressures],
        "addresses": [{"type": "InternalIP", "address": HOST}, {"type": "Hostname", "address": name}],
        "nodeInfo": {
            **dict.fromkeys(words, ""),
            "osImage": "sandbox",
            "operatingSystem": "linux",
            "architecture": "amd64",
            "kubeletVersion": KUBERNETES_VERSION,
            "containerRuntimeVersion": "sandbox://processes",
        },
    }
