"""Machine types without a GPU, of which system nodes may be: what exists, and with which boot disk. Pure.

Arm is left out, since not every image of the platform's controllers is known to be built for it, and so is what has less than two
vCPUs and 4 GB: the system pods of GKE alone would fill it. Custom shapes are let through, as no list names them.
"""

import re
from difflib import get_close_matches

SYSTEM_DISK_TYPE = "pd-balanced"
#: Sizes in vCPU by series and class. Source: Cyclenerd/google-cloud-pricing-cost-calculator t/01_europe-west4-*.yml @dac31281
#: (2026-08-20), which lists what Google sells.
SIZES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("c2-standard",), (4, 8, 16, 30, 60)),
    **dict.fromkeys(("c2d-highcpu", "c2d-highmem", "c2d-standard"), (2, 4, 8, 16, 32, 56, 112)),
    **dict.fromkeys(("c3-highcpu", "c3-highmem", "c3-standard"), (4, 8, 22, 44, 88, 176)),
    **dict.fromkeys(("c3d-highcpu", "c3d-highmem", "c3d-standard"), (4, 8, 16, 30, 60, 90, 180, 360)),
    **dict.fromkeys(("c4-highcpu", "c4-highmem", "c4-standard"), (2, 4, 8, 16, 32, 48, 96, 192)),
    **dict.fromkeys(("c4d-highcpu", "c4d-highmem", "c4d-standard"), (2, 4, 8, 16, 32, 48, 64, 96, 192, 384)),
    **dict.fromkeys(("e2-highcpu", "e2-standard"), (2, 4, 8, 16, 32)),
    **dict.fromkeys(("e2-highmem",), (2, 4, 8, 16)),
    **dict.fromkeys(("n1-highmem", "n1-standard"), (2, 4, 8, 16, 32, 64, 96)),
    **dict.fromkeys(("n1-highcpu",), (8, 16, 32, 64, 96)),
    **dict.fromkeys(("n2-highcpu",), (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    **dict.fromkeys(("n2-highmem", "n2-standard"), (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)),
    **dict.fromkeys(("n2d-highcpu", "n2d-standard"), (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    **dict.fromkeys(("n2d-highmem",), (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    **dict.fromkeys(("n4-highcpu", "n4-highmem", "n4-standard"), (2, 4, 8, 16, 32, 48, 64, 80)),
    **dict.fromkeys(("n4d-highcpu", "n4d-highmem", "n4d-standard"), (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    **dict.fromkeys(("t2d-standard",), (2, 4, 8, 16, 32, 48, 60)),
}
#: At 1 GB a vCPU and less, these are too small.
TOO_SMALL = (
    "c4-highcpu-2",
    "c4d-highcpu-2",
    "e2-highcpu-2",
    "n2-highcpu-2",
    "n2d-highcpu-2",
    "n4-highcpu-2",
    "n4d-highcpu-2",
)
MACHINE_TYPES = tuple(
    name
    for name in ("e2-medium", *(f"{series}-{vcpu}" for series, sizes in SIZES.items() for vcpu in sizes))
    if name not in TOO_SMALL
)
#: Series that boot from Hyperdisk alone (nextflow-io/nextflow#6614, 2026, quoting docs.cloud.google.com/compute/docs/disks).
HYPERDISK_SERIES = ("c4", "c4d", "n4", "n4d")
#: A shape of one's own: vCPUs, of which one or an even number, and MiB in steps of 256 (docs.cloud.google.com/compute/docs/
#: instances/creating-instance-with-custom-machine-type, 2026).
_CUSTOM = re.compile(r"(?P<series>e2|n1|n2|n2d|n4|n4d)-custom-(?P<vcpu>\d+)-(?P<mib>\d+)(-ext)?")


def check_system_machine(machine_type: str, disk_type: str = SYSTEM_DISK_TYPE) -> None:
    """Raises ValueError for a machine type that does not exist, does not suit, or does not boot from that type of disk."""
    custom = _CUSTOM.fullmatch(machine_type)
    if custom is not None:
        vcpu, mib = int(custom["vcpu"]), int(custom["mib"])
        if vcpu < 2 or vcpu % 2 or mib % 256 or mib < 4096:
            raise ValueError(
                f"machine type '{machine_type}' has {vcpu} vCPU and {mib} MiB; an even number of vCPUs and at least 4096 MiB in "
                "steps of 256 are needed"
            )
    elif machine_type not in MACHINE_TYPES:
        raise ValueError(f"machine type '{machine_type}' {_why_not(machine_type)}")
    hyperdisk_only = machine_type.partition("-")[0] in HYPERDISK_SERIES
    if hyperdisk_only and not disk_type.startswith("hyperdisk-"):
        usable = [
            name for name in SIZES if name.partition("-")[0] not in HYPERDISK_SERIES and name.endswith("-standard")
        ]
        raise ValueError(
            f"machine type '{machine_type}' boots from Hyperdisk only, and the system nodes have {disk_type}; take one of "
            f"{', '.join(usable)}"
        )


def _why_not(machine_type: str) -> str:
    series, _, size = machine_type.rpartition("-")
    if series in SIZES and size.isdigit():
        sizes = ", ".join(str(vcpu) for vcpu in SIZES[series] if f"{series}-{vcpu}" not in TOO_SMALL)
        return f"is none that suits system nodes; {series} has {sizes} vCPU"
    near = get_close_matches(machine_type.lower(), MACHINE_TYPES, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"is none that suits system nodes; {hint}Allowed: e2-medium, and with the number of vCPUs behind it "
        f"{', '.join(sorted(SIZES))}"
    )
