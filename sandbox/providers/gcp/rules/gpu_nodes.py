"""GPUs, disks and purchase of a node pool. Limits: cloud.google.com/kubernetes-engine/docs/how-to/gpus, .../gpus-multi,
.../provisioningrequest and .../concepts/dws (2026), docs.cloud.google.com/compute/docs/accelerator-optimized-machines (2026)."""

from __future__ import annotations

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import HYPERDISK_ONLY, MACHINE_GPUS, NOT_ON_DEMAND, between, one_of, place_failures
from sandbox.providers.gcp.machines import LOCAL_SSDS, PARTITIONS
from sandbox.providers.values import at, items, known

GPU = "nodeConfig.guestAccelerators[0]"
BOOT_DISK = "hyperdisk-balanced"
#: gpuDriverVersion and consumeReservationType (terraform-provider-google node_config.go, 2026-08).
DRIVERS = ("GPU_DRIVER_VERSION_UNSPECIFIED", "INSTALLATION_DISABLED", "DEFAULT", "LATEST")
AFFINITIES = ("UNSPECIFIED", "NO_RESERVATION", "ANY_RESERVATION", "SPECIFIC_RESERVATION", "ANY_RESERVATION_THEN_FAIL")
NO_RESERVATION = (None, UNKNOWN, "NO_RESERVATION", "UNSPECIFIED")
RESERVATION_NAME = "compute.googleapis.com/reservation-name"
STRATEGIES = ("TIME_SHARING", "MPS")
#: The longest run of a Flex-start node (cloud.google.com/kubernetes-engine/docs/concepts/dws, 2026).
FLEX_SECONDS = 604_800
SSD_FIELDS = (
    ("ephemeralStorageLocalSsdConfig", "localSsdCount"),
    ("localNvmeSsdBlockConfig", "localSsdCount"),
    ("localSsdCount",),
)


def gpu_limits(inputs: Properties) -> list[Failure]:
    """The machine's GPUs, and where they are had."""
    node = inputs.get("nodeConfig")
    machine = at(node, "machineType")
    accelerator, count = at(node, "guestAccelerators", 0, "type"), at(node, "guestAccelerators", 0, "count")
    found: list[Failure] = []
    if known(machine) and machine in MACHINE_GPUS:
        needed, number = MACHINE_GPUS[machine]
        if (known(accelerator) and accelerator != needed) or (known(count) and count != number):
            found.append((GPU, f"{machine} has {number} x {needed}; {count} x {accelerator} cannot be attached to it"))
    elif known(machine) and known(accelerator) and not str(machine).startswith("n1-"):
        found.append((GPU, f"machine type {machine} takes no accelerator"))
    if known(accelerator):
        zones = inputs.get("nodeLocations")
        places = zones if isinstance(zones, list) and zones else [inputs.get("location")]
        field = "nodeLocations" if isinstance(zones, list) and zones else "location"
        for place in places:
            found += place_failures(field, str(accelerator), place, machine)
    return found


def disk_limits(node: object) -> list[Failure]:
    """Boot disk and local SSDs that the machine type takes."""
    machine, found = at(node, "machineType"), []
    if not known(machine):
        return found
    field = "bootDisk.diskType" if at(node, "bootDisk", "diskType") is not None else "diskType"
    disk = at(node, *field.split("."))
    if str(machine).startswith(HYPERDISK_ONLY) and (disk is None or (known(disk) and disk != BOOT_DISK)):
        found.append((f"nodeConfig.{field}", f"{machine} takes no Persistent Disk: use {BOOT_DISK}"))
    if str(machine).startswith(("e2-", "n1-")) and known(disk) and str(disk).startswith("hyperdisk-"):
        found.append((f"nodeConfig.{field}", f"{machine} takes no Hyperdisk"))
    for place in SSD_FIELDS:
        count = at(node, *place)
        if known(count) and count and machine in LOCAL_SSDS and count not in LOCAL_SSDS[machine]:
            counts = ", ".join(str(number) for number in LOCAL_SSDS[machine]) or "none"
            found.append(
                (f"nodeConfig.{'.'.join(place)}", f"{machine} takes {counts} local SSDs of 375 GB, found {count}")
            )
    return found


def sharing_limits(node: object) -> list[Failure]:
    """How the driver comes and how a GPU is shared or cut."""
    gpu = at(node, "guestAccelerators", 0)
    driver, sharing = at(gpu, "gpuDriverInstallationConfig", "gpuDriverVersion"), at(gpu, "gpuSharingConfig")
    found = one_of(f"{GPU}.gpuDriverInstallationConfig.gpuDriverVersion", driver, DRIVERS)
    found += one_of(f"{GPU}.gpuSharingConfig.gpuSharingStrategy", at(sharing, "gpuSharingStrategy"), STRATEGIES)
    path = f"{GPU}.gpuSharingConfig.maxSharedClientsPerGpu"
    found += between(path, at(sharing, "maxSharedClientsPerGpu"), 2, 48)
    accelerator, size = at(gpu, "type"), at(gpu, "gpuPartitionSize")
    if known(size) and known(accelerator) and accelerator in PARTITIONS:
        sizes = PARTITIONS[accelerator]
        if not sizes:
            found.append((f"{GPU}.gpuPartitionSize", f"{accelerator} cannot be partitioned"))
        elif size not in sizes:
            found.append((f"{GPU}.gpuPartitionSize", f"{accelerator} is cut into {', '.join(sizes)}, found {size}"))
    return found


def purchase_limits(inputs: Properties) -> list[Failure]:
    """Spot, Flex-start, reservations and queues: what excludes what, and what a machine type is sold as."""
    node = inputs.get("nodeConfig")
    spot, flex, affinity = (
        at(node, "spot"),
        at(node, "flexStart"),
        at(node, "reservationAffinity", "consumeReservationType"),
    )
    path = "nodeConfig.reservationAffinity"
    found = one_of(f"{path}.consumeReservationType", affinity, AFFINITIES)
    if spot is True and flex is True:
        found.append(("nodeConfig.flexStart", "spot and flexStart exclude each other"))
    if affinity not in NO_RESERVATION and affinity in AFFINITIES and True in (spot, flex):
        found.append((path, "a reservation cannot be used with spot or flexStart"))
    else:
        found += _reservation_limits(node, affinity)
    found += _flex_limits(inputs, flex) + _queue_limits(inputs)
    machine, known_ways = at(node, "machineType"), UNKNOWN not in (spot, flex, affinity)
    reserved = affinity == "SPECIFIC_RESERVATION"
    if str(machine).startswith("a4x-") and known_ways and not reserved:
        found.append(("nodeConfig.machineType", f"{machine} is sold by reservation only"))
    if machine in NOT_ON_DEMAND and known_ways and not (spot or flex or reserved):
        found.append(
            ("nodeConfig.machineType", f"{machine} is sold as Spot, Flex-start or by reservation, not on demand")
        )
    return found


def _reservation_limits(node: object, affinity: object) -> list[Failure]:
    key, names = at(node, "reservationAffinity", "key"), at(node, "reservationAffinity", "values")
    path = "nodeConfig.reservationAffinity"
    if affinity == "SPECIFIC_RESERVATION":
        if key is None or (known(key) and key != RESERVATION_NAME):
            return [(f"{path}.key", f"must be {RESERVATION_NAME} for a specific reservation")]
        if names is None or (isinstance(names, list) and len(names) != 1):
            return [(f"{path}.values", "must name exactly one reservation")]
    elif affinity in AFFINITIES and (key is not None or items(names)):
        return [(path, f"{affinity} takes neither key nor values")]
    return []


def _flex_limits(inputs: Properties, flex: object) -> list[Failure]:
    found: list[Failure] = []
    seconds = str(at(inputs, "nodeConfig", "maxRunDuration")).removesuffix("s")
    if flex is True and seconds.isdigit() and int(seconds) > FLEX_SECONDS:
        found.append(("nodeConfig.maxRunDuration", f"flexStart runs for {FLEX_SECONDS}s (7 days) at most"))
    if flex is True and inputs.get("autoscaling") is None:
        found.append(("nodeConfig.flexStart", "flexStart needs autoscaling"))
    return found


def _queue_limits(inputs: Properties) -> list[Failure]:
    """Nodes that come only for a ProvisioningRequest: from zero, by the autoscaler, and from no reservation."""
    if at(inputs, "queuedProvisioning", "enabled") is not True:
        return []
    node, found = inputs.get("nodeConfig"), []
    if at(node, "spot") is True:
        found.append(("queuedProvisioning", "queued nodes cannot be Spot"))
    if at(node, "reservationAffinity", "consumeReservationType") not in (*NO_RESERVATION[1:],):
        found.append(
            ("queuedProvisioning", "queued nodes need reservationAffinity.consumeReservationType NO_RESERVATION")
        )
    scaling = inputs.get("autoscaling")
    if scaling is None:
        found.append(("queuedProvisioning", "queued nodes need autoscaling"))
    for least in ("minNodeCount", "totalMinNodeCount"):
        if known(at(scaling, least)) and at(scaling, least):
            found.append((f"autoscaling.{least}", "must be 0 with queuedProvisioning"))
    if known(inputs.get("initialNodeCount")) and inputs["initialNodeCount"]:
        found.append(("initialNodeCount", "must be 0 with queuedProvisioning"))
    return found
