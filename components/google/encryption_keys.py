"""Encryption keys of the organisation's own (CMEK): a key ring, one key a purpose, and the right of Google's agents to use it.

Owns ring, keys and grants; encrypts nothing itself, and creates no service agent. Costs USD 0.06 a month for each version of a
key that is in use (list price, 2026), and a little for each use.
**Neither a key ring nor a key can ever be deleted in Google Cloud**, and their names are never free again. Removing a key from
the stack destroys its versions instead, and with them everything that was encrypted by it: hence `protect`. After that, the
stack needs another ring name, or the old ring and keys imported. Replaced when: ring name or region changes, to the same effect.
A rotation makes a new version for what is written from then on; older versions stay, as older data needs them.
An agent may not exist before its service is used, and then the grant fails. `gcloud storage service-agent` creates that of Cloud
Storage, `gcloud beta services identity create --service secretmanager.googleapis.com` that of Secret Manager; GKE's comes with
its API.
Source: docs.cloud.google.com/kms/docs/cmek, /kubernetes-engine/docs/how-to/encrypting-secrets, /storage/docs/encryption (2026).
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

#: Domain of the service agent that encrypts and decrypts, by purpose of the key; its account is `service-<project number>`.
AGENT_DOMAINS = {
    "cluster": "container-engine-robot",  # Kubernetes secrets in the cluster's etcd
    "buckets": "gs-project-accounts",  # objects in Cloud Storage
    "secrets": "gcp-sa-secretmanager",  # payloads in Secret Manager
}
#: A new version every 90 days (CIS Google Cloud benchmark 1.10).
ROTATION_PERIOD = f"{90 * 24 * 3600}s"
#: How long a version that was told to be destroyed can still be restored: 30 days. Fixed when the key is made.
DESTROY_SCHEDULED_DURATION = f"{30 * 24 * 3600}s"
ENCRYPT_AND_DECRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


class EncryptionKeysArgs(TypedDict):
    """Arguments of EncryptionKeys."""

    key_ring: str
    """Name of the key ring; it can never be used a second time."""
    region: str
    """Region of the keys: the one of what they encrypt."""
    project_number: str
    """Number of the project whose service agents use the keys."""
    purposes: list[str]
    """What is encrypted: cluster, buckets, secrets. One key each."""
    protect: bool
    """Refuse to remove ring and keys from the stack."""
    labels: dict[str, str]
    """Google labels of the keys."""


class EncryptionKeys(pulumi.ComponentResource):
    """Keys that the named services may use. Their ids are known once the services may."""

    key_ids: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: EncryptionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args["purposes"])
        super().__init__(token(EncryptionKeys), name, {}, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args["protect"])
        ring = gcp.kms.KeyRing(name, name=args["key_ring"], location=args["region"], opts=kept)
        self._keys: dict[str, pulumi.Output[str]] = {}
        for purpose in args["purposes"]:
            key = gcp.kms.CryptoKey(
                f"{name}-{purpose}",
                name=purpose,
                key_ring=ring.id,
                purpose="ENCRYPT_DECRYPT",
                rotation_period=ROTATION_PERIOD,
                destroy_scheduled_duration=DESTROY_SCHEDULED_DURATION,
                labels=args["labels"],
                opts=kept,
            )
            grant = gcp.kms.CryptoKeyIAMMember(
                f"{name}-{purpose}-agent",
                crypto_key_id=key.id,
                role=ENCRYPT_AND_DECRYPT,
                member=service_agent(purpose, args["project_number"]),
                opts=pulumi.ResourceOptions(parent=self),
            )
            # whoever takes the key from here waits for the grant, without which the key cannot be used
            self._keys[purpose] = pulumi.Output.all(key.id, grant.id).apply(lambda ids: ids[0])
        self.key_ids = pulumi.Output.all(**self._keys)
        self.register_outputs({"key_ids": self.key_ids})

    def key(self, purpose: str) -> pulumi.Output[str]:
        """Id of the key for `purpose`; unlike `key_ids`, it does not wait for the other keys."""
        return self._keys[purpose]


def service_agent(purpose: str, project_number: str) -> str:
    """IAM member that stands for the agent of the service that `purpose` belongs to."""
    return f"serviceAccount:service-{project_number}@{AGENT_DOMAINS[purpose]}.iam.gserviceaccount.com"


def _refuse(purposes: list[str]) -> None:
    if not purposes:
        raise ValueError(f"purposes is empty; allowed: {', '.join(AGENT_DOMAINS)}")
    for purpose in purposes:
        if purpose not in AGENT_DOMAINS:
            raise ValueError(f"no service is known for purpose '{purpose}'; allowed: {', '.join(AGENT_DOMAINS)}")
    if len(set(purposes)) < len(purposes):
        raise ValueError(f"purposes names one more than once: {', '.join(purposes)}")
