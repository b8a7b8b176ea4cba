"""Limits of what surrounds a deployment: for each a value that is refused and one that is accepted at the same place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import (
    BUCKET,
    CLUSTER,
    GOOGLE,
    POOL,
    REGION,
    REPOSITORY,
    RUN,
    SECRET,
    changed,
    check,
    refused_paths,
)
from tests.sandbox.providers.more_examples import (
    ACCOUNT_MEMBER,
    BUDGET,
    CHANNEL,
    FIREWALL,
    IDENTITY_POOL,
    IDENTITY_PROVIDER,
    JOB,
    KEY,
    KEY_RING,
    QUOTA,
    TOPIC,
)
from tests.sandbox.providers.names import KEY_ID

TASK = "template.template"
KEY_IN_EUROPE = KEY_ID.replace(REGION, "europe")
DAILY = {"dailyMaintenanceWindow": {"startTime": "03:00"}}


def window(rule: str, start: str = "2026-01-03T02:00:00Z", end: str = "2026-01-03T08:00:00Z") -> dict[str, Any]:
    return {"recurringWindow": {"startTime": start, "endTime": end, "recurrence": rule}}


def exclusion(**fields: Any) -> dict[str, Any]:
    given = {"exclusionName": "sale", "startTime": "2026-11-20T00:00:00Z", **fields}
    return {**DAILY, "maintenanceExclusions": [given]}


@pytest.mark.parametrize(
    ("token", "path", "bad", "refused", "good"),
    [
        (FIREWALL, "priority", 65536, "priority", 65535),
        (FIREWALL, "direction", "IN", "direction", "INGRESS"),
        (FIREWALL, "sourceRanges", ["10.0.0.1/8"], "sourceRanges[0]", ["10.0.0.0/8"]),
        (FIREWALL, "sourceRanges", None, "sourceRanges", ["0.0.0.0/0"]),
        (FIREWALL, "allows.0.protocol", "http", "allows[0].protocol", "udp"),
        (FIREWALL, "allows.0.ports", ["80-70"], "allows[0].ports[0]", ["443", "8000-9000"]),
        (KEY_RING, "location", "Berlin", "location", "europe-west4"),
        (KEY_RING, "name", "key ring", "name", "key_Ring-1"),
        (KEY, "keyRing", "platform", "keyRing", UNKNOWN),
        (KEY, "rotationPeriod", "86399s", "rotationPeriod", "86400s"),
        (KEY, "rotationPeriod", "90d", "rotationPeriod", "7776000.5s"),
        (KEY, "purpose", "ASYMMETRIC_SIGN", "rotationPeriod", "ENCRYPT_DECRYPT"),
        (KEY, "destroyScheduledDuration", "3600s", "destroyScheduledDuration", "2592000s"),
        (IDENTITY_POOL, "workloadIdentityPoolId", "gcp-pool", "workloadIdentityPoolId", "pool"),
        (IDENTITY_POOL, "workloadIdentityPoolId", "abc", "workloadIdentityPoolId", "a" * 32),
        (IDENTITY_POOL, "displayName", "c" * 33, "displayName", "c" * 32),
        (IDENTITY_PROVIDER, "attributeCondition", None, "attributeCondition", "true"),
        (IDENTITY_PROVIDER, "attributeMapping", {"attribute.a": "x"}, "attributeMapping", {"google.subject": "x"}),
        (IDENTITY_PROVIDER, "attributeMapping", {"google.subject": "x", "a": "y"}, "attributeMapping.a", UNKNOWN),
        (IDENTITY_PROVIDER, "oidc.issuerUri", "http://x.example", "oidc.issuerUri", "https://x.example"),
        (ACCOUNT_MEMBER, "serviceAccountId", "robot-one", "serviceAccountId", "projects/p/serviceAccounts/a@b.example"),
        (QUOTA, "quotaConfig.preferredValue", "many", "quotaConfig.preferredValue", "16"),
        (QUOTA, "dimensions", {"zone": "us-central1-a"}, "dimensions.zone", {"region": "us-east4"}),
        (QUOTA, "quotaId", "NVIDIA-H100-GPUS-per-project-region", "quotaId", "NVIDIA-T4-GPUS-per-project-region"),
        (QUOTA, "contactEmail", "ops", "contactEmail", "ops@b.example"),
        (TOPIC, "name", "google-topic", "name", "topic"),
        (TOPIC, "messageRetentionDuration", "60s", "messageRetentionDuration", "600s"),
        (TOPIC, "kmsKeyName", "weights", "kmsKeyName", KEY_ID),
        (BUDGET, "billingAccount", "my-account", "billingAccount", "billingAccounts/012345-6789AB-CDEF01"),
        (BUDGET, "displayName", "b" * 61, "displayName", "b" * 60),
        (BUDGET, "amount", {}, "amount", {"lastPeriodAmount": True}),
        (BUDGET, "amount.specifiedAmount.units", "99.5", "amount.specifiedAmount.units", "99"),
        (BUDGET, "budgetFilter.projects", ["acme"], "budgetFilter.projects[0]", ["projects/1"]),
        (BUDGET, "budgetFilter.labels", {"a": "x", "b": "y"}, "budgetFilter.labels", {"a": "x"}),
        (BUDGET, "thresholdRules.0.spendBasis", "SPENT", "thresholdRules[0].spendBasis", "CURRENT_SPEND"),
        (BUDGET, "thresholdRules.0.thresholdPercent", -1, "thresholdRules[0].thresholdPercent", 1.5),
        (BUDGET, "allUpdatesRule", {}, "allUpdatesRule", {"monitoringNotificationChannels": ["a"]}),
        (
            BUDGET,
            "allUpdatesRule.monitoringNotificationChannels",
            ["a"] * 6,
            "allUpdatesRule.monitoringNotificationChannels",
            ["a"] * 5,
        ),
        (CHANNEL, "labels", {}, "labels.email_address", {"email_address": "a@b.example"}),
        (CHANNEL, "labels.email_address", "ops", "labels.email_address", "a@b.example"),
        (CHANNEL, "sensitiveLabels", {}, "sensitiveLabels", {"password": "p"}),
        (JOB, f"{TASK}.timeout", "43201s", f"{TASK}.timeout", "43200s"),
        (JOB, f"{TASK}.maxRetries", 11, f"{TASK}.maxRetries", 10),
        (JOB, "template.parallelism", 3, "template.parallelism", 2),
        (JOB, "template.taskCount", 10001, "template.taskCount", 10000),
        (JOB, "location", "us-east1", "location", "us-east4"),
        (
            JOB,
            f"{TASK}.containers.0.resources.limits.cpu",
            "2",
            f"{TASK}.containers[0].resources.limits.cpu",
            "8",
        ),
        (
            RUN,
            "template.containers.0.resources.limits.cpu",
            "10",
            "template.containers[0].resources.limits.cpu",
            "6",
        ),
        (
            RUN,
            "template.containers.0.resources.limits.memory",
            "64Gi",
            "template.containers[0].resources.limits.memory",
            "16Gi",
        ),
        (
            RUN,
            "template.containers.0.resources.limits.memory",
            None,
            "template.containers[0].resources.limits.memory",
            "24Gi",
        ),
        (REPOSITORY, "format", "OCI", "format", "PYTHON"),
        (REPOSITORY, "mode", "PROXY", "mode", "STANDARD_REPOSITORY"),
        (REPOSITORY, "kmsKeyName", KEY_IN_EUROPE, "kmsKeyName", KEY_ID),
        (BUCKET, "location", "MARS", "location", "EU"),
        (BUCKET, "location", "IN", "customPlacementConfig", "ASIA1"),
        (BUCKET, "rpo", "ASYNC_TURBO", "rpo", "DEFAULT"),
        (BUCKET, "storageClass", "HOT", "storageClass", "NEARLINE"),
        (BUCKET, "publicAccessPrevention", "on", "publicAccessPrevention", "enforced"),
        (
            BUCKET,
            "softDeletePolicy.retentionDurationSeconds",
            3600,
            "softDeletePolicy.retentionDurationSeconds",
            604800,
        ),
        (
            BUCKET,
            "softDeletePolicy.retentionDurationSeconds",
            90 * 86400 + 1,
            "softDeletePolicy.retentionDurationSeconds",
            0,
        ),
        (BUCKET, "retentionPolicy.retentionPeriod", "0", "retentionPolicy.retentionPeriod", "2592000"),
        (BUCKET, "retentionPolicy.retentionPeriod", "3155760001", "retentionPolicy.retentionPeriod", "3155760000"),
        (BUCKET, "hierarchicalNamespace", {"enabled": True}, "hierarchicalNamespace", {"enabled": False}),
        (BUCKET, "encryption.defaultKmsKeyName", "weights", "encryption.defaultKmsKeyName", KEY_ID),
        (BUCKET, "encryption.defaultKmsKeyName", KEY_IN_EUROPE, "encryption.defaultKmsKeyName", UNKNOWN),
        (
            BUCKET,
            "lifecycleRules",
            [{"action": {"type": "SetStorageClass"}, "condition": {"age": 1}}],
            "lifecycleRules[0].action.storageClass",
            [{"action": {"type": "Delete"}, "condition": {"age": 1}}],
        ),
        (
            BUCKET,
            "lifecycleRules",
            [{"action": {"type": "Delete"}, "condition": {}}],
            "lifecycleRules[0].condition",
            [{"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}}],
        ),
        (CLUSTER, "gatewayApiConfig.channel", "STANDARD", "gatewayApiConfig.channel", "CHANNEL_STANDARD"),
        (
            CLUSTER,
            "loggingConfig.enableComponents",
            ["DCGM"],
            "loggingConfig.enableComponents[0]",
            ["SYSTEM_COMPONENTS", "WORKLOADS"],
        ),
        (
            CLUSTER,
            "monitoringConfig.enableComponents",
            ["SYSTEM_COMPONENTS", "GPU"],
            "monitoringConfig.enableComponents[1]",
            ["SYSTEM_COMPONENTS", "DCGM"],
        ),
        (CLUSTER, "databaseEncryption", {"state": "ON"}, "databaseEncryption.state", {"state": "DECRYPTED"}),
        (
            CLUSTER,
            "databaseEncryption",
            {"state": "ENCRYPTED"},
            "databaseEncryption.keyName",
            {"state": "ENCRYPTED", "keyName": KEY_ID},
        ),
        (
            CLUSTER,
            "databaseEncryption",
            {"state": "ENCRYPTED", "keyName": KEY_IN_EUROPE},
            "databaseEncryption.keyName",
            {"state": "ALL_OBJECTS_ENCRYPTION_ENABLED", "keyName": KEY_ID},
        ),
        (CLUSTER, "maintenancePolicy", {}, "maintenancePolicy", DAILY),
        (
            CLUSTER,
            "maintenancePolicy",
            {"dailyMaintenanceWindow": {"startTime": "3:00"}},
            "maintenancePolicy.dailyMaintenanceWindow.startTime",
            {"dailyMaintenanceWindow": {"startTime": "23:59"}},
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            window("weekends"),
            "maintenancePolicy.recurringWindow.recurrence",
            window("FREQ=WEEKLY;BYDAY=SA,SU"),
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            window("FREQ=WEEKLY;BYDAY=SA"),
            "maintenancePolicy.recurringWindow.recurrence",
            window("FREQ=DAILY"),
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            window("FREQ=DAILY", end="2026-01-03T05:00:00Z"),
            "maintenancePolicy.recurringWindow.endTime",
            window("FREQ=DAILY", end="2026-01-03T06:00:00Z"),
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            window("FREQ=DAILY", start="2026-01-03 02:00"),
            "maintenancePolicy.recurringWindow.startTime",
            window("FREQ=DAILY", start="2026-01-03T03:00:00+01:00"),
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            exclusion(),
            "maintenancePolicy.maintenanceExclusions[0]",
            exclusion(endTime="2026-12-01T00:00:00Z"),
        ),
        (
            CLUSTER,
            "maintenancePolicy",
            exclusion(endTime="2026-12-01T00:00:00Z", exclusionOptions={"scope": "ALL"}),
            "maintenancePolicy.maintenanceExclusions[0].exclusionOptions.scope",
            exclusion(endTime="2026-12-01T00:00:00Z", exclusionOptions={"scope": "NO_UPGRADES"}),
        ),
        (
            SECRET,
            "replication",
            {"auto": {"customerManagedEncryption": {"kmsKeyName": KEY_ID}}},
            "replication.auto.customerManagedEncryption.kmsKeyName",
            {"auto": {"customerManagedEncryption": {"kmsKeyName": KEY_ID.replace(REGION, "global")}}},
        ),
        (BUCKET, "deletionPolicy", "KEEP", "deletionPolicy", "PREVENT"),
    ],
)
def test_a_limit_refuses_what_breaks_it_and_accepts_what_keeps_it(
    google: GoogleApi, token: str, path: str, bad: Any, refused: str, good: Any
) -> None:
    assert refused_paths(google, token, changed(GOOGLE[token], path, bad)) == [refused]
    assert check(google, token, changed(GOOGLE[token], path, good)) == []


@pytest.mark.parametrize(
    ("token", "more", "refused"),
    [
        (FIREWALL, {"denies": [{"protocol": "all"}]}, ""),
        (FIREWALL, {"sourceServiceAccounts": ["a@b.example"]}, "sourceServiceAccounts"),
        (FIREWALL, {"direction": "EGRESS", "destinationRanges": ["10.0.0.0/8"]}, "sourceRanges"),
        (IDENTITY_PROVIDER, {"aws": {"accountId": "999999999999"}}, ""),
        (REPOSITORY, {"remoteRepositoryConfig": {}}, "remoteRepositoryConfig"),
        (REPOSITORY, {"virtualRepositoryConfig": {}}, "virtualRepositoryConfig"),
        (JOB, {"startExecutionToken": "a", "runExecutionToken": "b"}, "runExecutionToken"),
    ],
)
def test_what_excludes_something_else_is_refused_beside_it(
    google: GoogleApi, token: str, more: dict[str, Any], refused: str
) -> None:
    assert refused_paths(google, token, {**GOOGLE[token], **more}) == [refused]


@pytest.mark.parametrize(
    ("location", "pair", "refused"),
    [
        ("US", ["US-CENTRAL1", "US-EAST4"], []),
        ("EU", ["EUROPE-WEST1", "europe-west4"], []),
        ("US", ["US-CENTRAL1"], ["customPlacementConfig.dataLocations"]),
        ("US", ["US-CENTRAL1", "us-central1"], ["customPlacementConfig.dataLocations"]),
        ("EU", ["EUROPE-WEST1", "US-EAST4"], ["customPlacementConfig.dataLocations[1]"]),
        ("us-central1", ["US-CENTRAL1", "US-EAST4"], ["location"]),
        (UNKNOWN, ["US-CENTRAL1", "US-EAST4"], []),
        ("US", UNKNOWN, []),
    ],
)
def test_a_dual_region_of_ones_own_has_two_regions_of_one_part_of_the_world(
    google: GoogleApi, location: str, pair: Any, refused: list[str]
) -> None:
    inputs = {**GOOGLE[BUCKET], "location": location, "customPlacementConfig": {"dataLocations": pair}}
    assert refused_paths(google, BUCKET, {**inputs, "rpo": "ASYNC_TURBO"}) == refused


@pytest.mark.parametrize(
    ("form", "source", "refused"),
    [
        ("DOCKER", {"dockerRepository": {"publicRepository": "DOCKER_HUB"}}, []),
        ("DOCKER", {"commonRepository": {"uri": "https://registry.example"}}, []),
        ("PYTHON", {"pythonRepository": {"customRepository": {"uri": "https://pypi.example"}}}, []),
        ("DOCKER", {"dockerRepository": {"publicRepository": "QUAY"}}, ["dockerRepository.publicRepository"]),
        ("DOCKER", {"commonRepository": {"uri": "registry.example"}}, ["commonRepository.uri"]),
        ("DOCKER", {"pythonRepository": {"publicRepository": "PYPI"}}, ["pythonRepository"]),
        ("DOCKER", {"dockerRepository": {}}, ["dockerRepository"]),
        ("DOCKER", {"description": "mirror"}, [""]),
    ],
)
def test_a_mirror_says_of_what_it_is_one(
    google: GoogleApi, form: str, source: dict[str, Any], refused: list[str]
) -> None:
    inputs = {**GOOGLE[REPOSITORY], "format": form, "mode": "REMOTE_REPOSITORY", "remoteRepositoryConfig": source}
    assert refused_paths(google, REPOSITORY, inputs) == [f"remoteRepositoryConfig.{end}".rstrip(".") for end in refused]
    without = {**GOOGLE[REPOSITORY], "mode": "REMOTE_REPOSITORY"}
    assert refused_paths(google, REPOSITORY, without) == ["remoteRepositoryConfig"]


RICH: list[tuple[str, dict[str, Any]]] = [
    (
        BUCKET,
        {
            "location": "US",
            "customPlacementConfig": {"dataLocations": ["US-CENTRAL1", "US-EAST4"]},
            "rpo": "ASYNC_TURBO",
            "uniformBucketLevelAccess": True,
            "hierarchicalNamespace": {"enabled": True},
            "softDeletePolicy": {"retentionDurationSeconds": 604800},
            "retentionPolicy": {"retentionPeriod": "86400", "isLocked": True},
            "encryption": {"defaultKmsKeyName": KEY_ID.replace(REGION, "us")},
            "lifecycleRules": [{"action": {"type": "Delete"}, "condition": {"age": 1}}],
        },
    ),
    (
        CLUSTER,
        {
            "maintenancePolicy": {
                **window("FREQ=WEEKLY;BYDAY=SA,SU"),
                "maintenanceExclusions": exclusion(endTime="2026-12-01T00:00:00Z")["maintenanceExclusions"],
            },
            "databaseEncryption": {"state": "ENCRYPTED", "keyName": KEY_ID},
            "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]},
            "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
        },
    ),
    (
        POOL,
        {
            "initialNodeCount": 0,
            "queuedProvisioning": {"enabled": True},
            "placementPolicy": {"type": "COMPACT"},
            "upgradeSettings": {"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1},
            "nodeConfig": {
                "machineType": "a2-highgpu-1g",
                "diskType": "pd-ssd",
                "flexStart": True,
                "maxRunDuration": "3600s",
                "reservationAffinity": {"consumeReservationType": "NO_RESERVATION"},
                "ephemeralStorageLocalSsdConfig": {"localSsdCount": 2},
                "guestAccelerators": [{"type": "nvidia-tesla-a100", "count": 1, "gpuPartitionSize": "1g.5gb"}],
            },
        },
    ),
    (
        REPOSITORY,
        {
            "mode": "REMOTE_REPOSITORY",
            "remoteRepositoryConfig": {"dockerRepository": {"publicRepository": "DOCKER_HUB"}},
            "cleanupPolicies": [{"id": "keep", "action": "KEEP", "mostRecentVersions": {"keepCount": 3}}],
        },
    ),
]


def _places(value: Any, path: str = "") -> Iterator[str]:
    """The dotted path of everything inside a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (inner := f"{path}.{key}".lstrip("."))
        yield from _places(member, inner)


@pytest.mark.parametrize(("token", "more"), RICH)
def test_all_of_it_together_is_accepted_and_so_is_an_unknown_value_anywhere(
    google: GoogleApi, token: str, more: dict[str, Any]
) -> None:
    inputs = {**GOOGLE[token], **more}
    assert check(google, token, inputs) == []
    for path in _places(more):
        assert check(google, token, changed(inputs, path, UNKNOWN)) == [], path


def test_some_encryption_stays_allowed(google: GoogleApi) -> None:
    kinds = ("customerManaged", "customerSupplied", "googleManaged")
    modes = {f"{kind}EncryptionEnforcementConfig": {"restrictionMode": "FullyRestricted"} for kind in kinds}
    assert refused_paths(google, BUCKET, {**GOOGLE[BUCKET], "encryption": modes}) == ["encryption"]
    modes["customerManagedEncryptionEnforcementConfig"] = {"restrictionMode": "NotRestricted"}
    assert check(google, BUCKET, {**GOOGLE[BUCKET], "encryption": modes}) == []
