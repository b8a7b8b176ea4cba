"""Google resources as examples of the rule private-by-default. Admission never sees them."""

from __future__ import annotations

import json
from typing import Any

from policy.rules.google_privacy import BUCKET, CLUSTER, SECRET
from policy.rules.resource_types import CLOUD_RUN_SERVICE, NODE_POOL
from policy.rules.rule import UNKNOWN, Context, Example, Resource

REGION = "us-central1"
STRICT = Context(region=REGION, encrypted=frozenset({"cluster", "buckets", "secrets"}))
GRANT = "gcp:projects/iAMMember:IAMMember"


def _google(type_: str, shows: str, denied: str | None = None, context: Context = STRICT, **properties: Any) -> Example:
    return Example(shows, Resource(type_, "example", properties), denied, context, admission=False)


def _bucket(**changes: Any) -> dict[str, Any]:
    return {
        "location": "US-CENTRAL1",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "encryption": {"defaultKmsKeyName": UNKNOWN},
        **changes,
    }


def _cluster(**changes: Any) -> dict[str, Any]:
    return {
        "location": f"{REGION}-a",
        "nodeLocations": [f"{REGION}-a", f"{REGION}-f"],
        "privateClusterConfig": {"enablePrivateNodes": True},
        "controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enabled": False}},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": UNKNOWN},
        **changes,
    }


def _secret(*replicas: dict[str, Any]) -> dict[str, Any]:
    return {"replication": {"userManaged": {"replicas": list(replicas)}}}


KEPT_HERE = {"location": REGION, "customerManagedEncryption": {"kmsKeyName": UNKNOWN}}
POLICY = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["group:search@example.com"]}]}
OPEN_POLICY = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
OWNERS = {"bindings": [{"role": "roles/owner", "members": ["group:search@example.com"]}]}

GOOGLE: tuple[Example, ...] = (
    _google(BUCKET, "a private bucket whose key another resource makes", **_bucket()),
    _google(
        BUCKET,
        "a bucket of two regions, one of them ours",
        **_bucket(location="US", customPlacementConfig={"dataLocations": ["US-CENTRAL1", "US-EAST1"]}),
    ),
    _google(CLUSTER, "a private cluster", **_cluster()),
    _google(NODE_POOL, "a pool that is like its cluster", location=REGION),
    _google(SECRET, "a secret with a key of its own", **_secret(KEPT_HERE)),
    _google(GRANT, "a grant to an account that is made with it", role="roles/storage.objectViewer", member=UNKNOWN),
    _google(GRANT, "a viewer of one service", role="roles/run.viewer", member="group:search@example.com"),
    _google("gcp:storage/bucketIAMPolicy:BucketIAMPolicy", "a whole policy", policyData=json.dumps(POLICY)),
    _google(CLOUD_RUN_SERVICE, "an inner service", location=REGION, ingress="INGRESS_TRAFFIC_INTERNAL_ONLY"),
    _google(BUCKET, "no region is asked for", None, Context(), **_bucket(location="EU", encryption=None)),
    _google(
        BUCKET, "a bucket with old access lists", "uniformBucketLevelAccess", **_bucket(uniformBucketLevelAccess=False)
    ),
    _google(
        BUCKET,
        "a bucket that inherits its prevention",
        'publicAccessPrevention "inherited"',
        **_bucket(publicAccessPrevention="inherited"),
    ),
    _google(BUCKET, "a bucket elsewhere", "is in EUROPE-WEST4", **_bucket(location="EUROPE-WEST4")),
    _google(BUCKET, "a region whose name begins the same", "is in us-central10", **_bucket(location="us-central10")),
    _google(BUCKET, "a bucket under Google's keys", "has no encryption.defaultKmsKeyName", **_bucket(encryption=None)),
    _google(BUCKET, "an unknown location", "not known before the update", **_bucket(location=UNKNOWN)),
    _google(BUCKET, "an unknown prevention", "not known before the update", **_bucket(publicAccessPrevention=UNKNOWN)),
    _google(
        BUCKET,
        "two other regions",
        "one of both must be us-central1",
        **_bucket(location="US", customPlacementConfig={"dataLocations": ["US-WEST1", "US-EAST1"]}),
    ),
    _google(
        CLUSTER,
        "nodes with public addresses",
        "privateClusterConfig.enablePrivateNodes left out",
        **_cluster(privateClusterConfig=None),
    ),
    _google(
        CLUSTER,
        "a control plane with an address",
        "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled true",
        **_cluster(controlPlaneEndpointsConfig={"ipEndpointsConfig": {"enabled": True}}),
    ),
    _google(
        CLUSTER,
        "encryption without a key",
        "has no databaseEncryption.keyName",
        **_cluster(databaseEncryption={"state": "ENCRYPTED"}),
    ),
    _google(CLUSTER, "a node in another region", "is in us-east1-b", **_cluster(nodeLocations=["us-east1-b"])),
    _google(
        NODE_POOL,
        "a pool with public addresses",
        "networkConfig.enablePrivateNodes false",
        location=REGION,
        networkConfig={"enablePrivateNodes": False},
    ),
    _google(
        SECRET, "one replica without a key", "customerManagedEncryption", **_secret(KEPT_HERE, {"location": REGION})
    ),
    _google(SECRET, "a secret that is anywhere", "is replicated wherever Google likes", replication={"auto": {}}),
    _google(GRANT, "the editor of a project", "primitive role roles/editor", role="roles/editor", member=UNKNOWN),
    _google(
        GRANT, "a role that is not known", "a role that is not known", role=UNKNOWN, member="group:search@example.com"
    ),
    _google(
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
        "everybody who has an account",
        "allAuthenticatedUsers",
        role="roles/run.invoker",
        member="allAuthenticatedUsers",
    ),
    _google(
        "gcp:storage/bucketIAMBinding:BucketIAMBinding",
        "everybody beside a group",
        "lets everybody in: members has allUsers",
        role="roles/storage.objectViewer",
        members=["group:search@example.com", "allUsers"],
    ),
    _google(
        "gcp:storage/bucketIAMPolicy:BucketIAMPolicy",
        "a policy for everybody",
        "allUsers",
        policyData=json.dumps(OPEN_POLICY),
    ),
    _google("gcp:projects/iAMPolicy:IAMPolicy", "a policy with owners", "roles/owner", policyData=json.dumps(OWNERS)),
    _google(
        "gcp:storage/bucketACL:BucketACL", "an open access list", "publicRead", bucket="b", predefinedAcl="publicRead"
    ),
    _google("gcp:serviceaccount/key:Key", "a key of an account", "never expires", serviceAccountId="models"),
    _google(
        CLOUD_RUN_SERVICE,
        "a service that the internet reaches",
        'ingress "INGRESS_TRAFFIC_ALL"',
        location=REGION,
        ingress="INGRESS_TRAFFIC_ALL",
    ),
    _google(CLOUD_RUN_SERVICE, "a service that does not say whence", "ingress left out", location=REGION),
    _google(
        CLOUD_RUN_SERVICE,
        "an inner service that asks nobody",
        "invokerIamDisabled true",
        location=REGION,
        ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
        invokerIamDisabled=True,
    ),
)
