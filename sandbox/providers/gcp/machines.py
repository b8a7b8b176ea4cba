"""Machine types and zones as the look-ups and node pools know them.

Sources, read 2026-11: docs.cloud.google.com/compute/docs/accelerator-optimized-machines (sizes, bundled local SSD) and
.../disks/local-ssd (how many disks a machine type takes), docs.nvidia.com/datacenter/tesla/mig-user-guide and GKE's
how-to/gpus-multi (partitions). Zones: the list of compute regions and zones; regions that are not named have a, b and c.
"""

from __future__ import annotations

from sandbox.providers.gcp.limits import ACCELERATOR_REGIONS, MACHINE_GPUS, NO_PARTITIONS, place_failures

G2 = {4: 16, 8: 32, 12: 48, 16: 64, 24: 96, 32: 128, 48: 192, 96: 384}
G4 = {6: 22, 12: 45, 24: 90, 48: 180, 96: 360, 192: 720, 384: 1440}
#: vCPUs and memory in GB.
MACHINES: dict[str, tuple[int, int]] = {
    **{f"e2-standard-{cpus}": (cpus, cpus * 4) for cpus in (2, 4, 8, 16, 32)},
    **{f"n2-standard-{cpus}": (cpus, cpus * 4) for cpus in (2, 4, 8, 16, 32)},
    **{f"g2-standard-{cpus}": (cpus, memory) for cpus, memory in G2.items()},
    **{f"g4-standard-{cpus}": (cpus, memory) for cpus, memory in G4.items()},
    **{f"a2-highgpu-{gpus}g": (12 * gpus, 85 * gpus) for gpus in (1, 2, 4, 8)},
    "a2-megagpu-16g": (96, 1360),
    **{f"a2-ultragpu-{gpus}g": (12 * gpus, 170 * gpus) for gpus in (1, 2, 4, 8)},
    **{f"a3-highgpu-{gpus}g": (26 * gpus, 234 * gpus) for gpus in (1, 2, 4, 8)},
    "a3-megagpu-8g": (208, 1872),
    "a3-ultragpu-8g": (224, 2952),
    "a4-highgpu-8g": (224, 3968),
    "a4x-highgpu-4g": (140, 884),
    "a4x-maxgpu-4g-metal": (144, 960),
}

#: Local SSDs that come with the machine type.
BUNDLED_SSDS = {
    **{f"a2-ultragpu-{gpus}g": gpus for gpus in (1, 2, 4, 8)},
    **{f"a3-highgpu-{gpus}g": 2 * gpus for gpus in (1, 2, 4, 8)},
    "a3-megagpu-8g": 16,
    "a3-ultragpu-8g": 32,
    "a4-highgpu-8g": 32,
}
#: How many local SSDs a machine type takes, beside none; a type that is not listed is not checked.
LOCAL_SSDS: dict[str, tuple[int, ...]] = {
    **{machine: (count,) for machine, count in BUNDLED_SSDS.items()},
    **{f"e2-standard-{cpus}": () for cpus in (2, 4, 8, 16, 32)},
    **{f"g2-standard-{cpus}": (1,) for cpus in (4, 8, 12, 16, 32)},
    "g2-standard-24": (2,),
    "g2-standard-48": (4,),
    "g2-standard-96": (8,),
    "g4-standard-6": (),
    "g4-standard-12": (1,),
    **{f"g4-standard-{cpus}": tuple(range(1, cpus // 12 + 1)) for cpus in (24, 48, 96, 192, 384)},
    "a2-highgpu-1g": (1, 2, 4, 8),
    "a2-highgpu-2g": (2, 4, 8),
    "a2-highgpu-4g": (4, 8),
    "a2-highgpu-8g": (8,),
    "a2-megagpu-16g": (8,),
}

#: Multi-Instance GPU: what a card can be cut into.
PARTITIONS = {
    "nvidia-tesla-a100": ("1g.5gb", "2g.10gb", "3g.20gb", "7g.40gb"),
    "nvidia-a100-80gb": ("1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb"),
    "nvidia-h100-80gb": ("1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb"),
    "nvidia-h100-mega-80gb": ("1g.10gb", "2g.20gb", "3g.40gb", "7g.80gb"),
    "nvidia-h200-141gb": ("1g.18gb", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb", "7g.141gb"),
    "nvidia-b200": ("1g.23gb", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb", "7g.180gb"),
    "nvidia-rtx-pro-6000": ("1g.24gb", "2g.48gb", "4g.96gb"),
    **dict.fromkeys(NO_PARTITIONS, ()),
}

#: Regions whose zones are not a, b and c, and regions without a listed GPU.
ZONE_LETTERS = {"us-central1": "abcf", "us-east1": "bcd", "europe-west1": "bcd"}
OTHER_REGIONS = (
    *("europe-north2", "europe-southwest1", "europe-west9", "europe-west12"),
    *("australia-southeast1", "australia-southeast2"),
)
REGIONS = tuple(
    sorted({*OTHER_REGIONS, *(place for places in ACCELERATOR_REGIONS.values() for place in places.split())})
)


def zones_of(region: str) -> list[str]:
    """The zones of a region; none for a region that is not known."""
    return [f"{region}-{letter}" for letter in ZONE_LETTERS.get(region, "abc")] if region in REGIONS else []


def machines_in(zone: str) -> list[str]:
    """The machine types of a zone; those whose GPU has no list of places are said to be everywhere."""
    return [name for name in MACHINES if _is_had(name, zone)] if zone in zones_of(zone.rpartition("-")[0]) else []


def _is_had(machine: str, zone: str) -> bool:
    card, _ = MACHINE_GPUS.get(machine, ("", 0))
    return not place_failures("zone", card, zone, machine)
