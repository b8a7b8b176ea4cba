"""GKE clusters. What forces replacement: terraform-provider-google container_cluster (2026-08). Limits: cloud.google.com/
kubernetes-engine/docs (2026)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from secrets import token_hex

from sandbox.providers.api import Failure, Properties
from sandbox.providers.cluster_link import cluster_of_endpoint, folders
from sandbox.providers.gcp.limits import ZONE, name_failures, one_of
from sandbox.providers.gcp.references import (
    CLUSTER,
    CLUSTER_AGENT,
    key_failures,
    needs_key,
    needs_network,
    needs_subnetwork,
)
from sandbox.providers.gcp.resource_type import ResourceType, World, digits, letters
from sandbox.providers.gcp.rules.clusters import NAME, NAME_RULE, cluster_of, zone_rule
from sandbox.providers.gcp.rules.maintenance import maintenance_limits
from sandbox.providers.gcp.types.node_pool import NODE_POOL
from sandbox.providers.values import at, items, known

#: Where the DNS endpoint stands among a cluster's outputs.
ENDPOINT = ("controlPlaneEndpointsConfig", "dnsEndpointConfig", "endpoint")
#: Values of the fields that take one of a few (terraform-provider-google, 2026-08).
VALUES = {
    "releaseChannel.channel": ("UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"),
    "gatewayApiConfig.channel": ("CHANNEL_DISABLED", "CHANNEL_EXPERIMENTAL", "CHANNEL_STANDARD"),
    "databaseEncryption.state": ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED", "DECRYPTED"),
    "datapathProvider": ("DATAPATH_PROVIDER_UNSPECIFIED", "LEGACY_DATAPATH", "ADVANCED_DATAPATH"),
    "binaryAuthorization.evaluationMode": ("DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE"),
    "dnsConfig.clusterDns": ("PROVIDER_UNSPECIFIED", "PLATFORM_DEFAULT", "CLOUD_DNS", "KUBE_DNS"),
    "dnsConfig.clusterDnsScope": ("DNS_SCOPE_UNSPECIFIED", "CLUSTER_SCOPE", "VPC_SCOPE"),
    "securityPostureConfig.mode": ("DISABLED", "BASIC", "ENTERPRISE", "MODE_UNSPECIFIED"),
    "securityPostureConfig.vulnerabilityMode": (
        "VULNERABILITY_DISABLED",
        "VULNERABILITY_BASIC",
        "VULNERABILITY_ENTERPRISE",
        "VULNERABILITY_MODE_UNSPECIFIED",
    ),
    "clusterAutoscaling.autoscalingProfile": ("BALANCED", "OPTIMIZE_UTILIZATION"),
}
#: The same for the members of lists.
COMPONENTS = {
    "loggingConfig.enableComponents": (
        *("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"),
        *("KCP_CONNECTION", "KCP_SSHD", "KCP_HPA", "KCP_VPA"),
    ),
    "monitoringConfig.enableComponents": (
        *("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "STORAGE", "HPA", "POD"),
        *("DAEMONSET", "DEPLOYMENT", "STATEFULSET", "KUBELET", "CADVISOR", "DCGM", "JOBSET"),
    ),
}


def _cluster_id(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/clusters/{inputs['name']}"


def _cluster_computed(world: World, inputs: Properties) -> Properties:
    key = f"{world.project_of(inputs)}/{inputs.get('location')}/{inputs.get('name')}"
    location = inputs.get("location") if known(inputs.get("location")) else "us-central1"
    # handed out at the creation: a cluster that replaces another one of its name is reached at an endpoint of its own
    endpoint = f"gke-{token_hex(6)}-{digits(world.project, 12)}.{location}.gke.goog"
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
    for place, allowed in VALUES.items():
        found += one_of(place, at(inputs, *place.split(".")), allowed)
    for place, allowed in COMPONENTS.items():
        for index, component in enumerate(items(at(inputs, *place.split(".")))):
            found += one_of(f"{place}[{index}]", component, allowed)
    return found + maintenance_limits(inputs.get("maintenancePolicy")) + _encryption_limits(inputs)


def _encryption_limits(inputs: Properties) -> list[Failure]:
    state, key = at(inputs, "databaseEncryption", "state"), at(inputs, "databaseEncryption", "keyName")
    location = inputs.get("location")
    if state == "DECRYPTED" and known(key):
        return [("databaseEncryption.keyName", "DECRYPTED takes no key")]
    if state in ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED") and key is None:
        return [("databaseEncryption.keyName", f"is missing, {state} needs it")]
    region = ZONE.sub(r"\1", str(location)) if known(location) else None
    return key_failures("databaseEncryption.keyName", key, region)


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
        if cluster_of(world, record["inputs"]) == cluster:
            yield NODE_POOL, record["id"]


def _contents(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    """Its node pools, and everything in it."""
    yield from _pools(world, inputs)
    record = world.find(CLUSTER, _cluster_id(world, inputs))
    endpoint = at(record["outputs"], *ENDPOINT) if record is not None else None
    if endpoint is not None:
        for folder in folders(world.cloud, cluster_of_endpoint(endpoint)):
            yield from ((folder, record["id"]) for record in world.cloud.all(folder))


def _cluster_refusal(world: World, inputs: Properties) -> str | None:
    region = ZONE.sub(r"\1", world.location_of(inputs))
    return needs_network(world, inputs) or needs_subnetwork(world, inputs, region)


def _key_missing(world: World, inputs: Properties) -> str | None:
    return needs_key(world, at(inputs, "databaseEncryption", "keyName"), CLUSTER_AGENT)


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
            "confidentialNodes",
            "privateClusterConfig.masterIpv4CidrBlock",
            "privateClusterConfig.privateEndpointSubnetwork",
        ),
        kept=(".".join(ENDPOINT),),
        limits=lambda w, i: _cluster_limits(w, i) + zone_rule(i),
        refuses=_cluster_refusal,
        enforces=_key_missing,
        protected=_cluster_protected,
        contents=_contents,
        labels="resourceLabels",
    ),
)
