"""GKE node pools, and the configuration of a node that clusters have too."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, choice, int64, same
from tests.google_api.tables.common import DELETION, parts

_SIGNALS: Fields = {
    **same("imagefsAvailable", "imagefsInodesFree", "memoryAvailable", "nodefsAvailable", "nodefsInodesFree"),
    **same("pidAvailable"),
}
READONLY_PORT = choice("insecureKubeletReadonlyPortEnabled", {"TRUE": True, "FALSE": False})
_KUBELET: Fields = {
    **same("allowedUnsafeSysctls", "containerLogMaxFiles", "containerLogMaxSize", "cpuCfsQuota", "cpuCfsQuotaPeriod"),
    **same("cpuManagerPolicy", "evictionMaxPodGracePeriodSeconds", "imageGcHighThresholdPercent"),
    **same("imageGcLowThresholdPercent", "imageMaximumGcAge", "imageMinimumGcAge", "maxParallelImagePulls"),
    **same("shutdownGracePeriodCriticalPodsSeconds", "shutdownGracePeriodSeconds", "singleProcessOomKill"),
    "podPidsLimit": int64("podPidsLimit"),
    "insecureKubeletReadonlyPortEnabled": READONLY_PORT,
    "crashLoopBackOff": Block("crashLoopBackOff", same("maxContainerRestartPeriod")),
    "memoryManager": Block("memoryManager", same("policy")),
    "topologyManager": Block("topologyManager", same("policy", "scope")),
    "evictionMinimumReclaim": Block("evictionMinimumReclaim", _SIGNALS),
    "evictionSoft": Block("evictionSoft", _SIGNALS),
    "evictionSoftGracePeriod": Block("evictionSoftGracePeriod", _SIGNALS),
}
_LINUX: Fields = {
    **same("cgroupMode", "sysctls", "transparentHugepageDefrag", "transparentHugepageEnabled"),
    "hugepagesConfig": Block("hugepages", same("hugepageSize1g", "hugepageSize2m")),
    "nodeKernelModuleLoading": Block("nodeKernelModuleLoading", same("policy")),
}
_CERTIFICATE: Fields = same("gcpSecretManagerSecretUri")
CONTAINERD: Fields = {
    "privateRegistryAccessConfig": Block(
        "privateRegistryAccessConfig",
        {
            **same("enabled"),
            "certificateAuthorityDomainConfigs": Blocks(
                "certificateAuthorityDomainConfig",
                {
                    **same("fqdns"),
                    "gcpSecretManagerCertificateConfig": Block("gcpSecretManagerCertificateConfig", same("secretUri")),
                },
            ),
        },
    ),
    "registryHosts": Blocks(
        "registryHosts",
        {
            **same("server"),
            "hosts": Blocks(
                "hosts",
                {
                    **same("host", "capabilities", "dialTimeout", "overridePath"),
                    "cas": Blocks("ca", _CERTIFICATE),
                    "clients": Blocks(
                        "client", {"cert": Block("cert", _CERTIFICATE), "key": Block("key", _CERTIFICATE)}
                    ),
                    "headers": Blocks("header", {**same("key"), "values": To("value")}),
                },
            ),
        },
    ),
    "writableCgroups": Block("writableCgroups", same("enabled")),
}
_ACCELERATOR: Fields = {
    "type": To("acceleratorType"),
    "count": int64("acceleratorCount"),
    **same("gpuPartitionSize"),
    "gpuDriverInstallationConfig": Block("gpuDriverInstallationConfig", same("gpuDriverVersion")),
    "gpuSharingConfig": Block(
        "gpuSharingConfig", {**same("gpuSharingStrategy"), "maxSharedClientsPerGpu": int64("maxSharedClientsPerGpu")}
    ),
}
_BOOT_DISK: Fields = {
    **same("diskType"),
    "provisionedIops": int64("provisionedIops"),
    "provisionedThroughput": int64("provisionedThroughput"),
    "sizeGb": int64("sizeGb"),
}
SHIELDED = Block("shieldedInstanceConfig", same("enableIntegrityMonitoring", "enableSecureBoot"))

NODE_CONFIG: Fields = {
    **same("bootDiskKmsKey", "diskSizeGb", "diskType", "enableConfidentialStorage", "flexStart", "imageType", "labels"),
    **same("localSsdCount", "localSsdEncryptionMode", "machineType", "maxRunDuration", "metadata", "minCpuPlatform"),
    **same("nodeGroup", "oauthScopes", "preemptible", "resourceLabels", "serviceAccount", "spot", "storagePools"),
    **same("tags"),
    "gpudirectStrategy": To("gpuDirectConfig.gpuDirectStrategy"),
    "loggingVariant": To("loggingConfig.variantConfig.variant"),
    "resourceManagerTags": To("resourceManagerTags.tags"),
    "advancedMachineFeatures": Block(
        "advancedMachineFeatures",
        {
            **same("enableNestedVirtualization", "performanceMonitoringUnit"),
            "threadsPerCore": int64("threadsPerCore"),
        },
    ),
    "bootDisk": Block("bootDisk", _BOOT_DISK),
    "confidentialNodes": Block("confidentialNodes", same("enabled", "confidentialInstanceType")),
    "containerdConfig": Block("containerdConfig", CONTAINERD),
    "ephemeralStorageLocalSsdConfig": Block("ephemeralStorageLocalSsdConfig", same("localSsdCount", "dataCacheCount")),
    "fastSocket": Block("fastSocket", same("enabled")),
    "gcfsConfig": Block("gcfsConfig", same("enabled")),
    "guestAccelerators": Blocks("accelerators", _ACCELERATOR),
    "gvnic": Block("gvnic", same("enabled")),
    "kubeletConfig": Block("kubeletConfig", _KUBELET),
    "linuxNodeConfig": Block("linuxNodeConfig", _LINUX),
    "localNvmeSsdBlockConfig": Block("localNvmeSsdBlockConfig", same("localSsdCount")),
    "reservationAffinity": Block("reservationAffinity", same("consumeReservationType", "key", "values")),
    "sandboxConfig": Block("sandboxConfig", same("type")),
    "secondaryBootDisks": Blocks("secondaryBootDisks", same("diskImage", "mode")),
    "shieldedInstanceConfig": SHIELDED,
    "soleTenantConfig": Block(
        "soleTenantConfig",
        {**same("minNodeCpus"), "nodeAffinities": Blocks("nodeAffinities", same("key", "operator", "values"))},
    ),
    "taintConfig": Block("taintConfig", same("architectureTaintBehavior")),
    "taints": Blocks("taints", same("effect", "key", "value")),
    "windowsNodeConfig": Block("windowsNodeConfig", {"osversion": To("osVersion")}),
    "workloadMetadataConfig": Block("workloadMetadataConfig", same("mode")),
}
_BATCHES: Fields = same("batchNodeCount", "batchPercentage", "batchSoakDuration")


def upgrade(more: Fields) -> Block:
    """Upgrade settings; `more` is what node pools of their own have beyond those that the autoscaler makes."""
    blue_green = {
        **same("nodePoolSoakDuration"),
        "standardRolloutPolicy": Block("standardRolloutPolicy", _BATCHES),
        **more,
    }
    return Block(
        "upgradeSettings",
        {**same("maxSurge", "maxUnavailable", "strategy"), "blueGreenSettings": Block("blueGreenSettings", blue_green)},
    )


_NETWORK: Fields = {
    **same("acceleratorNetworkProfile", "createPodRange", "enablePrivateNodes", "podIpv4CidrBlock", "podRange"),
    **same("subnetwork"),
    "additionalNodeNetworkConfigs": Blocks("additionalNodeNetworkConfigs", same("network", "subnetwork")),
    "additionalPodNetworkConfigs": Blocks(
        "additionalPodNetworkConfigs",
        {**same("secondaryPodRange", "subnetwork"), "maxPodsPerNode": int64("maxPodsPerNode.maxPodsPerNode")},
    ),
    "networkPerformanceConfig": Block("networkPerformanceConfig", same("totalEgressBandwidthTier")),
    "podCidrOverprovisionConfig": Block("podCidrOverprovisionConfig", {"disabled": To("disable")}),
}

NODE_POOL = Table(
    "container.v1:projects.locations.clusters.nodePools.create",
    {
        **DELETION,
        **parts("parent", "project", "location", "cluster"),
        "ignoreNodeCountChanges": Drop("the provider's own: it leaves the number of nodes alone"),
        **same("initialNodeCount", "name", "version"),
        # a pool of a fixed size is created with that size
        "nodeCount": To("initialNodeCount"),
        "nodeLocations": To("locations"),
        # the provider adds digits to it
        "namePrefix": To("name"),
        "maxPodsPerNode": int64("maxPodsConstraint.maxPodsPerNode"),
        "autoscaling": Block(
            "autoscaling",
            same("locationPolicy", "maxNodeCount", "minNodeCount", "totalMaxNodeCount", "totalMinNodeCount"),
            always={"enabled": True},
        ),
        "bestEffortProvisioning": Block("bestEffortProvisioning", same("enabled", "minProvisionNodes")),
        "management": Block("management", same("autoRepair", "autoUpgrade")),
        "networkConfig": Block("networkConfig", _NETWORK),
        "nodeConfig": Block("config", NODE_CONFIG),
        "nodeDrainConfigs": Block(
            "nodeDrainConfig",
            same("graceTerminationDuration", "pdbTimeoutDuration", "respectPdbDuringNodePoolDeletion"),
            only=True,
        ),
        "placementPolicy": Block("placementPolicy", same("type", "policyName", "tpuTopology")),
        "queuedProvisioning": Block("queuedProvisioning", same("enabled")),
        "upgradeSettings": upgrade(
            {"autoscaledRolloutPolicy": Block("autoscaledRolloutPolicy", same("waitForDrainDuration"))}
        ),
    },
    inside=("nodePool",),
)

TABLES = {"gcp:container/nodePool:NodePool": NODE_POOL}
