"""GKE node pools. What forces replacement: terraform-provider-google container_node_pool (2026-08). Limits of GPUs, disks and
purchase: `rules/gpu_nodes.py`; of upgrades and placement: cloud.google.com/kubernetes-engine/docs (2026)."""

from __future__ import annotations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, label_failures, name_failures, one_of
from sandbox.providers.gcp.references import CLUSTER, needs_account
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.clusters import NAME, NAME_RULE, cluster_of, zone_rule
from sandbox.providers.gcp.rules.gpu_nodes import disk_limits, gpu_limits, purchase_limits, sharing_limits
from sandbox.providers.values import at, entries, items, known

NODE_POOL = "gcp:container/nodePool:NodePool"
TAINT_EFFECTS = ("NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE")


def _pool_limits(inputs: Properties) -> list[Failure]:
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
        found += one_of(f"nodeConfig.taints[{index}].effect", at(taint, "effect"), TAINT_EFFECTS)
    found += gpu_limits(inputs) + disk_limits(node) + sharing_limits(node) + purchase_limits(inputs)
    return found + _scaling_limits(inputs.get("autoscaling")) + _upgrade_limits(inputs) + _placement_limits(inputs)


def _scaling_limits(scaling: object) -> list[Failure]:
    found = one_of("autoscaling.locationPolicy", at(scaling, "locationPolicy"), ("BALANCED", "ANY"))
    kinds = [{"minNodeCount", "maxNodeCount"}, {"totalMinNodeCount", "totalMaxNodeCount"}]
    if isinstance(scaling, dict) and all(kind & scaling.keys() for kind in kinds):
        found.append(("autoscaling", "counts per zone and total counts exclude each other"))
    least, most = at(scaling, "totalMinNodeCount"), at(scaling, "totalMaxNodeCount")
    if known(least) and known(most) and not 0 <= least <= most:
        found.append(("autoscaling.totalMaxNodeCount", f"{most} is below totalMinNodeCount {least}"))
    if known(most) and most < 1:
        found.append(("autoscaling.totalMaxNodeCount", "must be at least 1"))
    return found


def _upgrade_limits(inputs: Properties) -> list[Failure]:
    settings = inputs.get("upgradeSettings")
    found = one_of("upgradeSettings.strategy", at(settings, "strategy"), ("SURGE", "BLUE_GREEN"))
    surge, missing = at(settings, "maxSurge"), at(settings, "maxUnavailable")
    if surge == 0 and missing == 0:
        found.append(("upgradeSettings", "maxSurge and maxUnavailable cannot both be 0"))
    for name, value in (("maxSurge", surge), ("maxUnavailable", missing)):
        found += between(f"upgradeSettings.{name}", value, 0, 20)
    if known(surge) and known(missing) and surge + missing > 20:
        found.append(
            ("upgradeSettings", f"maxSurge and maxUnavailable are {surge + missing} together, at most 20 is allowed")
        )
    return found


def _placement_limits(inputs: Properties) -> list[Failure]:
    """Compact placement: one zone, and no machines that Compute Engine does not place."""
    kind, machine = at(inputs, "placementPolicy", "type"), at(inputs, "nodeConfig", "machineType")
    found = one_of("placementPolicy.type", kind, ("COMPACT",))
    if kind != "COMPACT":
        return found
    if len(items(inputs.get("nodeLocations"))) > 1:
        found.append(("nodeLocations", "nodes that are placed compactly lie in one zone"))
    if known(machine) and str(machine).startswith(("e2-", "n1-")):
        found.append(("placementPolicy.type", f"{machine} cannot be placed compactly"))
    return found


def _with_gpus(old: Properties, inputs: Properties) -> list[str]:
    """A GPU machine type brings its GPUs, so the pool is made anew; GKE changes other machine types in place, node by node."""
    sides = (at(side, "nodeConfig", "guestAccelerators") for side in (old, inputs))
    return ["nodeConfig.machineType"] if any(sides) else []


def _needs_cluster(world: World, inputs: Properties) -> str | None:
    cluster = cluster_of(world, inputs)
    if world.cloud.get(CLUSTER, cluster) is None:
        return f"Error 404: Not found: {cluster}., notFound"
    return needs_account(world, at(inputs, "nodeConfig", "serviceAccount"))


RESOURCE_TYPES = (
    ResourceType(
        token=NODE_POOL,
        identity=lambda w, i: f"{cluster_of(w, i)}/nodePools/{i['name']}",
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
            "namePrefix",
            "networkConfig.acceleratorNetworkProfile",
            "networkConfig.createPodRange",
            "networkConfig.podRange",
            "networkConfig.podIpv4CidrBlock",
            "networkConfig.subnetwork",
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
        ),
        replace_when=_with_gpus,
        limits=lambda w, i: _pool_limits(i) + zone_rule(i),
        refuses=_needs_cluster,
    ),
)
