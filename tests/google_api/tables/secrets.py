"""Secret Manager and Cloud KMS."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Fields, Table, Url, same
from tests.google_api.tables.common import DELETION, member_table, parts

_KEY: Fields = {"customerManagedEncryption": Block("customerManagedEncryption", same("kmsKeyName"))}

SECRET = Table(
    "secretmanager.v1:projects.secrets.create",
    {
        **DELETION,
        **parts("parent", "project"),
        "secretId": Url("secretId"),
        **same("annotations", "expireTime", "labels", "secretType", "tags", "ttl", "versionAliases"),
        **same("versionDestroyTtl"),
        "replication": Block(
            "replication",
            {
                "auto": Block("automatic", _KEY),
                "userManaged": Block("userManaged", {"replicas": Blocks("replicas", {**same("location"), **_KEY})}),
            },
        ),
        "rotation": Block("rotation", same("nextRotationTime", "rotationPeriod")),
        "topics": Blocks("topics", same("name")),
    },
)

KEY_RING = Table(
    "cloudkms.v1:projects.locations.keyRings.create",
    {**parts("parent", "project", "location"), "name": Url("keyRingId")},
)

CRYPTO_KEY = Table(
    "cloudkms.v1:projects.locations.keyRings.cryptoKeys.create",
    {
        **DELETION,
        "keyRing": Url("parent"),
        "name": Url("cryptoKeyId"),
        "skipInitialVersionCreation": Url("skipInitialVersionCreation"),
        **same("cryptoKeyBackend", "destroyScheduledDuration", "importOnly", "labels", "purpose", "rotationPeriod"),
        "versionTemplate": Block("versionTemplate", same("algorithm", "protectionLevel")),
        "keyAccessJustificationsPolicy": Block("keyAccessJustificationsPolicy", same("allowedAccessReasons")),
    },
)

TABLES = {
    "gcp:secretmanager/secret:Secret": SECRET,
    "gcp:secretmanager/secretIamMember:SecretIamMember": member_table(
        "secretmanager.v1:projects.secrets.setIamPolicy", parts("resource", "project", "secretId")
    ),
    "gcp:kms/keyRing:KeyRing": KEY_RING,
    "gcp:kms/keyRingIAMMember:KeyRingIAMMember": member_table(
        "cloudkms.v1:projects.locations.keyRings.setIamPolicy", {"keyRingId": Url("resource")}
    ),
    "gcp:kms/cryptoKey:CryptoKey": CRYPTO_KEY,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": member_table(
        "cloudkms.v1:projects.locations.keyRings.cryptoKeys.setIamPolicy", {"cryptoKeyId": Url("resource")}
    ),
}
