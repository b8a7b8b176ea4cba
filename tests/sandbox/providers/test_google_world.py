"""What Google refuses because of what exists already or does not exist, and what may be deleted."""

from __future__ import annotations

import pytest

from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import (
    ACCOUNT,
    API_SERVICE,
    BUCKET,
    BUCKET_MEMBER,
    CLUSTER,
    GOOGLE,
    NAT,
    NETWORK,
    NETWORK_ID,
    POOL,
    PROJECT,
    PROJECT_MEMBER,
    REGION,
    REPOSITORY,
    ROBOT,
    ROUTER,
    RUN,
    RUN_MEMBER,
    SECRET,
    SECRET_MEMBER,
    SUBNETWORK,
    create_all,
    example,
)
from tests.sandbox.providers.more_examples import (
    ACCOUNT_MEMBER,
    ADDRESS,
    ALERT,
    BUDGET,
    CERTIFICATE,
    CHANNEL,
    FIREWALL,
    IDENTITY_POOL,
    IDENTITY_PROVIDER,
    JOB,
    JOB_MEMBER,
    KEY,
    KEY_MEMBER,
    MAP_ENTRY,
    REPOSITORY_MEMBER,
    TOPIC,
    TOPIC_MEMBER,
)

#: A service is switched on or stays on; channels and budgets get a number each.
REPEATABLE = (API_SERVICE, ALERT, CHANNEL, BUDGET)


@pytest.mark.parametrize("token", REPEATABLE)
def test_some_things_can_be_created_again(google: GoogleApi, token: str) -> None:
    ids = create_all(google)
    again, outputs = google.create(token, example(token))
    assert (again == ids[token]) is (token == API_SERVICE)
    assert google.read(token, again) == (example(token), outputs)


def test_a_bucket_name_that_anybody_has_is_refused(google: GoogleApi) -> None:
    google.create(BUCKET, example(BUCKET))
    with pytest.raises(CloudError, match=r"409.*acme-weights"):
        google.create(BUCKET, example(BUCKET))
    google.configure({"project": "another", "region": REGION})
    with pytest.raises(CloudError, match="shared by all users"):
        google.create(BUCKET, example(BUCKET))
    with pytest.raises(CloudError, match="409"):
        google.create(BUCKET, example(BUCKET, "name", "models"))


@pytest.mark.parametrize("token", [token for token in GOOGLE if token not in REPEATABLE])
def test_what_exists_already_is_refused(google: GoogleApi, token: str) -> None:
    create_all(google)
    with pytest.raises(CloudError, match=r"Error 40[09]"):
        google.create(token, example(token))


@pytest.mark.parametrize(
    ("token", "missing"),
    [
        (SUBNETWORK, "networks/platform"),
        (ROUTER, "networks/platform"),
        (NAT, "routers/out"),
        (CLUSTER, "networks/platform"),
        (POOL, "clusters/models"),
        (BUCKET_MEMBER, "acme-weights"),
        (PROJECT_MEMBER, ROBOT),
        (SECRET_MEMBER, "hub-token"),
        (RUN_MEMBER, "services/helpdesk"),
        (RUN, ROBOT),
        (FIREWALL, "networks/platform"),
        (KEY, "keyRings/platform"),
        (KEY_MEMBER, "cryptoKeys/weights"),
        (IDENTITY_PROVIDER, "workloadIdentityPools/ci-pool"),
        (ACCOUNT_MEMBER, ROBOT),
        (TOPIC_MEMBER, "topics/spend"),
        (BUDGET, "topics/spend"),
        (JOB, ROBOT),
        (JOB_MEMBER, "jobs/loader"),
        (REPOSITORY_MEMBER, "repositories/images"),
        (ADDRESS, "subnetworks/nodes"),
        (CERTIFICATE, "dnsAuthorizations/models"),
        (MAP_ENTRY, "certificateMaps/models"),
    ],
)
def test_what_it_needs_must_exist_first(google: GoogleApi, token: str, missing: str) -> None:
    with pytest.raises(CloudError, match=rf"Error 40[04].*{missing}"):
        google.create(token, example(token))
    create_all(google, *list(GOOGLE)[: list(GOOGLE).index(token)])
    google.create(token, example(token))


def test_identities_of_a_pool_need_a_cluster_with_workload_identity(google: GoogleApi) -> None:
    member = f"serviceAccount:{PROJECT}.svc.id.goog[team-a/engine]"
    google.create(BUCKET, example(BUCKET))
    with pytest.raises(CloudError, match="Identity Pool does not exist"):
        google.create(BUCKET_MEMBER, example(BUCKET_MEMBER, "member", member))
    create_all(google, NETWORK, SUBNETWORK, CLUSTER)
    google.create(BUCKET_MEMBER, example(BUCKET_MEMBER, "member", member))


@pytest.mark.parametrize("network", [NETWORK_ID, f"https://www.googleapis.com/compute/v1/{NETWORK_ID}", "platform"])
def test_a_network_may_be_named_by_id_link_or_name(google: GoogleApi, network: str) -> None:
    google.create(NETWORK, example(NETWORK))
    google.create(ROUTER, example(ROUTER, "network", network))
    with pytest.raises(CloudError, match="already being used"):
        google.delete(NETWORK, NETWORK_ID)


def test_ranges_of_a_network_do_not_overlap(google: GoogleApi) -> None:
    create_all(google, NETWORK, SUBNETWORK)
    other = {**example(SUBNETWORK), "name": "more", "secondaryIpRanges": []}
    with pytest.raises(CloudError, match="conflicts with existing subnetwork"):
        google.create(SUBNETWORK, {**other, "ipCidrRange": "10.5.0.0/24"})
    google.create(SUBNETWORK, {**other, "ipCidrRange": "10.0.16.0/20"})


def test_a_node_pool_may_name_its_cluster_by_name_or_by_id(google: GoogleApi) -> None:
    ids = create_all(google, NETWORK, SUBNETWORK, ACCOUNT, CLUSTER, POOL)
    by_id, _ = google.create(POOL, {**example(POOL, "cluster", ids[CLUSTER]), "name": "other"})
    assert by_id == ids[POOL].replace("/l4", "/other")
    with pytest.raises(CloudError, match="409"):
        google.create(POOL, example(POOL, "cluster", ids[CLUSTER]))


@pytest.mark.parametrize("token", [CLUSTER, RUN, JOB])
def test_deletion_protection_is_on_unless_switched_off(google: GoogleApi, token: str) -> None:
    create_all(google, *list(GOOGLE)[: list(GOOGLE).index(token)])
    protected = example(token, "deletionProtection", None)
    resource_id, old = google.create(token, protected)
    with pytest.raises(CloudError, match=r"deletion.protection"):
        google.delete(token, resource_id)
    assert google.read(token, resource_id) is not None
    google.update(token, resource_id, example(token), old)
    google.delete(token, resource_id)
    assert google.read(token, resource_id) is None


def test_what_is_inside_goes_with_what_holds_it(google: GoogleApi) -> None:
    ids = create_all(google)
    for holder, inside in (
        (CLUSTER, POOL),
        (BUCKET, BUCKET_MEMBER),
        (RUN, RUN_MEMBER),
        (SECRET, SECRET_MEMBER),
        (TOPIC, TOPIC_MEMBER),
        (JOB, JOB_MEMBER),
        (ACCOUNT, ACCOUNT_MEMBER),
        (IDENTITY_POOL, IDENTITY_PROVIDER),
        (REPOSITORY, REPOSITORY_MEMBER),
    ):
        google.delete(holder, ids[holder])
        assert google.read(inside, ids[inside]) is None, inside


def test_a_bucket_with_objects_stays_unless_forced(google: GoogleApi, cloud: Cloud) -> None:
    _, outputs = google.create(BUCKET, example(BUCKET))
    weights = cloud.folder / "objects" / "acme-weights" / "gemma" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_text("weights", encoding="utf-8")
    with pytest.raises(CloudError, match="force_destroy"):
        google.delete(BUCKET, "acme-weights")
    assert weights.exists()
    google.update(BUCKET, "acme-weights", {**example(BUCKET), "forceDestroy": True}, outputs)
    google.delete(BUCKET, "acme-weights")
    assert not weights.exists()


def test_what_is_gone_can_be_deleted_again_but_not_updated(google: GoogleApi) -> None:
    google.delete(BUCKET, "acme-weights")
    assert google.read(BUCKET, "acme-weights") is None
    with pytest.raises(CloudError, match="404"):
        google.update(BUCKET, "acme-weights", example(BUCKET), {})


def test_reading_follows_what_somebody_changed_in_the_cloud(google: GoogleApi, cloud: Cloud) -> None:
    _, outputs = google.create(BUCKET, example(BUCKET))
    cloud.put(BUCKET, "acme-weights", example(BUCKET, "labels", {"team": "ops"}), outputs)
    found = google.read(BUCKET, "acme-weights")
    assert found is not None
    assert found[0]["labels"] == found[1]["labels"] == found[1]["effectiveLabels"] == {"team": "ops"}
    assert found[1]["url"] == "gs://acme-weights"
