"""Limits of the real APIs that more than one resource type has: names, labels, GPUs by machine type and place.

Sources, read 2026-11: the services' reference pages; cloud.google.com/compute/docs/accelerator-optimized-machines and .../gpus
(2026, machine types, accelerators); Cyclenerd/google-cloud-pricing-cost-calculator acceleratortyperegion.csv (2026-08).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.providers.api import Failure
from sandbox.providers.values import entries, known

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
    "a2-megagpu-16g": ("nvidia-tesla-a100", 16),
    **{f"a2-ultragpu-{count}g": ("nvidia-a100-80gb", count) for count in (1, 2, 4, 8)},
    **{f"a3-highgpu-{count}g": ("nvidia-h100-80gb", count) for count in (1, 2, 4, 8)},
    "a3-megagpu-8g": ("nvidia-h100-mega-80gb", 8),
    "a3-ultragpu-8g": ("nvidia-h200-141gb", 8),
    "a4-highgpu-8g": ("nvidia-b200", 8),
    "a4x-highgpu-4g": ("nvidia-gb200", 4),
    "a4x-maxgpu-4g-metal": ("nvidia-gb300", 4),
}
#: Sold only as Spot, Flex-start or by reservation (cloud.google.com/compute/docs/gpus, 2026-05-13).
NOT_ON_DEMAND = ("a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g", "a3-ultragpu-8g", "a4-highgpu-8g")
#: Series that take no Persistent Disk.
HYPERDISK_ONLY = ("g4-", "a4-", "a4x-")

#: Regions that have an accelerator, and zones where only some of a region's have it.
ACCELERATOR_REGIONS = {
    "nvidia-l4": "us-central1 us-east1 us-east4 us-west1 us-west4 europe-west1 europe-west2 europe-west3 europe-west4 "
    "europe-west6 asia-east1 asia-northeast1 asia-northeast3 asia-south1 asia-southeast1 me-central2 "
    "northamerica-northeast1 northamerica-northeast2",
    "nvidia-rtx-pro-6000": "us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west3 us-west4 europe-north1 "
    "europe-west1 europe-west2 europe-west4 europe-west8 europe-west10 asia-east1 asia-northeast1 asia-south1 asia-south2 "
    "asia-southeast1 asia-southeast2 me-central2 southamerica-east1",
    "nvidia-tesla-a100": "us-central1 us-east1 us-west1 us-west3 us-west4 europe-west4 asia-northeast1 asia-northeast3 "
    "asia-southeast1 me-west1",
    "nvidia-a100-80gb": "us-central1 us-east4 us-east5 europe-west4 asia-southeast1",
    "nvidia-h200-141gb": "us-central1 us-east4 us-east5 us-south1 us-west1 europe-west1 europe-west4 asia-south1 asia-south2",
    "nvidia-b200": "us-central1 us-east1 us-east4 us-south1 us-west2 us-west3 europe-north1 europe-west4 asia-northeast1 "
    "asia-southeast1",
}
#: Zones of a region that have it, where a source names them (public gcloud listing; SkyPilot's catalogue, date not known).
ACCELERATOR_ZONES = {
    ("nvidia-rtx-pro-6000", "us-central1"): ("us-central1-b", "us-central1-f"),
    ("nvidia-a100-80gb", "us-central1"): ("us-central1-a", "us-central1-c"),
    ("nvidia-a100-80gb", "us-east4"): ("us-east4-c",),
    ("nvidia-a100-80gb", "us-east5"): ("us-east5-a", "us-east5-b"),
    ("nvidia-a100-80gb", "europe-west4"): ("europe-west4-a",),
    ("nvidia-a100-80gb", "asia-southeast1"): ("asia-southeast1-c",),
    ("nvidia-b200", "us-central1"): ("us-central1-b",),
    ("nvidia-b200", "us-east1"): ("us-east1-b",),
    ("nvidia-b200", "us-east4"): ("us-east4-b",),
    ("nvidia-b200", "us-south1"): ("us-south1-b",),
    ("nvidia-b200", "us-west2"): ("us-west2-c",),
    ("nvidia-b200", "us-west3"): ("us-west3-b", "us-west3-c"),
    ("nvidia-b200", "europe-north1"): ("europe-north1-b",),
    ("nvidia-b200", "europe-west4"): ("europe-west4-b",),
    ("nvidia-b200", "asia-northeast1"): ("asia-northeast1-b",),
    ("nvidia-b200", "asia-southeast1"): ("asia-southeast1-b",),
}
#: Cards that cannot be partitioned.
NO_PARTITIONS = ("nvidia-l4", "nvidia-tesla-t4")
#: A part of a card is had in fewer zones than whole cards.
FRACTIONAL_ZONES = {"us-central1": ("us-central1-b",)}
FRACTIONAL = ("g4-standard-6", "g4-standard-12", "g4-standard-24")

REGION = re.compile(r"^[a-z]+-[a-z]+\d+$")
ZONE = re.compile(r"^([a-z]+-[a-z]+\d+)-[a-z]$")

#: Letters of any alphabet, but no capitals.
LABEL_KEY = re.compile(r"^[^\W\d_][\w-]{0,62}$")
LABEL_VALUE = re.compile(r"^[\w-]{0,63}$")

MEMBER = re.compile(
    r"^(allUsers|allAuthenticatedUsers|project(Owner|Editor|Viewer):\S+|(user|group|serviceAccount):[^@\s]+@[^@\s]+\.[^@\s]+|domain:[^@\s]+"
    r"|serviceAccount:[^@\s]+\.svc\.id\.goog\[[^\]]+\]|principal(Set)?://iam\.googleapis\.com/\S+)$"
)


def name_failures(path: str, value: Any, pattern: str, what: str) -> list[Failure]:
    """A failure when a known name does not match; `what` says what the API allows."""
    if known(value) and not re.fullmatch(pattern, str(value)):
        return [(path, f"'{value}' is not allowed: {what}")]
    return []


def one_of(path: str, value: Any, allowed: Iterable[str]) -> list[Failure]:
    """A failure when a known value is none of those that the API has."""
    if known(value) and value not in allowed:
        return [(path, f"'{value}' is none of {', '.join(allowed)}")]
    return []


def between(path: str, value: Any, least: float, most: float) -> list[Failure]:
    """A failure when a known number is outside its range."""
    if known(value) and not least <= float(value) <= most:
        return [(path, f"{value} is not between {least:g} and {most:g}")]
    return []


def exactly_one(path: str, inputs: Any, fields: Iterable[str]) -> list[Failure]:
    """A failure when none or several of these fields are given."""
    given = [field for field in fields if entries(inputs).get(field) is not None]
    if isinstance(inputs, dict) and len(given) != 1:
        return [(path, f"exactly one of {', '.join(fields)} must be given, found {', '.join(given) or 'none'}")]
    return []


def label_failures(path: str, labels: Any) -> list[Failure]:
    """Labels that Google refuses."""
    found: list[Failure] = []
    for key, value in entries(labels).items():
        if key != key.lower() or not LABEL_KEY.fullmatch(key):
            found.append(
                (f"{path}.{key}", "label keys are 1 to 63 lower-case letters, digits, _ and -, a letter first")
            )
        if known(value) and (value != value.lower() or not LABEL_VALUE.fullmatch(value)):
            found.append((f"{path}.{key}", "a label's value is up to 63 lower-case letters, digits, _ and -"))
    if len(entries(labels)) > 64:
        found.append((path, f"{len(entries(labels))} labels, at most 64 are allowed"))
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
    pattern = r"^(roles/[a-zA-Z0-9._]+|(projects|organizations)/[^/]+/roles/[a-zA-Z0-9._]+)$"
    return name_failures(path, role, pattern, "a role is roles/<name> or projects/<project>/roles/<name>")


def place_failures(path: str, accelerator: str, place: Any, machine: Any = None) -> list[Failure]:
    """A zone or region that does not have the accelerator, or not that part of it which the machine type has.

    Accelerators that are not listed are not checked.
    """
    if not known(place) or accelerator not in ACCELERATOR_REGIONS:
        return []
    zone = ZONE.fullmatch(str(place))
    region = zone.group(1) if zone else str(place)
    if region not in ACCELERATOR_REGIONS[accelerator].split():
        return [(path, f"accelerator type '{accelerator}' does not exist in {place}")]
    zones = FRACTIONAL_ZONES.get(region) if machine in FRACTIONAL else ACCELERATOR_ZONES.get((accelerator, region))
    if zone and zones and place not in zones:
        return [(path, f"accelerator type '{accelerator}' does not exist in {place}, only in {', '.join(zones)}")]
    return []
