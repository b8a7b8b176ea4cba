"""Bucket for model weights, and the grants by which an identity reads or writes the checkpoints it deals with, and no others.

Owns the bucket and those grants; creates neither the identities nor the objects, nor a key. Idle cost: storage only, about USD
0.02 per GB and month (list price, us-central1, 2026), as much again for a second region, and the same for replaced versions and
for what was deleted while soft delete keeps it. Replaced when: name, location or pair of regions changes.
Retention is never locked here: a lock cannot be undone, nor the bucket deleted before its youngest object is old enough.
Source: docs.cloud.google.com/storage/docs/{locations,soft-delete,bucket-lock,encryption/customer-managed-keys} (2026).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.deprecation_notes import tell_deprecated
from components.google.bucket_limits import (
    DAY_SECONDS,
    check_bucket_name,
    check_checkpoint,
    check_keeping,
    check_key,
    place,
)
from components.package import token

#: Days for which a replaced or deleted version of an object is kept.
NONCURRENT_DAYS = 14
#: Days for which what was deleted for good can still be restored: Google's own default.
SOFT_DELETE_DAYS = 7
READ, WRITE = "roles/storage.objectViewer", "roles/storage.objectUser"


class ModelBucketArgs(TypedDict):
    """Arguments of ModelBucket."""

    name: str
    """Name of the bucket; unique in the world."""
    location: str
    """Region of the bucket: the one that computes, since reading elsewhere is slow and costs."""
    dual_region: NotRequired[list[str]]
    """Two regions that both hold the objects, `location` being one of them; without it, `location` alone."""
    force_destroy: bool
    """Delete the objects too when the bucket is destroyed; otherwise the stack refuses to remove the bucket."""
    kms_key: NotRequired[pulumi.Input[str]]
    """Id of the organisation's own key for new objects (CMEK), in the bucket's location, which Cloud Storage's agent may use
    already; without it, Google's keys."""
    soft_delete_days: NotRequired[int]
    """Days for which what was deleted for good can be restored, 7 to 90, or 0 for none; 7 by default."""
    retention_days: NotRequired[int]
    """Days for which nobody can delete or replace an object; none by default. Stands in for versions, which are off then."""
    labels: dict[str, str]
    """Google labels."""


class ModelBucket(pulumi.ComponentResource):
    """A private bucket that keeps what was replaced or deleted for a while."""

    bucket_name: pulumi.Output[str]
    """Name of the bucket, once it exists."""

    def __init__(self, name: str, args: ModelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(ModelBucket, args)
        check_bucket_name(args["name"])
        location, pair = place(args["location"], args.get("dual_region"))
        soft_delete_days, retention_days = (
            int(args.get("soft_delete_days", SOFT_DELETE_DAYS)),
            args.get("retention_days"),
        )
        check_keeping(soft_delete_days, retention_days, args["force_destroy"])
        key = args.get("kms_key")
        if isinstance(key, str):
            check_key(key, location)
        super().__init__(token(ModelBucket), name, {}, opts)
        bucket = gcp.storage.Bucket(
            name,
            name=args["name"],
            location=location,
            custom_placement_config=gcp.storage.BucketCustomPlacementConfigArgs(data_locations=pair) if pair else None,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=args["force_destroy"],
            # Google refused versions together with retention (terraform-example-foundation#898, 2022), and nothing newer that
            # says otherwise was found; what cannot be replaced needs no versions
            versioning=gcp.storage.BucketVersioningArgs(enabled=retention_days is None),
            soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(
                retention_duration_seconds=soft_delete_days * DAY_SECONDS
            ),
            retention_policy=_retention(retention_days),
            encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=key) if key is not None else None,
            lifecycle_rules=[
                gcp.storage.BucketLifecycleRuleArgs(
                    action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
                    condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=1),
                ),
                gcp.storage.BucketLifecycleRuleArgs(
                    action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
                    condition=gcp.storage.BucketLifecycleRuleConditionArgs(days_since_noncurrent_time=NONCURRENT_DAYS),
                ),
            ],
            labels=args["labels"],
            opts=pulumi.ResourceOptions(parent=self, protect=not args["force_destroy"]),
        )
        self.bucket_name = bucket.name
        self.register_outputs({"bucket_name": self.bucket_name})


def grant_read(
    name: str,
    bucket: pulumi.Input[str],
    bucket_name: str,
    checkpoint: str,
    member: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> gcp.storage.BucketIAMMember:
    """Lets `member` read the objects of one checkpoint in `bucket`, whose name is `bucket_name`."""
    return _grant(name, READ, bucket, bucket_name, checkpoint, member, opts)


def grant_write(
    name: str,
    bucket: pulumi.Input[str],
    bucket_name: str,
    checkpoint: str,
    member: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> gcp.storage.BucketIAMMember:
    """Lets `member` write, replace and delete the objects of one checkpoint in `bucket`, whose name is `bucket_name`."""
    return _grant(name, WRITE, bucket, bucket_name, checkpoint, member, opts)


def _grant(
    name: str,
    role: str,
    bucket: pulumi.Input[str],
    bucket_name: str,
    checkpoint: str,
    member: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> gcp.storage.BucketIAMMember:
    """A role on the objects of one checkpoint.

    Listing is a right on the bucket, so the condition admits the bucket itself beside the checkpoint's objects; names of other
    checkpoints can therefore be listed, their content not read.
    """
    check_bucket_name(bucket_name)
    check_checkpoint(checkpoint)
    # the slash at the end keeps out checkpoints whose names only begin like this one
    objects = f"projects/_/buckets/{bucket_name}/objects/{checkpoint}/"
    return gcp.storage.BucketIAMMember(
        name,
        bucket=bucket,
        role=role,
        member=member,
        condition=gcp.storage.BucketIAMMemberConditionArgs(
            title="one-checkpoint",
            expression=f'resource.type == "storage.googleapis.com/Bucket" || resource.name.startsWith("{objects}")',
        ),
        opts=opts,
    )


def _retention(days: int | None) -> gcp.storage.BucketRetentionPolicyArgs | None:
    if days is None:
        return None
    return gcp.storage.BucketRetentionPolicyArgs(retention_period=str(int(days) * DAY_SECONDS), is_locked=False)
