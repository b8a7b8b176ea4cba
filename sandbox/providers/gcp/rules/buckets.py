"""Where a bucket lies, how long it keeps things, and its key. Limits: cloud.google.com/storage/docs (locations, bucket-lock,
soft-delete, encryption/customer-managed-keys; 2026), terraform-provider-google storage_bucket (2026-08)."""

from __future__ import annotations

import re

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import REGION, between, one_of
from sandbox.providers.gcp.references import key_failures
from sandbox.providers.values import at, items, known

#: Multi-regions, and what the regions of a dual-region inside them begin with.
MULTI_REGIONS = {"US": "us-", "EU": "europe-", "ASIA": "asia-"}
#: Countries in which two regions can be paired.
COUNTRIES = {"AU": "australia-", "CA": "northamerica-", "IN": "asia-south"}
#: Dual-regions that Google has paired.
DUAL_REGIONS = ("ASIA1", "EUR4", "EUR5", "EUR7", "EUR8", "NAM4")
CLASSES = ("STANDARD", "MULTI_REGIONAL", "REGIONAL", "NEARLINE", "COLDLINE", "ARCHIVE", "RAPID")
RESTRICTIONS = ("NotRestricted", "FullyRestricted")
DAY_SECONDS = 86_400
#: Soft delete is off (0) or lasts 7 to 90 days; a retention policy 1 second to 100 years.
SOFT_DELETE_DAYS = (7, 90)
MOST_RETENTION_SECONDS = 3_155_760_000


def place_limits(inputs: Properties) -> list[Failure]:
    """The location, and the two regions of a dual-region of one's own."""
    place, pair = inputs.get("location"), at(inputs, "customPlacementConfig", "dataLocations")
    name = str(place).upper()
    found: list[Failure] = []
    known_place = name in (*MULTI_REGIONS, *COUNTRIES, *DUAL_REGIONS) or REGION.fullmatch(str(place).lower())
    if known(place) and not known_place:
        multi = ", ".join((*MULTI_REGIONS, *DUAL_REGIONS))
        found.append(
            ("location", f"The specified location constraint '{place}' is not valid: a region, or one of {multi}")
        )
    if name in COUNTRIES and pair is None:
        found.append(("customPlacementConfig", f"{place} is for dual-regions only: name the two regions"))
    path = "customPlacementConfig.dataLocations"
    if isinstance(pair, list):
        start = {**MULTI_REGIONS, **COUNTRIES}.get(name)
        if len({str(region).upper() for region in pair}) != 2 and all(known(region) for region in pair):
            found.append((path, f"a dual-region has exactly two regions, found {len(pair)}"))
        elif known(place) and start is None:
            found.append(
                ("location", f"a dual-region of one's own lies in one of {', '.join((*MULTI_REGIONS, *COUNTRIES))}")
            )
        for index, region in enumerate(pair):
            if known(region) and start and known(place) and not str(region).lower().startswith(start):
                found.append((f"{path}[{index}]", f"{region} is not in {name}"))
    rpo, dual = inputs.get("rpo"), pair is not None or name in DUAL_REGIONS
    found += one_of("rpo", rpo, ("DEFAULT", "ASYNC_TURBO"))
    if rpo == "ASYNC_TURBO" and known(place) and not dual:
        found.append(("rpo", "turbo replication is for dual-regions"))
    return found


def keeping_limits(inputs: Properties) -> list[Failure]:
    """Soft delete, retention, hierarchical namespace, storage classes."""
    found = one_of("storageClass", inputs.get("storageClass"), CLASSES)
    access = inputs.get("publicAccessPrevention")
    found += one_of("publicAccessPrevention", access, ("inherited", "enforced"))
    kept = at(inputs, "softDeletePolicy", "retentionDurationSeconds")
    least, most = (days * DAY_SECONDS for days in SOFT_DELETE_DAYS)
    if known(kept) and kept != 0:
        found += between("softDeletePolicy.retentionDurationSeconds", kept, least, most)
    period = at(inputs, "retentionPolicy", "retentionPeriod")
    if known(period) and not (str(period).isdigit() and 1 <= int(period) <= MOST_RETENTION_SECONDS):
        found.append(
            ("retentionPolicy.retentionPeriod", f"'{period}' is not between 1 and {MOST_RETENTION_SECONDS} seconds")
        )
    if at(inputs, "hierarchicalNamespace", "enabled") is True and inputs.get("uniformBucketLevelAccess") in (
        None,
        False,
    ):
        found.append(("hierarchicalNamespace", "needs uniformBucketLevelAccess"))
    for index, rule in enumerate(items(inputs.get("lifecycleRules"))):
        path, kind = f"lifecycleRules[{index}]", at(rule, "action", "type")
        kinds = ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload")
        found += one_of(f"{path}.action.type", kind, kinds)
        found += one_of(f"{path}.condition.withState", at(rule, "condition", "withState"), ("LIVE", "ARCHIVED", "ANY"))
        if kind == "SetStorageClass" and at(rule, "action", "storageClass") is None:
            found.append((f"{path}.action.storageClass", "is missing, SetStorageClass needs it"))
        if at(rule, "condition") == {}:
            found.append((f"{path}.condition", "a rule needs at least one condition"))
    return found


def encryption_limits(inputs: Properties) -> list[Failure]:
    """The default key lies where the bucket lies; some kind of encryption must stay allowed."""
    encryption, place = inputs.get("encryption"), inputs.get("location")
    found = key_failures("encryption.defaultKmsKeyName", at(encryption, "defaultKmsKeyName"), _key_place(place))
    kinds = ("customerManaged", "customerSupplied", "googleManaged")
    modes = [at(encryption, f"{kind}EncryptionEnforcementConfig", "restrictionMode") for kind in kinds]
    for kind, mode in zip(kinds, modes, strict=True):
        found += one_of(f"encryption.{kind}EncryptionEnforcementConfig.restrictionMode", mode, RESTRICTIONS)
    if set(modes) == {"FullyRestricted"}:
        found.append(("encryption", "all kinds of encryption are restricted: nothing could be written"))
    return found


def _key_place(place: object) -> str | None:
    """Where Cloud KMS has the keys for a bucket's location."""
    return {"EU": "europe"}.get(str(place).upper(), str(place).lower()) if known(place) else None


def retention_changes(old: Properties, inputs: Properties) -> list[Failure]:
    """What a locked retention policy forbids; another bucket is not bound by it."""
    same = all(old.get(field) == inputs.get(field) for field in ("name", "location"))
    if not same or at(old, "retentionPolicy", "isLocked") is not True:
        return []
    before, after = at(old, "retentionPolicy", "retentionPeriod"), at(inputs, "retentionPolicy", "retentionPeriod")
    if inputs.get("retentionPolicy") is None:
        return [("retentionPolicy", "Error 403: a locked Retention Policy cannot be removed")]
    if str(before).isdigit() and str(after).isdigit() and int(after) < int(before):
        reason = f"Error 403: Cannot reduce retention duration of a locked Retention Policy from {before} to {after} s"
        return [("retentionPolicy.retentionPeriod", reason)]
    return []


def unlocked(old: Properties, inputs: Properties) -> list[str]:
    """The real provider makes a new bucket when a lock is taken away, because the lock itself cannot be."""
    before, after = (at(side, "retentionPolicy", "isLocked") for side in (old, inputs))
    taken = (
        before is True
        and after in (None, False)
        and re.search(r"\d", str(at(inputs, "retentionPolicy", "retentionPeriod")))
    )
    return ["retentionPolicy.isLocked"] if taken else []
