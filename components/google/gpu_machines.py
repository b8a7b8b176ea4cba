"""What a GPU node pool may be: its machine, how it is bought, where it stands, how it is shared and its disks. Pure.

Judged by the catalogue, which knows machine types, GPUs, zones and ways to buy; what no source says is let through, because
Google decides it. Only what node pools have beyond the catalogue stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import Accelerator, Catalogue, Machine
from components.sizing.errors import SizingError

PURCHASE_OPTIONS = ("on-demand", "reservation", "flex-start", "spot")
#: GKE's word for each way to share a GPU among pods (cloud.google.com/kubernetes-engine/docs/concepts/timesharing-gpus, 2026).
SHARING_STRATEGIES = {"time-sharing": "TIME_SHARING", "mps": "MPS"}
#: Fewest and most pods on a shared GPU (GKE's ComputeClass definition, 2026-04-25).
SHARED_CLIENTS = (2, 48)
#: GKE's driver for its version, or its newest. INSTALLATION_DISABLED is left out: no driver, no model.
DRIVER_VERSIONS = ("DEFAULT", "LATEST")
#: The boot disk of series that accept no Persistent Disk; the catalogue names it for them.
HYPERDISK = "hyperdisk-balanced"
LOCAL_SSD_GIB = 375
#: Bundled local SSD of these is no multiple of 375 GiB disks that any source counts.
UNCOUNTED_LOCAL_SSD = ("a4x-",)
#: How many local SSDs can be added; machine types that bundle theirs are in the catalogue, one that is in neither is not judged.
#: Source: docs.cloud.google.com/compute/docs/disks/local-ssd and .../accelerator-optimized-machines (2026).
ADDABLE_LOCAL_SSDS: dict[str, tuple[int, ...]] = {
    **{f"g2-standard-{vcpu}": (1,) for vcpu in (4, 8, 12, 16, 32)},
    "g2-standard-24": (2,),
    "g2-standard-48": (4,),
    "g2-standard-96": (8,),
    "g4-standard-6": (),
    **{f"g4-standard-{vcpu}": tuple(range(1, vcpu // 12 + 1)) for vcpu in (12, 24, 48, 96, 192, 384)},
    "a2-highgpu-1g": (1, 2, 4, 8),
    "a2-highgpu-2g": (2, 4, 8),
    "a2-highgpu-4g": (4, 8),
    "a2-highgpu-8g": (8,),
    "a2-megagpu-16g": (8,),
}


@dataclass(frozen=True, slots=True)
class PoolWish:
    """What a pool is asked to be; None where nothing is asked for."""

    machine_type: str
    accelerator: str
    accelerator_count: int
    purchase_option: str
    reservation: str | None
    location: str
    zones: tuple[str, ...]
    max_nodes: int
    boot_disk_type: str
    driver_version: str
    sharing_strategy: str | None = None
    sharing_clients: int | None = None
    mig_profile: str | None = None
    local_ssds: int | None = None


def check(wish: PoolWish, catalogue: Catalogue) -> Machine:
    """The machine of the pool. Raises ValueError naming field, value and what is possible."""
    try:
        machine = catalogue.machine(wish.machine_type)
    except SizingError as error:
        raise ValueError(f"machine_type: {error}") from error
    accelerator = catalogue.accelerator(machine.accelerator)
    _check_purchase(wish, machine)
    if wish.accelerator != accelerator.node_label:
        raise ValueError(f"accelerator is '{wish.accelerator}'; {machine.id} has {accelerator.node_label}")
    if wish.accelerator_count != machine.gpu_count:
        raise ValueError(f"accelerator_count is {wish.accelerator_count}; {machine.id} has exactly {machine.gpu_count}")
    _check_zones(wish, accelerator)
    if wish.max_nodes < 1:
        raise ValueError(f"max_nodes is {wish.max_nodes}; at least 1 is needed")
    if wish.driver_version not in DRIVER_VERSIONS:
        raise ValueError(f"driver_version is '{wish.driver_version}'; allowed: {', '.join(DRIVER_VERSIONS)}")
    if machine.boot_disk_type == HYPERDISK != wish.boot_disk_type:
        raise ValueError(f"boot_disk_type is '{wish.boot_disk_type}'; {machine.id} boots from {HYPERDISK} only")
    _check_sharing(wish, accelerator)
    _check_local_ssds(wish, machine)
    return machine


def local_ssds(machine: Machine, asked: int | None) -> int | None:
    """Local SSDs that become the nodes' ephemeral storage: those asked for, else those that the machine type bundles."""
    if asked is not None or machine.id.startswith(UNCOUNTED_LOCAL_SSD):
        return asked
    return machine.local_ssd_gib // LOCAL_SSD_GIB or None


def _check_purchase(wish: PoolWish, machine: Machine) -> None:
    option = wish.purchase_option
    if option not in PURCHASE_OPTIONS:
        raise ValueError(f"purchase_option is '{option}'; allowed: {', '.join(PURCHASE_OPTIONS)}")
    if (option == "reservation") != bool(wish.reservation):
        found = f"purchase_option is '{option}' and reservation is '{wish.reservation or ''}'"
        raise ValueError(f"{found}; purchase_option reservation and the name of one belong together")
    # what is reserved can be used whatever the catalogue knows
    if option != "reservation" and machine.buy.get(option) is False:
        sold = [name for name, can in machine.buy.items() if can] or ["nothing that is known"]
        raise ValueError(f"purchase_option is '{option}'; {machine.id} is not sold that way, but as {', '.join(sold)}")


def _check_zones(wish: PoolWish, accelerator: Accelerator) -> None:
    """A zone is its region and a letter; GKE puts the nodes of a cluster into its region only."""
    if not wish.zones:
        raise ValueError("node_locations is empty; name the zones that have the GPU")
    if len(set(wish.zones)) < len(wish.zones):
        raise ValueError(f"node_locations names a zone more than once: {', '.join(wish.zones)}")
    region = wish.location if wish.location.count("-") == 1 else wish.location.rpartition("-")[0]
    for zone in wish.zones:
        if zone.rpartition("-")[0] != region:
            raise ValueError(f"node_locations has '{zone}'; the cluster is in {region}")
    if accelerator.regions and region not in accelerator.regions:
        raise ValueError(f"location is in {region}; {accelerator.id} is in {', '.join(accelerator.regions)}")
    offered = accelerator.zones.get(region)
    for zone in wish.zones:
        if offered is not None and zone not in offered:
            raise ValueError(
                f"node_locations has '{zone}'; {accelerator.id} is only in {', '.join(offered)} of {region}"
            )


def _check_sharing(wish: PoolWish, accelerator: Accelerator) -> None:
    strategy, clients, profile = wish.sharing_strategy, wish.sharing_clients, wish.mig_profile
    if profile is not None and profile not in accelerator.mig_profiles:
        possible = ", ".join(accelerator.mig_profiles) or "none, it cannot be partitioned"
        raise ValueError(f"mig_profile is '{profile}'; {accelerator.id} has {possible}")
    if strategy is None:
        return
    if strategy not in SHARING_STRATEGIES:
        raise ValueError(f"sharing.strategy is '{strategy}'; allowed: {', '.join(SHARING_STRATEGIES)}")
    fewest, most = SHARED_CLIENTS
    if clients is None or not fewest <= clients <= most:
        raise ValueError(f"sharing.clients is {clients}; {fewest} to {most} pods can share a GPU")


def _check_local_ssds(wish: PoolWish, machine: Machine) -> None:
    if wish.local_ssds is None:
        return
    bundled = machine.local_ssd_gib // LOCAL_SSD_GIB
    if bundled:
        uncounted = machine.id.startswith(UNCOUNTED_LOCAL_SSD)
        possible = tuple(range(1, bundled + 1)) if uncounted else (bundled,)
    elif machine.id in ADDABLE_LOCAL_SSDS:
        possible = ADDABLE_LOCAL_SSDS[machine.id]
    elif wish.local_ssds < 1:
        raise ValueError(f"local_ssds is {wish.local_ssds}; leave it out where there are none")
    else:
        return
    if wish.local_ssds not in possible:
        counts = ", ".join(str(count) for count in possible) or "none"
        raise ValueError(f"local_ssds is {wish.local_ssds}; {machine.id} takes {counts}")
