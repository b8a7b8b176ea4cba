"""Which keys there are, who may use them, and that nobody can use one earlier than its service may.

Decided here without a cloud: inputs, grants, protection and refusals. That the agents exist is for a real project to show.
"""

from __future__ import annotations

import pytest

from components.google.encryption_keys import EncryptionKeys, EncryptionKeysArgs, service_agent
from tests.unit.components.registering import Program, previews_the_same, register

KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_RING = "gcp:kms/keyRing:KeyRing"
GRANT = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"


def args(*purposes: str, protect: bool = True) -> EncryptionKeysArgs:
    return EncryptionKeysArgs(
        key_ring="gemma-prod",
        region="us-central1",
        project_number="100000000002",
        purposes=list(purposes),
        protect=protect,
        labels={"team": "platform"},
    )


def keys(*purposes: str, protect: bool = True) -> Program:
    return register(lambda: EncryptionKeys("keys", args(*purposes, protect=protect)))


def test_each_purpose_has_a_key_of_its_own_in_one_ring_of_the_region() -> None:
    program = keys("cluster", "buckets")
    ring = program.one(KEY_RING)
    assert (ring.inputs["name"], ring.inputs["location"]) == ("gemma-prod", "us-central1")
    assert {key.inputs["name"] for key in program.of(KEY)} == {"cluster", "buckets"}
    for key in program.of(KEY):
        assert key.inputs["keyRing"] == "keys-id"
        assert key.inputs["purpose"] == "ENCRYPT_DECRYPT"
        assert key.inputs["labels"] == {"team": "platform"}


def test_a_key_rotates_every_90_days_and_a_destroyed_version_can_be_restored_for_30() -> None:
    key = keys("cluster").one(KEY)
    assert key.inputs["rotationPeriod"] == "7776000s"  # 90 x 86,400
    assert key.inputs["destroyScheduledDuration"] == "2592000s"  # 30 x 86,400


def test_each_key_is_open_to_the_agent_of_its_service_alone() -> None:
    grants = keys("cluster", "buckets").of(GRANT)
    assert {grant.inputs["role"] for grant in grants} == {"roles/cloudkms.cryptoKeyEncrypterDecrypter"}
    assert {grant.inputs["cryptoKeyId"]: grant.inputs["member"] for grant in grants} == {
        "keys-cluster-id": "serviceAccount:service-100000000002@container-engine-robot.iam.gserviceaccount.com",
        "keys-buckets-id": "serviceAccount:service-100000000002@gs-project-accounts.iam.gserviceaccount.com",
    }


def test_whoever_takes_a_key_waits_for_the_grant_on_it_and_for_no_other() -> None:
    waited: dict[str, set[str]] = {}

    async def ask(component: EncryptionKeys) -> None:
        for purpose in ("cluster", "buckets"):
            waited[purpose] = {str(await r.urn.future()) for r in await component.key(purpose).resources()}

    def build() -> EncryptionKeys:
        component = EncryptionKeys("keys", args("cluster", "buckets"))
        component.key_ids.apply(lambda _: ask(component))
        return component

    program = register(build)
    assert program.outputs["key_ids"] == {"cluster": "keys-cluster-id", "buckets": "keys-buckets-id"}
    assert {urn.rpartition("::")[2] for urn in waited["cluster"]} == {"keys-cluster", "keys-cluster-agent"}
    assert {urn.rpartition("::")[2] for urn in waited["buckets"]} == {"keys-buckets", "keys-buckets-agent"}


@pytest.mark.parametrize("protect", [True, False])
def test_ring_and_keys_are_protected_as_asked(protect: bool) -> None:
    program = keys("cluster", protect=protect)
    assert [resource.protect for resource in (program.one(KEY_RING), program.one(KEY))] == [protect, protect]


def test_secret_managers_agent_is_known_too() -> None:
    assert service_agent("secrets", "1").endswith("@gcp-sa-secretmanager.iam.gserviceaccount.com")


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: EncryptionKeys("keys", args("cluster", "buckets")))


@pytest.mark.parametrize(
    ("purposes", "message"),
    [
        ([], "is empty; allowed: cluster, buckets"),
        (["disks"], "no service is known for purpose 'disks'"),
        (["cluster", "cluster"], "more than once"),
    ],
)
def test_a_purpose_that_no_service_stands_behind_is_refused(purposes: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EncryptionKeys("keys", args(*purposes))
