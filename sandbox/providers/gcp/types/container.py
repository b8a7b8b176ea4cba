"""GKE clusters and node pools. What forces replacement: terraform-provider-google container_cluster, container_node_pool
(2026-08). Limits: cloud.google.com/kubernetes-engine/docs/how-to/gpus and .../concepts/dws (2026)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import (
    HYPERDISK_ONLY,
    MACHINE_GPUS,
    NOT_ON_DEMAND,
    ZONE,
    label_failures,
    name_failures,
    place_failures,
)
from sandbox.providers.gcp.references import CLUSTER, needs_account, needs_network, needs_subnetwork
from sandbox.providers.gcp.resource_type import ResourceType, World, at, digits, entries, items, known, letters

NODE_POOL = "gcp:container/nodePool:NodePool"
NAME = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
NAME_RULE = "1 to 40 lower-case letters, digits and hyphens, a letter first, no hyphen last"
WAYS_TO_BUY = (("spot",), ("flexStart",), ("reservationAffinity", "consumeReservationType"))
#: gpuDriverVersion (terraform-provider-google node_config.go, 2026-08).
DRIVERS = ("GPU_DRIVER_VERSION_UNSPECIFIED", "INSTALLATION_DISABLED", "DEFAULT", "LATEST")
#: Cards without MIG (docs.nvidia.com/datacenter/tesla/mig-user-guide, 2026).
UNDIVIDED = ("nvidia-l4", "nvidia-tesla-t4")
#: The longest run of a Flex-start node (cloud.google.com/kubernetes-engine/docs/concepts/dws, 2026).
FLEX_SECONDS = 604_800
TAINT_EFFECTS = ("NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE")


def _cluster_id(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/clusters/{inputs['name']}"


def _cluster_computed(world: World, inputs: Properties) -> Properties:
    key = f"{world.project_of(inputs)}/{inputs.get('location')}/{inputs.get('name')}"
    location = inputs.get("location") if known(inputs.get("location")) else "us-central1"
    endpoint = f"gke-{letters(key, 12)}-{digits(world.project, 12)}.{location}.gke.goog"
    certificate = f"-----BEGIN CERTIFICATE-----\n{letters(key, 32)}\n-----END CERTIFICATE-----\n"
    computed: Properties = {
        "endpoint": "10.0.0.2",
        "selfLink": f"https://container.googleapis.com/v1/projects/{key}",
        "masterVersion": "1.35.7-gke.1222000",  # default of the Regular channel in 2026-09
        "masterAuth": {"clusterCaCertificate": base64.b64encode(certificate.encode()).decode(), "clientKey": ""},
    }
    config = inputs.get("controlPlaneEndpointsConfig")
    dns = at(config, "dnsEndpointConfig")
    if isinstance(config, dict) and isinstance(dns, dict):
        computed["controlPlaneEndpointsConfig"] = {**config, "dnsEndpointConfig": {**dns, "endpoint": endpoint}}
    return computed


def _cluster_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    pool = at(inputs, "workloadIdentityConfig", "workloadPool")
    if known(pool) and not str(pool).endswith(".svc.id.goog"):
        found.append(("workloadIdentityConfig.workloadPool", f"'{pool}' must be <project>.svc.id.goog"))
    channel = at(inputs, "releaseChannel", "channel")
    if known(channel) and channel not in ("UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"):
        found.append(("releaseChannel.channel", f"'{channel}' is none of RAPID, REGULAR, STABLE, EXTENDED"))
    return found


def _cluster_protected(world: World, inputs: Properties) -> str | None:
    if inputs.get("deletionProtection", True):
        return (
            "Cannot destroy cluster because deletion_protection is set to true. "
            "Set it to false and apply that before the cluster is destroyed or replaced"
        )
    return None


def _pools(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    """A cluster's node pools go with it, also those that another stack made."""
    cluster = _cluster_id(world, inputs)
    for record in world.cloud.all(NODE_POOL):
        if _cluster_of(world, record["inputs"]) == cluster:
            yield NODE_POOL, record["id"]


def _cluster_refusal(world: World, inputs: Properties) -> str | None:
    region = ZONE.sub(r"\1", world.location_of(inputs))
    return needs_network(world, inputs) or needs_subnetwork(world, inputs, region)


def _pool_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    node = inputs.get("nodeConfig")
    found += label_failures("nodeConfig.resourceLabels", at(node, "resourceLabels"))
    for key in entries(at(node, "labels")):
        domain = key.rpartition("/")[0]
        if domain.endswith(("kubernetes.io", "k8s.io")) and not domain.startswith(("kubelet.", "node.")):
            found.append(
                (f"nodeConfig.labels.{key}", "labels of kubernetes.io and k8s.io are reserved: a kubelet refuses them")
            )
    for index, taint in enumerate(items(at(node, "taints"))):
        if known(at(taint, "effect")) and taint["effect"] not in TAINT_EFFECTS:
            found.append(
                (f"nodeConfig.taints[{index}].effect", f"'{taint['effect']}' is none of {', '.join(TAINT_EFFECTS)}")
            )
    found += _gpu_limits(inputs)
    found += _sharing_limits(node)
    found += _purchase_limits(inputs)
    scaling = inputs.get("autoscaling")
    kinds = [{"minNodeCount", "maxNodeCount"}, {"totalMinNodeCount", "totalMaxNodeCount"}]
    if isinstance(scaling, dict) and all(kind & scaling.keys() for kind in kinds):
        found.append(("autoscaling", "counts per zone and total counts exclude each other"))
    least, most = at(scaling, "totalMinNodeCount"), at(scaling, "totalMaxNodeCount")
    if known(least) and known(most) and not 0 <= least <= most:
        found.append(("autoscaling.totalMaxNodeCount", f"{most} is below totalMinNodeCount {least}"))
    if known(most) and most < 1:
        found.append(("autoscaling.totalMaxNodeCount", "must be at least 1"))
    return found


def _gpu_limits(inputs: Properties) -> list[Failure]:
    node = inputs.get("nodeConfig")
    machine = at(node, "machineType")
    accelerator, count = at(node, "guestAccelerators", 0, "type"), at(node, "guestAccelerators", 0, "count")
    path = "nodeConfig.guestAccelerators[0]"
    found: list[Failure] = []
    if known(machine) and machine in MACHINE_GPUS:
        needed, number = MACHINE_GPUS[machine]
        if (known(accelerator) and accelerator != needed) or (known(count) and count != number):
            found.append((path, f"{machine} has {number} x {needed}; {count} x {accelerator} cannot be attached to it"))
        disk = at(node, "diskType")
        if machine.startswith(HYPERDISK_ONLY) and (
            disk is None or (known(disk) and not str(disk).startswith("hyperdisk-"))
        ):
            found.append(("nodeConfig.diskType", f"{machine} takes no Persistent Disk: use hyperdisk-balanced"))
    elif known(machine) and known(accelerator) and not str(machine).startswith("n1-"):
        found.append((path, f"machine type {machine} takes no accelerator"))
    if known(accelerator):
        zones = inputs.get("nodeLocations")
        places = zones if isinstance(zones, list) and zones else [inputs.get("location")]
        field = "nodeLocations" if isinstance(zones, list) and zones else "location"
        for place in places:
            found += place_failures(field, str(accelerator), place, machine)
    return found


def _sharing_limits(node: object) -> list[Failure]:
    """How the driver comes and how a GPU is shared or cut."""
    found: list[Failure] = []
    path, gpu = "nodeConfig.guestAccelerators[0]", at(node, "guestAccelerators", 0)
    driver = at(gpu, "gpuDriverInstallationConfig", "gpuDriverVersion")
    if known(driver) and driver not in DRIVERS:
        field = f"{path}.gpuDriverInstallationConfig.gpuDriverVersion"
        found.append((field, f"must be one of {', '.join(DRIVERS)}"))
    clients = at(gpu, "gpuSharingConfig", "maxSharedClientsPerGpu")
    if known(clients) and not 2 <= clients <= 48:
        found.append((f"{path}.gpuSharingConfig.maxSharedClientsPerGpu", "must be between 2 and 48"))
    accelerator, size = at(gpu, "type"), at(gpu, "gpuPartitionSize")
    if known(size) and accelerator in UNDIVIDED:
        found.append((f"{path}.gpuPartitionSize", f"{accelerator} cannot be partitioned"))
    return found


def _purchase_limits(inputs: Properties) -> list[Failure]:
    node = inputs.get("nodeConfig")
    ways = [at(node, *path) for path in WAYS_TO_BUY]
    spot, flex, reserved = ways[0] is True, ways[1] is True, ways[2] == "SPECIFIC_RESERVATION"
    machine, found = at(node, "machineType"), []
    if spot and flex:
        found.append(("nodeConfig.flexStart", "spot and flexStart exclude each other"))
    affinity = ways[2] not in (None, UNKNOWN, "NO_RESERVATION", "UNSPECIFIED")
    if affinity and (spot or flex):
        found.append(("nodeConfig.reservationAffinity", "a reservation cannot be used with spot or flexStart"))
    seconds = str(at(node, "maxRunDuration")).removesuffix("s")
    if flex and seconds.isdigit() and int(seconds) > FLEX_SECONDS:
        found.append(("nodeConfig.maxRunDuration", f"flexStart runs for {FLEX_SECONDS}s (7 days) at most"))
    if flex and inputs.get("autoscaling") is None:
        found.append(("nodeConfig.flexStart", "flexStart needs autoscaling"))
    if machine in NOT_ON_DEMAND and not (spot or flex or reserved or UNKNOWN in ways):
        found.append(
            ("nodeConfig.machineType", f"{machine} is sold as Spot, Flex-start or by reservation, not on demand")
        )
    return found


def _cluster_of(world: World, inputs: Properties) -> str:
    """The cluster's id; a node pool may name its cluster by name or by id."""
    cluster = str(inputs["cluster"])
    if "/" in cluster:
        return cluster
    return f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/clusters/{cluster}"


def _needs_cluster(world: World, inputs: Properties) -> str | None:
    cluster = _cluster_of(world, inputs)
    if world.cloud.get(CLUSTER, cluster) is None:
        return f"Error 404: Not found: {cluster}., notFound"
    return needs_account(world, at(inputs, "nodeConfig", "serviceAccount"))


def _zone_rule(world: World, inputs: Properties) -> list[Failure]:
    location = inputs.get("location")
    region = ZONE.sub(r"\1", str(location)) if known(location) else None
    found: list[Failure] = []
    for index, zone in enumerate(items(inputs.get("nodeLocations"))):
        if known(zone) and region is not None and not str(zone).startswith(f"{region}-"):
            found.append((f"nodeLocations[{index}]", f"{zone} is not in the cluster's region {region}"))
    return found


RESOURCE_TYPES = (
    ResourceType(
        token=CLUSTER,
        identity=_cluster_id,
        computed=_cluster_computed,
        replace=(
            "name",
            "location",
            "network",
            "subnetwork",
            "ipAllocationPolicy",
            "datapathProvider",
            "initialNodeCount",
            "enableAutopilot",
            "clusterIpv4Cidr",
            "defaultMaxPodsPerNode",
            "description",
            "enableKubernetesAlpha",
            "networkingMode",
            "privateClusterConfig.masterIpv4CidrBlock",
            "privateClusterConfig.privateEndpointSubnetwork",
        ),
        limits=lambda w, i: _cluster_limits(w, i) + _zone_rule(w, i),
        refuses=_cluster_refusal,
        protected=_cluster_protected,
        contents=_pools,
        labels="resourceLabels",
    ),
    ResourceType(
        token=NODE_POOL,
        identity=lambda w, i: f"{_cluster_of(w, i)}/nodePools/{i['name']}",
        computed=lambda w, i: {"version": "1.35.7-gke.1222000", "instanceGroupUrls": [], "operation": ""},
        replace=(
            "name",
            "cluster",
            "location",
            "initialNodeCount",
            "nodeConfig.guestAccelerators",
            "maxPodsPerNode",
            "placementPolicy",
            "queuedProvisioning",
            # ForceNew in terraform-provider-google's node_config.go (2026-08)
            "nodeConfig.advancedMachineFeatures",
            "nodeConfig.bootDiskKmsKey",
            "nodeConfig.confidentialNodes",
            "nodeConfig.ephemeralStorageLocalSsdConfig",
            "nodeConfig.gcfsConfig",
            "nodeConfig.gvnic",
            "nodeConfig.hostMaintenancePolicy",
            "nodeConfig.localNvmeSsdBlockConfig",
            "nodeConfig.localSsdCount",
            "nodeConfig.metadata",
            "nodeConfig.minCpuPlatform",
            "nodeConfig.preemptible",
            "nodeConfig.secondaryBootDisks",
            "nodeConfig.spot",
            "nodeConfig.flexStart",
            "nodeConfig.serviceAccount",
            "nodeConfig.oauthScopes",
            "nodeConfig.reservationAffinity",
            "nodeConfig.shieldedInstanceConfig",
            "nodeConfig.maxRunDuration",
            # a GPU machine type brings its GPUs, so the pool is made anew; GKE changes other machine types in place
            "nodeConfig.machineType",
        ),
        limits=lambda w, i: _pool_limits(w, i) + _zone_rule(w, i),
        refuses=_needs_cluster,
    ),
)
