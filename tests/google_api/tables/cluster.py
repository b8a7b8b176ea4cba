"""GKE clusters; their network is in `cluster_network.py`. Not mapped: Autopilot, and what only Google's beta API has."""

from __future__ import annotations

import re
from typing import Any

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, choice, int64, same
from tests.google_api.tables.cluster_network import ACCESS, NETWORK
from tests.google_api.tables.common import DELETION, parts
from tests.google_api.tables.node_pool import CONTAINERD, NODE_CONFIG, READONLY_PORT, SHIELDED, upgrade

_ADDONS: Fields = {
    **{
        name: Block(name, same("enabled"))
        for name in (
            "agentSandboxConfig",
            "configConnectorConfig",
            "dnsCacheConfig",
            "gcePersistentDiskCsiDriverConfig",
            "gcpFilestoreCsiDriverConfig",
            "gcsFuseCsiDriverConfig",
            "gkeBackupAgentConfig",
            "highScaleCheckpointingConfig",
            "nodeReadinessConfig",
            "parallelstoreCsiDriverConfig",
            "podSnapshotConfig",
            "sliceControllerConfig",
            "slurmOperatorConfig",
            "statefulHaConfig",
        )
    },
    "horizontalPodAutoscaling": Block("horizontalPodAutoscaling", same("disabled")),
    "httpLoadBalancing": Block("httpLoadBalancing", same("disabled")),
    "networkPolicyConfig": Block("networkPolicyConfig", same("disabled")),
    "cloudrunConfig": Block("cloudRunConfig", same("disabled", "loadBalancerType")),
    "lustreCsiDriverConfig": Block(
        "lustreCsiDriverConfig", same("enabled", "disableMultiNic", "enableLegacyLustrePort")
    ),
    "rayOperatorConfigs": Block(
        "rayOperatorConfig",
        {
            **same("enabled"),
            "rayClusterLoggingConfig": Block("rayClusterLoggingConfig", same("enabled")),
            "rayClusterMonitoringConfig": Block("rayClusterMonitoringConfig", same("enabled")),
        },
        only=True,
    ),
}
_AUTOSCALING: Fields = {
    "enabled": To("enableNodeAutoprovisioning"),
    "autoProvisioningLocations": To("autoprovisioningLocations"),
    "autoscalingProfile": To("autoscalingProfile"),
    "defaultComputeClassEnabled": To("defaultComputeClassConfig.enabled"),
    "resourceLimits": Blocks(
        "resourceLimits", {**same("resourceType"), "minimum": int64("minimum"), "maximum": int64("maximum")}
    ),
    "autoProvisioningDefaults": Block(
        "autoprovisioningNodePoolDefaults",
        {
            **same("bootDiskKmsKey", "diskType", "imageType", "minCpuPlatform", "oauthScopes", "serviceAccount"),
            "diskSize": To("diskSizeGb"),
            "management": Block("management", same("autoRepair", "autoUpgrade")),
            "shieldedInstanceConfig": SHIELDED,
            "upgradeSettings": upgrade({}),
        },
    ),
}


def _in_seconds(value: Any) -> Any:
    """The provider takes Go's durations (`4h30m`) here, and sends zero for what is none."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"([0-9]+(h|m|s))+", value):
        raise ValueError(f"'{value}' is no duration of whole hours, minutes and seconds such as 4h or 14400s")
    units = {"h": 3600, "m": 60, "s": 1}
    return f"{sum(int(number) * units[unit] for number, unit in re.findall('([0-9]+)([hms])', value))}s"


_EXCLUSION: Fields = {
    "exclusionName": Drop("is the key of the API's map"),
    **same("startTime", "endTime"),
    "exclusionOptions": Block("maintenanceExclusionOptions", same("scope", "endTimeBehavior")),
}
_MAINTENANCE: Fields = {
    "dailyMaintenanceWindow": Block("window.dailyMaintenanceWindow", same("startTime")),
    "recurringWindow": Block(
        "window.recurringWindow",
        {**same("recurrence"), "startTime": To("window.startTime"), "endTime": To("window.endTime")},
    ),
    "recurringMaintenanceWindow": Block(
        "window.recurringMaintenanceWindow",
        {
            **same("recurrence"),
            "windowDuration": To("windowDuration", _in_seconds),
            "windowStartTime": Block("windowStartTime", same("hours", "minutes", "seconds")),
            "delayUntil": Block("delayUntil", same("day", "month", "year")),
        },
    ),
    "maintenanceExclusions": Blocks("window.maintenanceExclusions", _EXCLUSION, key="exclusionName"),
    "disruptionBudget": Block(
        "disruptionBudget", same("minorVersionDisruptionInterval", "patchVersionDisruptionInterval")
    ),
}
_MONITORING: Fields = {
    "enableComponents": To("componentConfig.enableComponents"),
    "managedPrometheus": Block(
        "managedPrometheusConfig",
        {**same("enabled"), "autoMonitoringConfig": Block("autoMonitoringConfig", same("scope"))},
    ),
    "advancedDatapathObservabilityConfig": Block(
        "advancedDatapathObservabilityConfig", same("enableMetrics", "enableRelay")
    ),
}
_POOL_DEFAULTS: Fields = {
    "loggingVariant": To("loggingConfig.variantConfig.variant"),
    "insecureKubeletReadonlyPortEnabled": choice(
        "nodeKubeletConfig.insecureKubeletReadonlyPortEnabled", {"TRUE": True, "FALSE": False}
    ),
    "gcfsConfig": Block("gcfsConfig", same("enabled")),
    "containerdConfig": Block("containerdConfig", CONTAINERD),
}
_POOL_AUTO: Fields = {
    "networkTags": Block("networkTags", same("tags")),
    "nodeKubeletConfig": Block("nodeKubeletConfig", {"insecureKubeletReadonlyPortEnabled": READONLY_PORT}),
    "resourceManagerTags": To("resourceManagerTags.tags"),
}
_USAGE: Fields = {
    **same("enableNetworkEgressMetering"),
    "bigqueryDestination": Block("bigqueryDestination", same("datasetId")),
    "enableResourceConsumptionMetering": To("consumptionMeteringConfig.enabled"),
}
_ROTATION = Block("rotationConfig", same("enabled", "rotationInterval"))
#: Blocks that both spell alike, with all their fields.
_ALIKE: Fields = {
    name: Block(name, same(*names))
    for name, names in {
        "anonymousAuthenticationConfig": ("mode",),
        "binaryAuthorization": ("enabled", "evaluationMode"),
        "confidentialNodes": ("enabled", "confidentialInstanceType"),
        "costManagementConfig": ("enabled",),
        "databaseEncryption": ("state", "keyName"),
        "enableK8sBetaApis": ("enabledApis",),
        "fleet": ("project", "membershipType"),
        "gkeAutoUpgradeConfig": ("patchMode",),
        "identityServiceConfig": ("enabled",),
        "managedMachineLearningDiagnosticsConfig": ("enabled",),
        "managedOpentelemetryConfig": ("scope",),
        "meshCertificates": ("enableCertificates",),
        "networkPolicy": ("enabled", "provider"),
        "nodeCreationConfig": ("nodeCreationMode",),
        "podAutoscaling": ("hpaProfile",),
        "rbacBindingConfig": (
            "enableInsecureBindingSystemAuthenticated",
            "enableInsecureBindingSystemUnauthenticated",
        ),
        "releaseChannel": ("channel",),
        "rollbackSafeUpgrade": ("controlPlaneSoakDuration",),
        "securityPostureConfig": ("mode", "vulnerabilityMode"),
        "verticalPodAutoscaling": ("enabled",),
        "workloadIdentityConfig": ("workloadPool",),
    }.items()
}

CLUSTER = Table(
    "container.v1:projects.locations.clusters.create",
    {
        **DELETION,
        **parts("parent", "project", "location"),
        "removeDefaultNodePool": Drop("the provider deletes the default pool with a request of its own"),
        "skipNodePoolRefresh": Drop("the provider's own: it does not read the pools"),
        **same("clusterIpv4Cidr", "description", "enableKubernetesAlpha", "initialNodeCount", "loggingService", "name"),
        **same("monitoringService", "network", "resourceLabels", "subnetwork"),
        "nodeVersion": Drop("the provider only compares it with minMasterVersion"),
        "minMasterVersion": To("initialClusterVersion"),
        "nodeLocations": To("locations"),
        "defaultMaxPodsPerNode": int64("defaultMaxPodsConstraint.maxPodsPerNode"),
        "enableLegacyAbac": To("legacyAbac.enabled"),
        "enableShieldedNodes": To("shieldedNodes.enabled"),
        **_ALIKE,
        **NETWORK,
        **ACCESS,
        "addonsConfig": Block("addonsConfig", _ADDONS),
        "authenticatorGroupsConfig": Block("authenticatorGroupsConfig", same("securityGroup"), {"enabled": True}),
        "clusterAutoscaling": Block("autoscaling", _AUTOSCALING),
        "loggingConfig": Block("loggingConfig", {"enableComponents": To("componentConfig.enableComponents")}),
        "maintenancePolicy": Block("maintenancePolicy", _MAINTENANCE),
        "monitoringConfig": Block("monitoringConfig", _MONITORING),
        "nodeConfig": Block("nodeConfig", NODE_CONFIG),
        "nodePoolAutoConfig": Block("nodePoolAutoConfig", _POOL_AUTO),
        "nodePoolDefaults": Block(
            "nodePoolDefaults", {"nodeConfigDefaults": Block("nodeConfigDefaults", _POOL_DEFAULTS)}
        ),
        "resourceUsageExportConfig": Block("resourceUsageExportConfig", _USAGE),
        "notificationConfig": Block(
            "notificationConfig",
            {
                "pubsub": Block(
                    "pubsub",
                    {
                        **same("enabled", "topic"),
                        "filter": Block("filter", {"eventTypes": To("eventType")}),
                    },
                )
            },
        ),
        "secretManagerConfig": Block("secretManagerConfig", {**same("enabled"), "rotationConfig": _ROTATION}),
        "secretSyncConfig": Block("secretSyncConfig", {**same("enabled"), "rotationConfig": _ROTATION}),
    },
    inside=("cluster",),
    # what the provider sends unless told otherwise (resourceContainerClusterCreate, expandControlPlaneEndpointsConfig)
    always={"autopilot.enabled": False, "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled": True},
)

TABLES = {"gcp:container/cluster:Cluster": CLUSTER}
