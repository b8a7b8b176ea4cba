"""GKE Standard cluster with private nodes, Workload Identity and a small pool for system pods.

Owns the cluster, its node identity and the system pool; GPU pools are `gpu_node_pool.py`. Idle cost: USD 0.10 an hour for the
cluster and the system nodes. Replaced when: name, location, network or subnetwork changes.
Settings follow GoogleCloudPlatform/accelerated-platforms container_cluster.tf (2026-08-20).
"""

import json
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.network import PODS_RANGE, SERVICES_RANGE
from components.package import token

#: Roles of a node's identity (GoogleCloudPlatform/cluster-toolkit gke-g4.yaml, 2026-06-25).
NODE_ROLES = (
    "roles/artifactregistry.reader",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
    "roles/stackdriver.resourceMetadata.writer",
)


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
    """Machine type of the system nodes."""
    system_nodes_per_zone: int
    """System nodes in each zone."""
    security_group: NotRequired[str]
    """`gke-security-groups@<domain>`, whose member groups may be named in role bindings."""
    deletion_protection: bool
    """Refuse to delete the cluster."""
    labels: dict[str, str]
    """Labels of the cluster, of its nodes in Google Cloud, and of its nodes in Kubernetes."""


class Cluster(pulumi.ComponentResource):
    """A GKE cluster that GPU pools can be added to."""

    cluster_name: pulumi.Output[str]
    node_service_account: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
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
        cluster = _create_cluster(name, args, pulumi.ResourceOptions(parent=self, depends_on=roles))
        gcp.container.NodePool(
            f"{name}-system",
            name="system",
            cluster=cluster.name,
            location=args["location"],
            node_locations=args["node_locations"],
            node_count=int(args["system_nodes_per_zone"]),
            management=gcp.container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
            node_config=gcp.container.NodePoolNodeConfigArgs(
                machine_type=args["system_machine_type"],
                service_account=account.email,
                oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                labels=args["labels"],
                resource_labels=args["labels"],
                workload_metadata_config=gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                    mode="GKE_METADATA"
                ),
                shielded_instance_config=gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                    enable_secure_boot=True, enable_integrity_monitoring=True
                ),
            ),
            opts=child,
        )
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


def _create_cluster(name: str, args: ClusterArgs, opts: pulumi.ResourceOptions) -> gcp.container.Cluster:
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
        private_cluster_config=gcp.container.ClusterPrivateClusterConfigArgs(enable_private_nodes=True),
        control_plane_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigArgs(
            dns_endpoint_config=gcp.container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                allow_external_traffic=True  # protected by IAM, no address of the control plane is exposed
            )
        ),
        workload_identity_config=gcp.container.ClusterWorkloadIdentityConfigArgs(
            workload_pool=f"{args['project']}.svc.id.goog"
        ),
        authenticator_groups_config=gcp.container.ClusterAuthenticatorGroupsConfigArgs(security_group=security_group)
        if (security_group := args.get("security_group"))
        else None,
        datapath_provider="ADVANCED_DATAPATH",
        release_channel=gcp.container.ClusterReleaseChannelArgs(channel="REGULAR"),
        addons_config=gcp.container.ClusterAddonsConfigArgs(
            gcs_fuse_csi_driver_config=gcp.container.ClusterAddonsConfigGcsFuseCsiDriverConfigArgs(enabled=True)
        ),
        monitoring_config=gcp.container.ClusterMonitoringConfigArgs(
            enable_components=["SYSTEM_COMPONENTS", "DCGM"],
            managed_prometheus=gcp.container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=True),
        ),
        cost_management_config=gcp.container.ClusterCostManagementConfigArgs(enabled=True),
        enable_shielded_nodes=True,
        deletion_protection=args["deletion_protection"],
        resource_labels=args["labels"],
        opts=opts,
    )


def _kubeconfig(cluster: str, endpoints: gcp.container.outputs.ClusterControlPlaneEndpointsConfig) -> str:
    if endpoints.dns_endpoint_config is None or endpoints.dns_endpoint_config.endpoint is None:
        raise pulumi.RunError(
            f"cluster {cluster} has lost its DNS endpoint; `pulumi refresh` and `pulumi up` restore it"
        )
    return make_kubeconfig(cluster, endpoints.dns_endpoint_config.endpoint)


def make_kubeconfig(cluster: str, dns_endpoint: str) -> str:
    """A kubeconfig (JSON) that reaches the cluster by its DNS endpoint; credentials come from the GKE auth plugin."""
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "gke-gcloud-auth-plugin",
            "installHint": "install gke-gcloud-auth-plugin (gcloud components install gke-gcloud-auth-plugin)",
            "provideClusterInfo": True,
        }
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": {"server": f"https://{dns_endpoint}"}}],
            "users": [{"name": cluster, "user": user}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
            "current-context": cluster,
        }
    )
