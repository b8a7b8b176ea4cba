"""Bucket for model weights, and the grants by which an identity reads the checkpoints that it serves, and no others.

Owns the bucket and those grants; creates neither the identities nor the objects. Idle cost: storage only, about USD 0.02 per
GB and month. Replaced when: name or location changes.
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

#: Days for which a replaced or deleted version of an object is kept.
NONCURRENT_DAYS = 14


class ModelBucketArgs(TypedDict):
    """Arguments of ModelBucket."""

    name: str
    """Name of the bucket; unique in the world."""
    location: str
    """Region of the bucket: the one that computes, since reading elsewhere is slow and costs."""
    force_destroy: bool
    """Delete the objects too when the bucket is destroyed."""
    labels: dict[str, str]
    """Google labels."""


class ModelBucket(pulumi.ComponentResource):
    """A private, versioned bucket."""

    bucket_name: pulumi.Output[str]

    def __init__(self, name: str, args: ModelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(ModelBucket), name, {}, opts)
        bucket = gcp.storage.Bucket(
            name,
            name=args["name"],
            location=args["location"].upper(),  # the API answers in capitals, so anything else would show as a change
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=args["force_destroy"],
            versioning=gcp.storage.BucketVersioningArgs(enabled=True),
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
            opts=pulumi.ResourceOptions(parent=self),
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
    """Lets `member` read the objects of one checkpoint in `bucket`, whose name is `bucket_name`.

    Listing is a right on the bucket, so the condition admits the bucket itself beside the checkpoint's objects; names of other
    checkpoints can therefore be listed, their content not read.
    """
    objects = f"projects/_/buckets/{bucket_name}/objects/{checkpoint}/"
    return gcp.storage.BucketIAMMember(
        name,
        bucket=bucket,
        role="roles/storage.objectViewer",
        member=member,
        condition=gcp.storage.BucketIAMMemberConditionArgs(
            title="one-checkpoint",
            expression=(f'resource.type == "storage.googleapis.com/Bucket" || resource.name.startsWith("{objects}")'),
        ),
        opts=opts,
    )
