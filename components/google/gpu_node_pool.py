"""GKE node pool with GPUs, grown from zero by the cluster autoscaler.

Owns one node pool. One pool stands for one (machine type, purchase option, sharing mode) and is shared by all deployments placed
on it. A combination that Google does not sell or make is refused before anything is registered (`gpu_machines.py`).
Idle cost: nothing, at zero nodes. Replaced when: name, cluster, location, machine type, GPUs, driver, sharing of GPUs, local SSD,
purchase option, reservation or the nodes' identity changes; zones, maximum, boot disk, labels and ComputeClass change in place.
Fractions of a card (G4 below 48 vCPU) need GKE's device injector in the cluster as well, which is none of this pool's.
Source of the fields: cloud.google.com/kubernetes-engine/docs/how-to/gpus and .../concepts/dws (2026).
"""

from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.deprecation_notes import tell_deprecated
from components.google.gpu_machines import SHARING_STRATEGIES, PoolWish, check, local_ssds
from components.package import token
from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.errors import SizingError

#: Longest run of a flex-start node: 7 days (cloud.google.com/kubernetes-engine/docs/concepts/dws, 2026).
FLEX_START_MAX_RUN = "604800s"
#: The engine's image needs a driver of its CUDA's branch, and no table of GKE versions and drivers exists: the newest one.
DRIVER_VERSION = "LATEST"
#: GKE puts this taint on GPU nodes by itself; declaring it keeps every later preview free of a difference.
GPU_TAINT = gcp.container.NodePoolNodeConfigTaintArgs(key="nvidia.com/gpu", value="present", effect="NO_SCHEDULE")
#: Label and taint by which a pool of ours belongs to a ComputeClass, to one at most
#: (cloud.google.com/kubernetes-engine/docs/concepts/about-custom-compute-classes, 2026-04-13).
COMPUTE_CLASS_KEY = "cloud.google.com/compute-class"


class GpuSharingArgs(TypedDict):
    """How several pods share each GPU."""

    strategy: str
    """time-sharing or mps."""
    clients: int
    """Most pods on one GPU, 2 to 48."""


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
    local_ssds: NotRequired[int]
    """Local SSDs of 375 GiB as ephemeral storage. Default: those that the machine type bundles."""
    driver_version: NotRequired[str]
    """NVIDIA driver: LATEST, or DEFAULT for the one of the GKE version. Default: LATEST."""
    sharing: NotRequired[GpuSharingArgs]
    """Several pods on each GPU. Default: one pod has it alone."""
    mig_profile: NotRequired[str]
    """Partitions into which each GPU is cut, as 3g.40gb. Default: whole cards."""
    compute_class: NotRequired[str]
    """Name of the ComputeClass that the pool belongs to; only its pods come here. Default: none."""
    service_account: pulumi.Input[str]
    """E-mail of the nodes' identity."""
    labels: dict[str, str]
    """Google labels of the nodes."""
    node_labels: dict[str, str]
    """Kubernetes labels of the nodes."""
    catalogue: NotRequired[str]
    """YAML file with the organisation's own catalogue rows, from the program's folder. Default: none."""


class GpuNodePool(pulumi.ComponentResource):
    """A pool of GPU nodes."""

    pool_name: pulumi.Output[str]
    """Name of the pool, once it exists."""

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(GpuNodePool, args)
        machine = check(_wish(args), _catalogue(args.get("catalogue")))
        super().__init__(token(GpuNodePool), name, {}, opts)
        option, compute_class = args["purchase_option"], args.get("compute_class")
        taints, node_labels = [GPU_TAINT], args["node_labels"]
        if compute_class:
            node_labels = {**node_labels, COMPUTE_CLASS_KEY: compute_class}
            taints = [GPU_TAINT, _class_taint(compute_class)]
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
                ephemeral_storage_local_ssd_config=_local_ssd_config(
                    local_ssds(machine, _whole(args.get("local_ssds")))
                ),
                guest_accelerators=[_accelerator(args)],
                spot=option == "spot",
                flex_start=True if option == "flex-start" else None,
                max_run_duration=FLEX_START_MAX_RUN if option == "flex-start" else None,
                reservation_affinity=_reservation_affinity(args.get("reservation")),
                service_account=args["service_account"],
                oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
                gvnic=gcp.container.NodePoolNodeConfigGvnicArgs(enabled=True),
                gcfs_config=gcp.container.NodePoolNodeConfigGcfsConfigArgs(enabled=True),  # image streaming
                labels=node_labels,
                resource_labels=args["labels"],
                taints=taints,
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


def _catalogue(own_rows: str | None) -> Catalogue:
    try:
        return load_catalogue(Path(own_rows) if own_rows else None)
    except SizingError as error:
        raise ValueError(f"catalogue is '{own_rows}'; {error}") from error


def _whole(number: float | None) -> int | None:
    """Numbers of other languages arrive as floats."""
    return None if number is None else int(number)


def _wish(args: GpuNodePoolArgs) -> PoolWish:
    sharing = args.get("sharing")
    return PoolWish(
        machine_type=args["machine_type"],
        accelerator=args["accelerator"],
        accelerator_count=int(args["accelerator_count"]),
        purchase_option=args["purchase_option"],
        reservation=args.get("reservation"),
        location=args["location"],
        zones=tuple(args["node_locations"]),
        max_nodes=int(args["max_nodes"]),
        boot_disk_type=args["boot_disk_type"],
        driver_version=args.get("driver_version", DRIVER_VERSION),
        sharing_strategy=sharing["strategy"] if sharing else None,
        sharing_clients=int(sharing["clients"]) if sharing else None,
        mig_profile=args.get("mig_profile"),
        local_ssds=_whole(args.get("local_ssds")),
    )


def _accelerator(args: GpuNodePoolArgs) -> gcp.container.NodePoolNodeConfigGuestAcceleratorArgs:
    sharing = args.get("sharing")
    return gcp.container.NodePoolNodeConfigGuestAcceleratorArgs(
        type=args["accelerator"],
        count=int(args["accelerator_count"]),
        gpu_partition_size=args.get("mig_profile"),
        gpu_sharing_config=gcp.container.NodePoolNodeConfigGuestAcceleratorGpuSharingConfigArgs(
            gpu_sharing_strategy=SHARING_STRATEGIES[sharing["strategy"]],
            max_shared_clients_per_gpu=int(sharing["clients"]),
        )
        if sharing
        else None,
        gpu_driver_installation_config=gcp.container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(
            gpu_driver_version=args.get("driver_version", DRIVER_VERSION)
        ),
    )


def _class_taint(compute_class: str) -> gcp.container.NodePoolNodeConfigTaintArgs:
    return gcp.container.NodePoolNodeConfigTaintArgs(key=COMPUTE_CLASS_KEY, value=compute_class, effect="NO_SCHEDULE")


def _local_ssd_config(
    count: int | None,
) -> gcp.container.NodePoolNodeConfigEphemeralStorageLocalSsdConfigArgs | None:
    if count is None:
        return None
    return gcp.container.NodePoolNodeConfigEphemeralStorageLocalSsdConfigArgs(local_ssd_count=count)


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
