"""What the bucket keeps and where, and how far a grant reaches.

Decided here without a cloud: inputs, protection and refusals. Whether Google accepts them is for a real project to show.
"""

from __future__ import annotations

import re
from typing import Any, cast

import pulumi
import pytest

from components.google.bucket_limits import PAIRED_REGIONS, PREDEFINED_PAIRS, place
from components.google.model_bucket import ModelBucket, ModelBucketArgs, grant_read, grant_write
from tests.unit.components.registering import Program, previews_the_same, register

BUCKET = "gcp:storage/bucket:Bucket"
GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
KEY = "projects/p/locations/us-central1/keyRings/gemma/cryptoKeys/buckets"


def args(**changes: Any) -> ModelBucketArgs:
    plain = {"name": "acme-prod-models", "location": "us-central1", "force_destroy": False, "labels": {"team": "ml"}}
    return cast(ModelBucketArgs, plain | changes)


def bucket(**changes: Any) -> Program:
    return register(lambda: ModelBucket("models", args(**changes)))


def test_a_plain_bucket_is_private_versioned_and_restorable_for_a_week() -> None:
    made = bucket().one(BUCKET).inputs
    assert made["location"] == "US-CENTRAL1"
    assert made["uniformBucketLevelAccess"] is True
    assert made["publicAccessPrevention"] == "enforced"
    assert made["versioning"] == {"enabled": True}
    assert made["softDeletePolicy"] == {"retentionDurationSeconds": 604_800}
    actions = {rule["action"]["type"]: rule["condition"] for rule in made["lifecycleRules"]}
    assert actions == {"AbortIncompleteMultipartUpload": {"age": 1}, "Delete": {"daysSinceNoncurrentTime": 14}}
    # a bucket of before these were arguments must not be replaced or re-encrypted
    assert not {"retentionPolicy", "encryption", "customPlacementConfig"} & set(made)


@pytest.mark.parametrize("force_destroy", [True, False])
def test_a_bucket_is_protected_unless_its_objects_may_go_with_it(force_destroy: bool) -> None:
    made = bucket(force_destroy=force_destroy).one(BUCKET)
    assert made.inputs["forceDestroy"] is force_destroy
    assert made.protect is not force_destroy


def test_retention_is_in_seconds_never_locked_and_takes_the_place_of_versions() -> None:
    made = bucket(retention_days=30).one(BUCKET).inputs
    assert made["retentionPolicy"] == {"retentionPeriod": "2592000", "isLocked": False}
    assert made["versioning"] == {"enabled": False}


@pytest.mark.parametrize(("days", "seconds"), [(0, 0), (7, 604_800), (90, 7_776_000)])
def test_soft_delete_is_off_or_within_googles_bounds(days: int, seconds: int) -> None:
    made = bucket(soft_delete_days=days).one(BUCKET).inputs
    assert made["softDeletePolicy"]["retentionDurationSeconds"] == seconds


def test_a_key_of_ones_own_encrypts_new_objects() -> None:
    assert bucket(kms_key=KEY).one(BUCKET).inputs["encryption"] == {"defaultKmsKeyName": KEY}
    program = register(lambda: ModelBucket("models", args(kms_key=pulumi.Output.from_input(KEY))))
    assert program.one(BUCKET).inputs["encryption"] == {"defaultKmsKeyName": KEY}


def test_two_regions_of_ones_own_are_placed_in_the_area_that_has_both() -> None:
    made = bucket(location="europe-west4", dual_region=["europe-west4", "europe-west1"]).one(BUCKET).inputs
    assert made["location"] == "EU"
    assert made["customPlacementConfig"] == {"dataLocations": ["EUROPE-WEST1", "EUROPE-WEST4"]}


def test_a_pair_that_google_has_made_is_named_by_its_location_alone() -> None:
    made = bucket(dual_region=["us-east1", "us-central1"]).one(BUCKET).inputs
    assert made["location"] == "NAM4"
    assert "customPlacementConfig" not in made


def test_every_pair_has_one_place_and_keeps_both_regions() -> None:
    for choices in PAIRED_REGIONS.values():
        for first in choices:
            for second in choices:
                if first != second:
                    code, regions = place(first, [second, first])
                    held = {r.lower() for r in regions} if regions else set(PREDEFINED_PAIRS[code])
                    assert held == {first, second}
    assert place("europe-west10", ["europe-west3", "europe-west10"])[0] == "DE"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a" * 64}, "64 characters; a bucket's name has 3 to 63"),
        ({"name": "ab"}, "2 characters"),
        ({"name": "Acme-models"}, "lower-case letters"),
        ({"name": "acme.models"}, "lower-case letters"),
        ({"name": "acme-models-"}, "letter or digit first and last"),
        ({"name": "goog-models"}, "may not begin with 'goog'"),
        ({"name": "my-google-models"}, "contain 'google'"),
        ({"location": "us"}, "name a region"),
        ({"location": "us-central1-a"}, "name a region"),
        ({"soft_delete_days": 6}, "soft_delete_days is 6; allowed: 0 (off), or 7 to 90"),
        ({"soft_delete_days": 91}, "soft_delete_days is 91"),
        ({"soft_delete_days": -1}, "soft_delete_days is -1"),
        ({"retention_days": 0}, "retention_days is 0; allowed: 1 to 36524"),
        ({"retention_days": 36_525}, "retention_days is 36525"),
        ({"retention_days": 1, "force_destroy": True}, "nobody can delete objects under retention"),
        ({"kms_key": "gemma/buckets"}, "write projects/<project>/locations/"),
        ({"kms_key": KEY.replace("us-central1", "us-east4")}, "kms_key lies in us-east4; it must lie where"),
        ({"dual_region": []}, "dual_region is empty"),
        ({"dual_region": ["us-central1"]}, "name two different regions"),
        ({"dual_region": ["us-central1", "us-central1"]}, "name two different regions"),
        ({"dual_region": ["us-east4", "us-east1"]}, "one of them must be location, us-central1"),
        ({"dual_region": ["us-central1", "europe-west4"]}, "which Google does not pair; with us-central1 go us-east1"),
        (
            {"location": "europe-west2", "dual_region": ["europe-west2", "europe-west4"]},
            "with europe-west2 go europe-west1, europe-west3",
        ),
        ({"location": "me-west1", "dual_region": ["me-west1", "me-central1"]}, "with me-west1 go no others"),
    ],
)
def test_what_google_would_refuse_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ModelBucket("models", args(**changes))


def test_readers_and_writers_are_apart_and_reach_one_checkpoint() -> None:
    class Granted(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("gemma-platform:index:Granted", "granted", {})
            child = pulumi.ResourceOptions(parent=self)
            place = ("models", "models", "google/gemma-4-E2B-it")
            grant_read("reads", *place, "serviceAccount:model@p.iam.gserviceaccount.com", child)
            grant_write("writes", *place, "serviceAccount:loader@p.iam.gserviceaccount.com", child)

    granted = {grant.name: grant.inputs for grant in register(Granted).of(GRANT)}
    assert {name: inputs["role"] for name, inputs in granted.items()} == {
        "reads": "roles/storage.objectViewer",
        "writes": "roles/storage.objectUser",
    }
    for inputs in granted.values():
        # the slash at the end keeps out google/gemma-4-E2B-it-qat-w4a16-ct
        assert inputs["condition"]["expression"] == (
            'resource.type == "storage.googleapis.com/Bucket" || '
            'resource.name.startsWith("projects/_/buckets/models/objects/google/gemma-4-E2B-it/")'
        )


@pytest.mark.parametrize(
    ("bucket_name", "checkpoint", "message"),
    [
        ("models", 'x") || true || ("', "without slashes around"),
        ("models", "", "without slashes around"),
        ("models", "../other", "without slashes around"),
        ("Models", "google/gemma", "lower-case letters"),
    ],
)
@pytest.mark.parametrize("grant", [grant_read, grant_write])
def test_a_grant_that_would_reach_further_is_refused(
    grant: Any, bucket_name: str, checkpoint: str, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        grant("reads", "models", bucket_name, checkpoint, "group:ml@example.com", pulumi.ResourceOptions())


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: ModelBucket("models", args(retention_days=30, kms_key=KEY)))
