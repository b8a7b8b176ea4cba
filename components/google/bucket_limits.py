"""What Google accepts of a bucket: its name, its place or pair of places, its key, and how long it keeps things. Pure.

Sources: docs.cloud.google.com/storage/docs/buckets#naming, /storage/docs/locations, /storage/docs/soft-delete and
/storage/docs/bucket-lock (2026).
"""

import re

from components.naming import NAME_LIMITS, Service

#: Soft delete is off, or keeps what was deleted for so many days.
SOFT_DELETE_DAYS = (7, 90)
#: Retention must stay below 3,155,760,000 s, which are 36,525 days.
RETENTION_DAYS = (1, 36_524)
DAY_SECONDS = 24 * 3600
#: Pairs that Google has made; the location alone names them.
PREDEFINED_PAIRS = {
    "ASIA1": ("asia-northeast1", "asia-northeast2"),
    "EUR4": ("europe-north1", "europe-west4"),
    "EUR5": ("europe-west1", "europe-west2"),
    "EUR7": ("europe-west2", "europe-west3"),
    "EUR8": ("europe-west3", "europe-west6"),
    "NAM4": ("us-central1", "us-east1"),
}
#: Regions of which any two make a pair, by the location that such a bucket is given. A country comes before its continent: two
#: regions of Germany or Italy are paired there (footnotes of the table; that the continent refuses them is an estimate).
PAIRED_REGIONS = {
    "AU": ("australia-southeast1", "australia-southeast2"),
    "CA": ("northamerica-northeast1", "northamerica-northeast2"),
    "DE": ("europe-west3", "europe-west10"),
    "IN": ("asia-south1", "asia-south2"),
    "IT": ("europe-west8", "europe-west12"),
    "ASIA": ("asia-east1", "asia-southeast1"),
    "EU": (
        "europe-central2",
        "europe-north1",
        "europe-southwest1",
        "europe-west1",
        "europe-west3",
        "europe-west4",
        "europe-west8",
        "europe-west9",
        "europe-west10",
        "europe-west12",
    ),
    "US": (
        "us-central1",
        "us-east1",
        "us-east4",
        "us-east5",
        "us-south1",
        "us-west1",
        "us-west2",
        "us-west3",
        "us-west4",
    ),
}
#: Without dots: Google asks for proof that one owns such a domain.
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_CHECKPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_KEY = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")


def check_bucket_name(name: str) -> None:
    """Raises ValueError for a name that Google refuses."""
    limit = NAME_LIMITS[Service.BUCKET]
    if not 3 <= len(name) <= limit:
        raise ValueError(f"name is '{name}', {len(name)} characters; a bucket's name has 3 to {limit}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"name is '{name}'; a bucket's name has lower-case letters, digits, hyphens and underscores, with a letter or digit "
            "first and last"
        )
    if name.startswith("goog") or "google" in name:
        raise ValueError(f"name is '{name}'; a bucket's name may not begin with 'goog' or contain 'google'")


def check_checkpoint(checkpoint: str) -> None:
    """Raises ValueError for what is no folder of a checkpoint; it becomes part of an IAM condition."""
    if not _CHECKPOINT.fullmatch(checkpoint):
        raise ValueError(f"checkpoint is '{checkpoint}'; write it like google/gemma-4-E4B-it, without slashes around")


def place(location: str, dual_region: list[str] | None) -> tuple[str, list[str] | None]:
    """(location, regions of a pair of one's own) as the API wants them: in capitals, since it answers so.

    Raises ValueError for a location that is no region, and for a pair that Google does not offer or that lacks the location.
    """
    if not _REGION.fullmatch(location.lower()):
        raise ValueError(f"location is '{location}'; name a region, such as us-central1")
    if dual_region is None:
        return location.upper(), None
    regions = [region.lower() for region in dual_region]
    if len(set(regions)) != 2 or len(regions) != 2:
        raise ValueError(f"dual_region is {', '.join(dual_region) or 'empty'}; name two different regions")
    if location.lower() not in regions:
        raise ValueError(f"dual_region is {', '.join(regions)}; one of them must be location, {location.lower()}")
    for code, pair in PREDEFINED_PAIRS.items():
        if set(regions) == set(pair):
            return code, None
    for code, choices in PAIRED_REGIONS.items():
        if set(regions) <= set(choices):
            return code, [region.upper() for region in sorted(regions)]
    raise ValueError(
        f"dual_region is {', '.join(regions)}, which Google does not pair; with {location.lower()} go "
        f"{', '.join(_partners(location.lower())) or 'no others'}"
    )


def _partners(region: str) -> list[str]:
    pairs = [*PREDEFINED_PAIRS.values(), *PAIRED_REGIONS.values()]
    return sorted({other for pair in pairs if region in pair for other in pair if other != region})


def check_key(key: str, location: str) -> None:
    """Raises ValueError for what is no key, or a key that lies elsewhere than a bucket in the region `location`."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(
            f"kms_key is '{key}'; write projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>"
        )
    if _REGION.fullmatch(location.lower()) and match["location"] != location.lower():
        raise ValueError(f"kms_key lies in {match['location']}; it must lie where the bucket does, {location.lower()}")


def check_keeping(soft_delete_days: int, retention_days: int | None, force_destroy: bool) -> None:
    """Raises ValueError for days that Google refuses, and for retention in a bucket that is to go with its objects."""
    least, most = SOFT_DELETE_DAYS
    if soft_delete_days != 0 and not least <= soft_delete_days <= most:
        raise ValueError(f"soft_delete_days is {soft_delete_days}; allowed: 0 (off), or {least} to {most}")
    if retention_days is None:
        return
    least, most = RETENTION_DAYS
    if not least <= retention_days <= most:
        raise ValueError(f"retention_days is {retention_days}; allowed: {least} to {most}")
    if force_destroy:
        raise ValueError(
            f"force_destroy is true and retention_days {retention_days}: nobody can delete objects under retention; drop one"
        )
