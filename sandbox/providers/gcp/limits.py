"""Limits of the real APIs that more than one resource type has: names, labels, GPUs by machine type and place.

Sources, read 2026-11: the services' reference pages; cloud.google.com/compute/docs/accelerator-optimized-machines and .../gpus
(2026, machine types, accelerators); Cyclenerd/google-cloud-pricing-cost-calculator acceleratortyperegion.csv (2026-08).
"""

from __future__ import annotations

import re
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure
from sandbox.providers.gcp.resource_type import known

#: GPU machine types: accelerator and how many of it; the number cannot be chosen.
MACHINE_GPUS = {
    **{f"g2-standard-{size}": ("nvidia-l4", 1) for size in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
    **{f"g4-standard-{size}": ("nvidia-rtx-pro-6000", 1) for size in (6, 12, 24, 48)},
    "g4-standard-96": ("nvidia-rtx-pro-6000", 2),
    "g4-standard-192": ("nvidia-rtx-pro-6000", 4),
    "g4-standard-384": ("nvidia-rtx-pro-6000", 8),
    **{f"a2-highgpu-{count}g": ("nvidia-tesla-a100", count) for count in (1, 2, 4, 8)},
    **{f"a2-ultragpu-{count}g": ("nvidia-a100-80gb", count) for count in (1, 2, 4, 8)},
    **{f"a3-highgpu-{count}g": ("nvidia-h100-80gb", count) for count in (1, 2, 4, 8)},
    "a3-megagpu-8g": ("nvidia-h100-mega-80gb", 8),
    "a3-ultragpu-8g": ("nvidia-h200-141gb", 8),
    "a4-highgpu-8g": ("nvidia-b200", 8),
}
#: Sold only as Spot, Flex-start or by reservation (cloud.google.com/compute/docs/gpus, 2026-05-13).
NOT_ON_DEMAND = ("a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g", "a3-ultragpu-8g", "a4-highgpu-8g")
#: Series that take no Persistent Disk.
HYPERDISK_ONLY = ("g4-", "a4-")

#: Regions that have an accelerator, and zones where only some of a region's have it.
ACCELERATOR_REGIONS = {
    "nvidia-l4": "us-central1 us-east1 us-east4 us-west1 us-west4 europe-west1 europe-west2 europe-west3 europe-west4 "
    "europe-west6 asia-east1 asia-northeast1 asia-northeast3 asia-south1 asia-southeast1 me-central2 "
    "northamerica-northeast1 northamerica-northeast2",
    "nvidia-rtx-pro-6000": "us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west3 us-west4 europe-north1 "
    "europe-west1 europe-west2 europe-west4 europe-west8 europe-west10 asia-east1 asia-northeast1 asia-south1 asia-south2 "
    "asia-southeast1 asia-southeast2 me-central2 southamerica-east1",
}
ACCELERATOR_ZONES = {("nvidia-rtx-pro-6000", "us-central1"): ("us-central1-b", "us-central1-f")}

REGION = re.compile(r"^[a-z]+-[a-z]+\d+$")
ZONE = re.compile(r"^([a-z]+-[a-z]+\d+)-[a-z]$")

LABEL_KEY = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")
LABEL_VALUE = re.compile(r"^[a-z0-9_-]{0,63}$")

MEMBER = re.compile(
    r"^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount):[^@\s]+@[^@\s]+\.[^@\s]+|domain:[^@\s]+"
    r"|serviceAccount:[^@\s]+\.svc\.id\.goog\[[^\]]+\]|principal(Set)?://iam\.googleapis\.com/\S+)$"
)


def name_failures(path: str, value: Any, pattern: str, what: str) -> list[Failure]:
    """A failure when a known name does not match; `what` says what the API allows."""
    if known(value) and not re.fullmatch(pattern, str(value)):
        return [(path, f"'{value}' is not allowed: {what}")]
    return []


def label_failures(path: str, labels: Any) -> list[Failure]:
    """Labels that Google refuses."""
    found: list[Failure] = []
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if not LABEL_KEY.fullmatch(key):
            found.append(
                (f"{path}.{key}", "label keys are 1 to 63 lower-case letters, digits, _ and -, a letter first")
            )
        if value != UNKNOWN and not LABEL_VALUE.fullmatch(str(value)):
            found.append(
                (f"{path}.{key}", f"'{value}' is no label value: up to 63 lower-case letters, digits, _ and -")
            )
    if isinstance(labels, dict) and len(labels) > 64:
        found.append((path, f"{len(labels)} labels, at most 64 are allowed"))
    return found


def member_failures(path: str, member: Any) -> list[Failure]:
    """An IAM member in none of the forms that IAM knows."""
    if known(member) and not MEMBER.fullmatch(str(member)):
        return [
            (path, f"'{member}' is no IAM member (user:, group:, serviceAccount:, domain:, principal://, allUsers ...)")
        ]
    return []


def role_failures(path: str, role: Any) -> list[Failure]:
    """A role in none of the forms that IAM knows."""
    pattern = r"^(roles/[a-zA-Z0-9.]+|(projects|organizations)/[^/]+/roles/[a-zA-Z0-9._]+)$"
    return name_failures(path, role, pattern, "a role is roles/<name> or projects/<project>/roles/<name>")


def place_failures(path: str, accelerator: str, place: Any) -> list[Failure]:
    """A zone or region that does not have the accelerator. Accelerators that are not listed are not checked."""
    if not known(place) or accelerator not in ACCELERATOR_REGIONS:
        return []
    zone = ZONE.fullmatch(str(place))
    region = zone.group(1) if zone else str(place)
    if region not in ACCELERATOR_REGIONS[accelerator].split():
        return [(path, f"accelerator type '{accelerator}' does not exist in {place}")]
    zones = ACCELERATOR_ZONES.get((accelerator, region))
    if zone and zones and place not in zones:
        return [(path, f"accelerator type '{accelerator}' does not exist in {place}, only in {', '.join(zones)}")]
    return []
