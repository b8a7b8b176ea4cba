"""Key rings and keys, which Google never deletes. What forces replacement and limits: terraform-provider-google kms_key_ring,
kms_crypto_key (2026-08), cloud.google.com/kms/docs/resource-hierarchy (2026)."""

from __future__ import annotations

import re

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures, one_of
from sandbox.providers.gcp.references import KEY, KEY_MEMBER, key_id, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.values import at, known

RING = "gcp:kms/keyRing:KeyRing"
NAME = r"[a-zA-Z0-9_-]{1,63}"
NAME_RULE = "1 to 63 letters, digits, hyphens and underscores"
RING_ID = r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+"
PURPOSES = ("ENCRYPT_DECRYPT", "ASYMMETRIC_SIGN", "ASYMMETRIC_DECRYPT", "MAC", "RAW_ENCRYPT_DECRYPT")
LEVELS = ("SOFTWARE", "HSM", "EXTERNAL", "EXTERNAL_VPC", "HSM_SINGLE_TENANT")
#: Places of Cloud KMS beside regions; Google's own multi-regions are in lower case there, EU's is called europe.
MULTI_REGIONS = tuple(
    "global us europe asia asia1 eur3 eur4 eur5 eur6 eur7 eur8 nam3 nam4 nam6 nam7 nam8 nam9 nam10 in ca au".split()  # noqa: SIM905
)
DAY_SECONDS = 86_400
SECONDS = re.compile(r"(\d+(?:\.\d{1,9})?)s")


def _ring_id(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/locations/{inputs['location']}/keyRings/{inputs['name']}"


def _ring_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    place = inputs.get("location")
    if known(place) and place not in MULTI_REGIONS and not re.fullmatch(r"[a-z]+-[a-z]+\d+", str(place)):
        found.append(
            ("location", f"'{place}' is no location of Cloud KMS: a region, or one of {', '.join(MULTI_REGIONS)}")
        )
    return found


def _key_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += name_failures("keyRing", inputs.get("keyRing"), RING_ID, "the id of a key ring is needed, not its name")
    purpose, rotation = inputs.get("purpose"), inputs.get("rotationPeriod")
    found += one_of("purpose", purpose, PURPOSES)
    found += one_of("versionTemplate.protectionLevel", at(inputs, "versionTemplate", "protectionLevel"), LEVELS)
    if (seconds := _seconds(rotation)) is not None and seconds < DAY_SECONDS:
        found.append(("rotationPeriod", f"{rotation} is below a day ({DAY_SECONDS}s)"))
    if known(rotation) and seconds is None:
        found.append(("rotationPeriod", f"'{rotation}' is no number of seconds like 7776000s"))
    if known(rotation) and known(purpose) and purpose != "ENCRYPT_DECRYPT":
        found.append(("rotationPeriod", f"keys for {purpose} cannot be rotated by themselves"))
    scheduled = _seconds(inputs.get("destroyScheduledDuration"))
    if scheduled is not None and not DAY_SECONDS <= scheduled <= 120 * DAY_SECONDS:
        found.append(("destroyScheduledDuration", "must be between 1 and 120 days"))
    return found


def _seconds(value: object) -> float | None:
    match = SECONDS.fullmatch(str(value)) if known(value) else None
    return float(match.group(1)) if match else None


def _key_computed(world: World, inputs: Properties) -> Properties:
    name = f"{inputs.get('keyRing')}/cryptoKeys/{inputs.get('name')}"
    return {"primaries": [{"name": f"{name}/cryptoKeyVersions/1", "state": "ENABLED"}]}


def _destroyed(inputs: Properties, outputs: Properties) -> Properties:
    """A deleted key: it stays, and all its versions are gone, with what they encrypted."""
    return {**outputs, "primaries": [{**at(outputs, "primaries", 0), "state": "DESTROYED"}]}


def _needs_ring(world: World, inputs: Properties) -> str | None:
    ring = inputs["keyRing"]
    return None if world.find(RING, ring) else f"Error 404: KeyRing {ring} not found., notFound"


def _needs_crypto_key(world: World, inputs: Properties) -> str | None:
    key = key_id(inputs["cryptoKeyId"])
    return needs_member(world, inputs) if world.find(KEY, key) else f"Error 404: CryptoKey {key} not found., notFound"


RESOURCE_TYPES = (
    ResourceType(
        token=RING,
        identity=_ring_id,
        replace=("name", "location"),
        limits=_ring_limits,
        stays=lambda inputs, outputs: outputs,
    ),
    ResourceType(
        token=KEY,
        identity=lambda w, i: f"{i['keyRing']}/cryptoKeys/{i['name']}",
        computed=_key_computed,
        replace=(
            "name",
            "keyRing",
            "purpose",
            "cryptoKeyBackend",
            "destroyScheduledDuration",
            "importOnly",
            "skipInitialVersionCreation",
            "versionTemplate.protectionLevel",
        ),
        limits=_key_limits,
        refuses=_needs_ring,
        stays=_destroyed,
        labels="labels",
    ),
    iam_member(
        token=KEY_MEMBER,
        holder=lambda w, i: key_id(i["cryptoKeyId"]),
        holder_fields=("cryptoKeyId",),
        refuses=_needs_crypto_key,
    ),
)
