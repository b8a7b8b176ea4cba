"""GKE node pool with GPUs, grown from zero by the cluster autoscaler.

Owns one node pool. One pool stands for one (machine type, purchase option) and is shared by all deployments placed on it.
Idle cost: nothing, at zero nodes. Replaced when: name, location, machine type, GPUs, disk type or purchase option changes.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

PURCHASE_OPTIONS = ("on-demand", "reservation", "flex-start", "spot")
#: Longest run of a flex-start node: 7 days (cloud.google.com/kubernetes-engine/docs/concepts/dws, 2026).
FLEX_START_MAX_RUN = "604800s"
#: GKE puts this taint on GPU nodes by itself; declaring it keeps every later preview free of a difference.
GPU_TAINT = gcp.container.NodePoolNodeConfigTaintArgs(key="nvidia.com/gpu", value="present", effect="NO_SCHEDULE")


class GpuNodePoolArgs(TypedDict):
    """Arguments of GpuNodePool."""

    name: str
    """Name of the pool."""
    cluster_name: pulumi.Input[str]
    """Cluster that it belongs to."""
    location: str
    """Zone or region of the cluster."""
    node_locations: list[str]
    """Zones that have the GPU."""
    machine_type: str
    """Machine type; it fixes the number of GPUs."""
    accelerator: str
    """Google Cloud's name of the GPU."""
    accelerator_count: int
    """GPUs of one node."""
    max_nodes: int
    """Most nodes over all zones."""
    purchase_option: str
    """on-demand, reservation, flex-start or spot."""
    reservation: NotRequired[str]
    """Name of the reservation to use, with purchase option reservation."""
    boot_disk_type: str
    """Disk type that the machine accepts."""
    service_account: pulumi.Input[str]
    """E-mail of the nodes' identity."""
    labels: dict[str, str]
    """Google labels of the nodes."""
    node_labels: dict[str, str]
    """Kubernetes labels of the nodes."""


class GpuNodePool(pulumi.ComponentResource):
    """A pool of GPU nodes."""

    pool_name: pulumi.Output[str]

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        option, reservation = args["purchase_option"], args.get("reservation")
        if option not in PURCHASE_OPTIONS:
            raise ValueError(f"purchase_option is '{option}'; allowed: {', '.join(PURCHASE_OPTIONS)}")
        if (option == "reservation") != bool(reservation):
            raise ValueError("purchase_option reservation and the name of a reservation belong together")
        super().__init__(token(GpuNodePool), name, {}, opts)
        pool = gcp.container.NodePool(
            name,
            name=args["name"],
            cluster=args["cluster_name"],
            location=args["location"],
            node_locations=args["node_locations"],
            initial_node_count=0,
            autoscaling=gcp.container.NodePoolAutoscalingArgs(
                total_min_node_count=0,
                total_max_node_count=int(args["max_nodes"]),
                location_policy="ANY",  # any zone with capacity; spreading would wait for a zone that has none
            ),
            management=gcp.container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
            # an upgrade must not need a spare GPU
            upgrade_settings=gcp.container.NodePoolUpgradeSettingsArgs(
                strategy="SURGE", max_surge=0, max_unavailable=1
            ),
            node_config=gcp.container.NodePoolNodeConfigArgs(
                machine_type=args["machine_type"],
                disk_type=args["boot_disk_type"],
                disk_size_gb=200,  # the engine image alone unpacks to about 25 GB (estimate)
                guest_accelerators=[
                    gcp.container.NodePoolNodeConfigGuestAcceleratorArgs(
                        type=args["accelerator"],
                        count=int(args["accelerator_count"]),
                        gpu_driver_installation_config=gcp.container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(
                            gpu_driver_version="LATEST"
                        ),
                    )
                ],
                spot=option == "spot",
                flex_start=True if option == "flex-start" else None,
                max_run_duration=FLEX_START_MAX_RUN if option == "flex-start" else None,
                reservation_affinity=_reservation_affinity(reservation),
                service_account=args["service_account"],
                oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                gvnic=gcp.container.NodePoolNodeConfigGvnicArgs(enabled=True),
                gcfs_config=gcp.container.NodePoolNodeConfigGcfsConfigArgs(enabled=True),
                labels=args["node_labels"],
                resource_labels=args["labels"],
                taints=[GPU_TAINT],
                workload_metadata_config=gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                    mode="GKE_METADATA"
                ),
                shielded_instance_config=gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                    enable_secure_boot=True, enable_integrity_monitoring=True
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.pool_name = pool.name
        self.register_outputs({"pool_name": self.pool_name})


def _reservation_affinity(
    reservation: str | None,
) -> gcp.container.NodePoolNodeConfigReservationAffinityArgs:
    if reservation is None:
        return gcp.container.NodePoolNodeConfigReservationAffinityArgs(consume_reservation_type="NO_RESERVATION")
    return gcp.container.NodePoolNodeConfigReservationAffinityArgs(
        consume_reservation_type="SPECIFIC_RESERVATION",
        key="compute.googleapis.com/reservation-name",
        values=[reservation],
    )
