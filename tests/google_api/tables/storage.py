"""Cloud Storage. Its description lists most allowed values in words only: `listed` looks for them there."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, Url, choice, int64, listed, same
from tests.google_api.tables.common import DELETION, member_table

_ZERO = Drop("the provider's own: it sends a zero that it would leave out otherwise")
_ENFORCEMENT: Fields = same("restrictionMode")

_CONDITION: Fields = {
    **same("age", "createdBefore", "customTimeBefore", "daysSinceCustomTime", "daysSinceNoncurrentTime"),
    **same("noncurrentTimeBefore", "numNewerVersions"),
    "matchesPrefixes": To("matchesPrefix"),
    "matchesSuffixes": To("matchesSuffix"),
    "matchesStorageClasses": To("matchesStorageClass"),
    "withState": choice("isLive", {"LIVE": True, "ARCHIVED": False}),
    "sendAgeIfZero": _ZERO,
    "sendDaysSinceCustomTimeIfZero": _ZERO,
    "sendDaysSinceNoncurrentTimeIfZero": _ZERO,
    "sendNumNewerVersionsIfZero": _ZERO,
}

BUCKET = Table(
    "storage.v1:buckets.insert",
    {
        **DELETION,
        "project": Url("project"),
        "forceDestroy": Drop("the provider's own: it deletes the objects before the bucket"),
        "enableObjectRetention": Url("enableObjectRetention"),
        **same("name", "location", "labels", "defaultEventBasedHold", "rpo"),
        "storageClass": listed("storageClass"),
        "uniformBucketLevelAccess": To("iamConfiguration.uniformBucketLevelAccess.enabled"),
        "publicAccessPrevention": listed("iamConfiguration.publicAccessPrevention"),
        "requesterPays": To("billing.requesterPays"),
        "autoclass": Block("autoclass", {**same("enabled"), "terminalStorageClass": listed("terminalStorageClass")}),
        "cors": Blocks(
            "cors",
            {
                **same("maxAgeSeconds"),
                "methods": To("method"),
                "origins": To("origin"),
                "responseHeaders": To("responseHeader"),
            },
        ),
        "customPlacementConfig": Block("customPlacementConfig", same("dataLocations")),
        "encryption": Block(
            "encryption",
            {
                **same("defaultKmsKeyName"),
                **{
                    f"{who}EncryptionEnforcementConfig": Block(f"{who}EncryptionEnforcementConfig", _ENFORCEMENT)
                    for who in ("customerManaged", "customerSupplied", "googleManaged")
                },
            },
        ),
        "hierarchicalNamespace": Block("hierarchicalNamespace", same("enabled")),
        "ipFilter": Block(
            "ipFilter",
            {
                **same("mode", "allowAllServiceAgentAccess", "allowCrossOrgVpcs"),
                "publicNetworkSource": Block("publicNetworkSource", same("allowedIpCidrRanges")),
                "vpcNetworkSources": Blocks("vpcNetworkSources", same("allowedIpCidrRanges", "network")),
            },
        ),
        "lifecycleRules": Blocks(
            "lifecycle.rule",
            {
                "action": Block("action", {"type": listed("type"), **same("storageClass")}),
                "condition": Block("condition", _CONDITION),
            },
        ),
        "logging": Block("logging", same("logBucket", "logObjectPrefix")),
        "retentionPolicy": Block(
            "retentionPolicy",
            {**same("retentionPeriod"), "isLocked": Drop("the provider locks with a request of its own")},
        ),
        "softDeletePolicy": Block("softDeletePolicy", {"retentionDurationSeconds": int64("retentionDurationSeconds")}),
        "versioning": Block("versioning", same("enabled")),
        "website": Block("website", same("mainPageSuffix", "notFoundPage")),
    },
)

TABLES = {
    "gcp:storage/bucket:Bucket": BUCKET,
    "gcp:storage/bucketIAMMember:BucketIAMMember": member_table(
        "storage.v1:buckets.setIamPolicy", {"bucket": Url("bucket")}, policy=None
    ),
}
