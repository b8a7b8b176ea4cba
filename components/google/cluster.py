"""GKE Standard cluster with private nodes, Workload Identity and a small pool for system pods.

Owns the cluster, its node identity and the system pool; GPU pools are `gpu_node_pool.py`. The control plane has a DNS endpoint,
which asks for an IAM identity, and no IP endpoint; there are no client certificates and no passwords.
Idle cost: USD 0.10 an hour for the cluster (cloud.google.com/kubernetes-engine/pricing, 2026), the system nodes with their disks,
and logs and metrics by volume.
Replaced when: name, location, network or subnetwork changes; of the system pool also when the id of the node account changes. A
replaced cluster loses everything in it. The key of the database can be set, changed and taken away in place; the system nodes'
machine type and disk change node by node.
Settings follow GoogleCloudPlatform/accelerated-platforms container_cluster.tf (2026-08-20).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.kubeconfig import make_kubeconfig
from components.google.maintenance import MaintenanceWindow, check_window
from components.google.network import PODS_RANGE, SERVICES_RANGE
from components.google.system_machines import SYSTEM_DISK_TYPE, check_system_machine
from components.package import token

#: Roles of a node's identity: what GKE needs at least (docs.cloud.google.com/kubernetes-engine/security/
#: configure-node-service-accounts, 2026), and pulling images.
NODE_ROLES = ("roles/artifactregistry.reader", "roles/container.defaultNodeServiceAccount")
#: Access is limited by roles, not by scopes.
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
#: GKE's own default.
SYSTEM_DISK_GB = 100


class ClusterArgs(TypedDict):
    """Arguments of Cluster."""

    name: str
    """Name of the cluster."""
    project: str
    """Google Cloud project."""
    location: str
    """A zone (zonal cluster) or a region (regional cluster)."""
    node_locations: list[str]
    """Zones of the system nodes."""
    network_id: pulumi.Input[str]
    """Network."""
    subnetwork_id: pulumi.Input[str]
    """Subnet with the secondary ranges `pods` and `services`."""
    node_account_id: str
    """Id of the service account made for the nodes."""
    system_machine_type: str
    """Machine type of the system nodes, without a GPU."""
    system_nodes_per_zone: int
    """System nodes in each zone."""
    system_disk_type: NotRequired[str]
    """Type of the system nodes' boot disk, which the machine type must accept. Default: pd-balanced."""
    system_disk_gb: NotRequired[int]
    """Size of the system nodes' boot disk. Default: 100."""
    security_group: NotRequired[str]
    """`gke-security-groups@<domain>`, whose member groups may be named in role bindings."""
    database_encryption_key: NotRequired[pulumi.Input[str]]
    """Id of a key of Cloud KMS in the cluster's region, which encrypts the Kubernetes secrets. Default: Google's key alone."""
    maintenance_window: NotRequired[MaintenanceWindow]
    """When GKE may upgrade control plane and nodes by itself. Default: at any time."""
    security_posture: NotRequired[bool]
    """Let Google audit the workloads' configuration; needs containersecurity.googleapis.com. Default: left as Google sets it."""
    secret_manager: NotRequired[bool]
    """Let pods mount secrets of Secret Manager as files, which follow new versions within minutes; needs
    secretmanager.googleapis.com. Default: not."""
    usage_metrics: NotRequired[bool]
    """Let Managed Prometheus collect the use of CPU and memory by container, for OpenCost; paid by volume. Default: not."""
    system_node_labels: NotRequired[dict[str, str]]
    """Kubernetes labels of the system nodes beside `labels`. Default: none."""
    deletion_protection: bool
    """Refuse to delete the cluster, by Google's provider and, when it would be replaced or leaves the stack, by Pulumi."""
    labels: dict[str, str]
    """Labels of the cluster, of its nodes in Google Cloud, and of its nodes in Kubernetes."""


class Cluster(pulumi.ComponentResource):
    """A GKE cluster that GPU pools can be added to."""

    cluster_name: pulumi.Output[str]
    node_service_account: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if "maintenance_window" in args:
            check_window(args["maintenance_window"])
        check_system_machine(args["system_machine_type"], args.get("system_disk_type", SYSTEM_DISK_TYPE))
        super().__init__(token(Cluster), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = gcp.serviceaccount.Account(
            f"{name}-nodes", account_id=args["node_account_id"], display_name="GKE nodes", opts=child
        )
        roles = [
            gcp.projects.IAMMember(
                f"{name}-nodes-{role.rpartition('/')[2]}",
                project=args["project"],
                role=role,
                member=account.member,
                opts=child,
            )
            for role in NODE_ROLES
        ]
        kept = pulumi.ResourceOptions(
            parent=self,
            depends_on=roles,
            protect=args["deletion_protection"],
            # once the default pool is deleted, Google shows another pool's configuration here, and a difference would replace
            # the cluster
            ignore_changes=["nodeConfig"],
        )
        cluster = _create_cluster(name, args, account.email, kept)
        _create_system_pool(name, args, account.email, cluster, child)
        self.cluster_name = cluster.name
        self.node_service_account = account.email
        self.kubeconfig = pulumi.Output.secret(
            cluster.control_plane_endpoints_config.apply(lambda endpoints: _kubeconfig(args["name"], endpoints))
        )
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "node_service_account": self.node_service_account,
                "kubeconfig": self.kubeconfig,
            }
        )


def _create_cluster(
    name: str, args: ClusterArgs, node_account: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> gcp.container.Cluster:
    return gcp.container.Cluster(
        name,
        name=args["name"],
        location=args["location"],
        node_locations=args["node_locations"] if args["location"] not in args["node_locations"] else None,
        network=args["network_id"],
        subnetwork=args["subnetwork_id"],
        ip_allocation_policy=gcp.container.ClusterIpAllocationPolicyArgs(
            cluster_secondary_range_name=PODS_RANGE, services_secondary_range_name=SERVICES_RANGE
        ),
        # the default pool is deleted at once: pools are resources of their own, so that one can change without the other
        remove_default_node_pool=True,
        initial_node_count=1,
        # it lives for minutes, but as the project's default account it would need rights that nobody here has or should have
        node_config=gcp.container.ClusterNodeConfigArgs(
            service_account=node_account,
            shielded_instance_config=gcp.container.ClusterNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
        ),
        private_cluster_config=gcp.container.ClusterPrivateClusterConfigArgs(enable_private_nodes=True),
        control_plane_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigArgs(
            # reachable from everywhere and protected by IAM; without an IP endpoint there is no other way in
            dns_endpoint_config=gcp.container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                allow_external_traffic=True
            ),
            ip_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigIpEndpointsConfigArgs(enabled=False),
        ),
        master_auth=gcp.container.ClusterMasterAuthArgs(
            client_certificate_config=gcp.container.ClusterMasterAuthClientCertificateConfigArgs(
                issue_client_certificate=False  # it could not be revoked
            )
        ),
        workload_identity_config=gcp.container.ClusterWorkloadIdentityConfigArgs(
            workload_pool=f"{args['project']}.svc.id.goog"
        ),
        authenticator_groups_config=gcp.container.ClusterAuthenticatorGroupsConfigArgs(security_group=security_group)
        if (security_group := args.get("security_group"))
        else None,
        database_encryption=gcp.container.ClusterDatabaseEncryptionArgs(state="ENCRYPTED", key_name=key)
        if (key := args.get("database_encryption_key")) is not None
        else None,
        maintenance_policy=gcp.container.ClusterMaintenancePolicyArgs(
            recurring_window=gcp.container.ClusterMaintenancePolicyRecurringWindowArgs(**window)
        )
        if (window := args.get("maintenance_window"))
        else None,
        # the mode alone: scanning for vulnerabilities is paid for or gone
        security_posture_config=gcp.container.ClusterSecurityPostureConfigArgs(mode="BASIC")
        if args.get("security_posture")
        else None,
        secret_manager_config=gcp.container.ClusterSecretManagerConfigArgs(
            enabled=True,
            # every two minutes, Google's default
            rotation_config=gcp.container.ClusterSecretManagerConfigRotationConfigArgs(enabled=True),
        )
        if args.get("secret_manager")
        else None,
        datapath_provider="ADVANCED_DATAPATH",
        release_channel=gcp.container.ClusterReleaseChannelArgs(channel="REGULAR"),
        gateway_api_config=gcp.container.ClusterGatewayApiConfigArgs(channel="CHANNEL_STANDARD"),
        addons_config=gcp.container.ClusterAddonsConfigArgs(
            gcs_fuse_csi_driver_config=gcp.container.ClusterAddonsConfigGcsFuseCsiDriverConfigArgs(enabled=True),
            gce_persistent_disk_csi_driver_config=gcp.container.ClusterAddonsConfigGcePersistentDiskCsiDriverConfigArgs(
                enabled=True
            ),
        ),
        logging_config=gcp.container.ClusterLoggingConfigArgs(enable_components=["SYSTEM_COMPONENTS", "WORKLOADS"]),
        monitoring_config=gcp.container.ClusterMonitoringConfigArgs(
            # CADVISOR: cloud.google.com/kubernetes-engine/docs/how-to/cadvisor-kubelet-metrics (2026)
            enable_components=["SYSTEM_COMPONENTS", "DCGM", *(["CADVISOR"] if args.get("usage_metrics") else [])],
            managed_prometheus=gcp.container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=True),
        ),
        cost_management_config=gcp.container.ClusterCostManagementConfigArgs(enabled=True),
        enable_shielded_nodes=True,
        deletion_protection=args["deletion_protection"],
        resource_labels=args["labels"],
        opts=opts,
    )


def _create_system_pool(
    name: str,
    args: ClusterArgs,
    node_account: pulumi.Input[str],
    cluster: gcp.container.Cluster,
    opts: pulumi.ResourceOptions,
) -> None:
    """The pool has no taint: add-ons that tolerate none, such as KServe's controller, must run somewhere."""
    gcp.container.NodePool(
        f"{name}-system",
        name="system",
        cluster=cluster.name,
        location=args["location"],
        node_locations=args["node_locations"],
        node_count=int(args["system_nodes_per_zone"]),
        management=gcp.container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
        # one node more during an upgrade: with one node in a zone, the pods of that node have nowhere else to go
        upgrade_settings=gcp.container.NodePoolUpgradeSettingsArgs(strategy="SURGE", max_surge=1, max_unavailable=0),
        node_config=gcp.container.NodePoolNodeConfigArgs(
            machine_type=args["system_machine_type"],
            disk_type=args.get("system_disk_type", SYSTEM_DISK_TYPE),
            disk_size_gb=int(args.get("system_disk_gb", SYSTEM_DISK_GB)),
            service_account=node_account,
            oauth_scopes=list(SCOPES),
            labels={**args["labels"], **args.get("system_node_labels", {})},
            resource_labels=args["labels"],
            workload_metadata_config=gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs(mode="GKE_METADATA"),
            shielded_instance_config=gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
        ),
        opts=opts,
    )


def _kubeconfig(cluster: str, endpoints: gcp.container.outputs.ClusterControlPlaneEndpointsConfig) -> str:
    if endpoints.dns_endpoint_config is None or endpoints.dns_endpoint_config.endpoint is None:
        raise pulumi.RunError(
            f"cluster {cluster} has lost its DNS endpoint; `pulumi refresh` and `pulumi up` restore it"
        )
    return make_kubeconfig(cluster, endpoints.dns_endpoint_config.endpoint)
