"""What outlives its delete: keys, federated identities, services and wishes for quota; and who needs a key first."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.gcp.resource_type import digits
from tests.sandbox.providers.examples import (
    ACCOUNT,
    API_SERVICE,
    BUCKET,
    BUCKET_MEMBER,
    CLUSTER,
    GOOGLE,
    NETWORK,
    REPOSITORY,
    SECRET,
    SUBNETWORK,
    Engine,
    changed,
    check,
    create_all,
    example,
    refused_paths,
)
from tests.sandbox.providers.more_examples import (
    FIREWALL,
    IDENTITY_POOL,
    IDENTITY_PROVIDER,
    KEY,
    KEY_MEMBER,
    KEY_RING,
    QUOTA,
    TOPIC,
)
from tests.sandbox.providers.names import KEY_ID, KEY_RING_ID, NETWORK_ID, PROJECT, REGION

NUMBER = digits(PROJECT, 12)
LOCKED = {"retentionPeriod": "86400", "isLocked": True}


def test_key_rings_and_keys_are_never_deleted(google: GoogleApi) -> None:
    ids = create_all(google, KEY_RING, KEY)
    for token in (KEY, KEY_RING):
        google.delete(token, ids[token])
        with pytest.raises(CloudError, match=rf"Error 409.*{ids[token]}"):
            google.create(token, example(token))
    found = google.read(KEY, KEY_ID)
    assert found is not None
    assert found[1]["primaries"][0]["state"] == "DESTROYED"
    assert google.read(KEY_RING, KEY_RING_ID) is not None  # so it can be imported
    google.create(KEY, example(KEY, "name", "other"))


@pytest.mark.parametrize("token", [IDENTITY_POOL, IDENTITY_PROVIDER])
def test_federated_identities_hold_their_ids_after_a_delete(google: GoogleApi, token: str) -> None:
    ids = create_all(google, IDENTITY_POOL, IDENTITY_PROVIDER)
    google.delete(token, ids[token])
    assert google.read(token, ids[token]) is None
    with pytest.raises(CloudError, match="404"):
        google.update(token, ids[token], example(token), {})
    with pytest.raises(CloudError, match=f"Error 409.*{ids[token]}"):
        google.create(token, example(token))


def test_members_of_a_federation_need_its_pool(google: GoogleApi) -> None:
    google.create(BUCKET, example(BUCKET))
    pool = f"projects/{NUMBER}/locations/global/workloadIdentityPools/ci-pool"
    member = example(
        BUCKET_MEMBER, "member", f"principalSet://iam.googleapis.com/{pool}/attribute.repository/acme/models"
    )
    assert check(google, BUCKET_MEMBER, member) == []
    with pytest.raises(CloudError, match="Identity Pool does not exist"):
        google.create(BUCKET_MEMBER, member)
    _, outputs = google.create(IDENTITY_POOL, example(IDENTITY_POOL))
    assert outputs["name"] == pool
    google.create(BUCKET_MEMBER, member)


@pytest.mark.parametrize(("disable", "stays"), [(None, True), (False, True), (True, False)])
def test_a_service_stays_on_unless_it_is_to_be_switched_off(
    google: GoogleApi, disable: bool | None, stays: bool
) -> None:
    inputs = example(API_SERVICE) if disable is None else example(API_SERVICE, "disableOnDestroy", disable)
    resource_id, _ = google.create(API_SERVICE, inputs)
    google.delete(API_SERVICE, resource_id)
    assert (google.read(API_SERVICE, resource_id) is not None) is stays
    google.create(API_SERVICE, inputs)


def test_a_service_that_others_need_is_not_switched_off(google: GoogleApi) -> None:
    google.create(API_SERVICE, {"service": "container.googleapis.com"})
    inputs = {"service": "compute.googleapis.com", "disableOnDestroy": True}
    resource_id, outputs = google.create(API_SERVICE, inputs)
    with pytest.raises(CloudError, match=r"depended on by.*container"):
        google.delete(API_SERVICE, resource_id)
    google.update(API_SERVICE, resource_id, {**inputs, "disableDependentServices": True}, outputs)
    google.delete(API_SERVICE, resource_id)
    assert google.read(API_SERVICE, resource_id) is None


def test_a_wish_for_quota_cannot_be_deleted_moved_or_made_twice(google: GoogleApi) -> None:
    resource_id, _ = google.create(QUOTA, example(QUOTA))
    google.delete(QUOTA, resource_id)
    for name in ("l4", "another"):
        with pytest.raises(CloudError, match="409"):
            google.create(QUOTA, example(QUOTA, "name", name))
    [(path, _)] = check(google, QUOTA, example(QUOTA, "dimensions.region", "us-east4"), old=example(QUOTA))
    assert path == "dimensions"
    assert check(google, QUOTA, example(QUOTA, "quotaConfig.preferredValue", "4"), old=example(QUOTA)) == []


@pytest.mark.parametrize(
    ("token", "path", "agent"),
    [
        (CLUSTER, "databaseEncryption", "container-engine-robot"),
        (BUCKET, "encryption.defaultKmsKeyName", "gs-project-accounts"),
        (REPOSITORY, "kmsKeyName", "gcp-sa-artifactregistry"),
        (TOPIC, "kmsKeyName", "gcp-sa-pubsub"),
        (SECRET, "replication", "gcp-sa-secretmanager"),
    ],
)
def test_a_key_must_exist_and_be_open_to_the_service_that_uses_it(
    google: GoogleApi, token: str, path: str, agent: str
) -> None:
    create_all(google, NETWORK, SUBNETWORK, ACCOUNT, KEY_RING)
    replica = {"location": REGION, "customerManagedEncryption": {"kmsKeyName": KEY_ID}}
    values = {
        CLUSTER: {"state": "ENCRYPTED", "keyName": KEY_ID},
        SECRET: {"userManaged": {"replicas": [replica]}},
    }
    value = values.get(token, KEY_ID)
    assert check(google, token, changed(GOOGLE[token], path, value)) == []
    inputs = changed(GOOGLE[token], path, value)
    with pytest.raises(CloudError, match=r"cryptoKeys/weights.*not found"):
        google.create(token, inputs)
    google.create(KEY, example(KEY))
    google.create(KEY_MEMBER, example(KEY_MEMBER))
    with pytest.raises(CloudError, match=rf"Permission denied on Cloud KMS key.*service-{NUMBER}@{agent}"):
        google.create(token, inputs)
    member = f"serviceAccount:service-{NUMBER}@{agent}.iam.gserviceaccount.com"
    google.create(KEY_MEMBER, example(KEY_MEMBER, "member", member))
    resource_id, _ = google.create(token, inputs)
    google.delete(KEY, KEY_ID)
    if token in (CLUSTER, BUCKET):
        with pytest.raises(CloudError, match="destroyed"):
            google.update(token, resource_id, inputs, {})


def test_a_key_may_be_named_in_short_by_those_who_may_use_it(google: GoogleApi) -> None:
    create_all(google, ACCOUNT, KEY_RING, KEY)
    short = (
        KEY_ID.replace("projects/", "").replace("locations/", "").replace("keyRings/", "").replace("cryptoKeys/", "")
    )
    resource_id, _ = google.create(KEY_MEMBER, example(KEY_MEMBER, "cryptoKeyId", short))
    assert resource_id.startswith(KEY_ID)


def test_a_locked_retention_is_neither_shortened_nor_removed(google: GoogleApi, engine: Engine) -> None:
    old = {**GOOGLE[BUCKET], "retentionPolicy": LOCKED}
    for policy, accepted in (
        ({**LOCKED, "retentionPeriod": "86399"}, False),
        ({**LOCKED, "retentionPeriod": "86401"}, True),
    ):
        found = check(google, BUCKET, {**GOOGLE[BUCKET], "retentionPolicy": policy}, old=old)
        assert [path for path, _ in found] == ([] if accepted else ["retentionPolicy.retentionPeriod"])
    assert [path for path, _ in check(google, BUCKET, example(BUCKET), old=old)] == ["retentionPolicy"]
    other = {**GOOGLE[BUCKET], "name": "acme-others"}
    assert check(google, BUCKET, other, old=old) == []
    unlocked = {**GOOGLE[BUCKET], "retentionPolicy": {**LOCKED, "isLocked": False}}
    assert list(engine.diff(BUCKET, old, unlocked).replaces) == ["retentionPolicy.isLocked"]
    assert list(engine.diff(BUCKET, unlocked, old).replaces) == []


def test_retained_objects_hold_a_bucket_also_when_it_is_forced(google: GoogleApi, cloud: Cloud) -> None:
    google.create(BUCKET, {**GOOGLE[BUCKET], "retentionPolicy": {"retentionPeriod": "3600"}, "forceDestroy": True})
    weights = _object(cloud)
    with pytest.raises(CloudError, match="retentionPolicyNotMet"):
        google.delete(BUCKET, "acme-weights")
    os.utime(weights, (time.time() - 3601, time.time() - 3601))
    google.delete(BUCKET, "acme-weights")
    assert not weights.exists()


def _object(cloud: Cloud) -> Path:
    path = cloud.folder / "objects" / "acme-weights" / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_text("weights", encoding="utf-8")
    return path


def test_a_deletion_policy_prevents_or_only_forgets(google: GoogleApi) -> None:
    resource_id, outputs = google.create(TOPIC, example(TOPIC, "deletionPolicy", "PREVENT"))
    with pytest.raises(CloudError, match="deletion_policy"):
        google.delete(TOPIC, resource_id)
    google.update(TOPIC, resource_id, example(TOPIC, "deletionPolicy", "ABANDON"), outputs)
    google.delete(TOPIC, resource_id)
    assert google.read(TOPIC, resource_id) is not None
    google.update(TOPIC, resource_id, example(TOPIC, "deletionPolicy", "DELETE"), outputs)
    google.delete(TOPIC, resource_id)
    assert google.read(TOPIC, resource_id) is None
    assert refused_paths(google, TOPIC, example(TOPIC, "deletionPolicy", "FORGET")) == ["deletionPolicy"]


def test_a_network_with_firewall_rules_stays(google: GoogleApi) -> None:
    ids = create_all(google, NETWORK, FIREWALL)
    with pytest.raises(CloudError, match=r"already being used.*firewalls/probes"):
        google.delete(NETWORK, NETWORK_ID)
    google.delete(FIREWALL, ids[FIREWALL])
    google.delete(NETWORK, NETWORK_ID)
