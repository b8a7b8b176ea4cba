"""What Cluster keeps shut, keeps and refuses. Whether Google accepts it is for a real project to show."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockResourceArgs
from pulumi.runtime.rpc import UNKNOWN, _special_secret_sig, _special_sig_key

from components.google.cluster import Cluster, ClusterArgs
from components.google.maintenance import MaintenanceWindow, check_window
from tests.unit.components import registering
from tests.unit.components.registering import Program, previews_the_same, register

CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
EMAIL = "gemma-dev-nodes@p.iam.gserviceaccount.com"
KEY = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/cluster"
ENDPOINT = "gke-1.us-central1.gke.goog"
LABELS = {"owner": "ml-platform"}
WINDOW = MaintenanceWindow(
    start_time="2026-01-03T02:00:00Z", end_time="2026-01-03T08:00:00Z", recurrence="FREQ=WEEKLY;BYDAY=SA,SU"
)


@pytest.fixture(autouse=True)
def _google_computes_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared stand-in answers with the inputs; of a cluster Google also computes the endpoint's name, and a preview does
    not know it."""
    answer = registering.Computed.new_resource

    def new_resource(self: Any, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        resource_id, state = answer(self, args)
        if args.typ == CLUSTER:
            endpoints = {**state["controlPlaneEndpointsConfig"]}
            name = UNKNOWN if self.preview else ENDPOINT
            endpoints["dnsEndpointConfig"] = {**endpoints["dnsEndpointConfig"], "endpoint": name}
            state = {**state, "controlPlaneEndpointsConfig": endpoints}
        return resource_id, state

    monkeypatch.setattr(registering.Computed, "new_resource", new_resource)


def arguments(**changes: object) -> ClusterArgs:
    args = {
        "name": "gemma-dev",
        "project": "p",
        "location": "us-central1-a",
        "node_locations": ["us-central1-a"],
        "network_id": "network",
        "subnetwork_id": "subnetwork",
        "node_account_id": "gemma-dev-nodes",
        "system_machine_type": "e2-standard-4",
        "system_nodes_per_zone": 1,
        "deletion_protection": True,
        "labels": LABELS,
    }
    return ClusterArgs(**{**args, **changes})  # type: ignore[typeddict-item]


def program(**changes: object) -> Program:
    return register(lambda: Cluster("cluster", arguments(**changes)))


def cluster(**changes: object) -> dict[str, Any]:
    return program(**changes).one(CLUSTER).inputs


def test_the_only_way_in_is_the_dns_endpoint_which_asks_for_an_identity() -> None:
    inputs = cluster()
    assert inputs["controlPlaneEndpointsConfig"] == {
        "dnsEndpointConfig": {"allowExternalTraffic": True},
        "ipEndpointsConfig": {"enabled": False},
    }
    assert inputs["privateClusterConfig"]["enablePrivateNodes"] is True
    assert inputs["masterAuth"] == {"clientCertificateConfig": {"issueClientCertificate": False}}


def test_what_the_platform_builds_on_is_on() -> None:
    inputs = cluster()
    assert inputs["workloadIdentityConfig"] == {"workloadPool": "p.svc.id.goog"}
    assert inputs["datapathProvider"] == "ADVANCED_DATAPATH"  # enforces the teams' network policies
    assert inputs["gatewayApiConfig"] == {"channel": "CHANNEL_STANDARD"}
    assert inputs["addonsConfig"] == {
        "gcsFuseCsiDriverConfig": {"enabled": True},
        "gcePersistentDiskCsiDriverConfig": {"enabled": True},
    }
    assert inputs["loggingConfig"]["enableComponents"] == ["SYSTEM_COMPONENTS", "WORKLOADS"]
    assert set(inputs["monitoringConfig"]["enableComponents"]) == {"SYSTEM_COMPONENTS", "DCGM"}
    assert inputs["monitoringConfig"]["managedPrometheus"]["enabled"] is True
    assert inputs["enableShieldedNodes"] is True


def test_nothing_is_said_about_what_was_not_asked_for() -> None:
    assert not cluster().keys() & {
        "databaseEncryption",
        "maintenancePolicy",
        "securityPostureConfig",
        "authenticatorGroupsConfig",
        "secretManagerConfig",
    }


@pytest.mark.parametrize("protected", [True, False])
def test_a_protected_cluster_is_neither_deleted_by_google_nor_replaced_by_pulumi(protected: bool) -> None:
    registered = program(deletion_protection=protected)
    resource = registered.one(CLUSTER)
    assert (resource.inputs["deletionProtection"], resource.protect) == (protected, protected)
    assert not any(other.protect for other in registered.children if other is not resource)  # pools may be replaced


def test_secrets_in_the_cluster_are_encrypted_by_a_key_that_may_be_known_later() -> None:
    encryption = {"state": "ENCRYPTED", "keyName": KEY}
    assert cluster(database_encryption_key=pulumi.Output.from_input(KEY))["databaseEncryption"] == encryption
    assert cluster(database_encryption_key=KEY)["databaseEncryption"] == encryption


def test_maintenance_recurs_in_the_window() -> None:
    assert cluster(maintenance_window=WINDOW)["maintenancePolicy"] == {
        "recurringWindow": {
            "startTime": "2026-01-03T02:00:00Z",
            "endTime": "2026-01-03T08:00:00Z",
            "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
        }
    }


def test_the_security_posture_is_the_basic_one_without_scanning() -> None:
    assert cluster(security_posture=True)["securityPostureConfig"] == {"mode": "BASIC"}


def test_pods_mount_secrets_that_follow_new_versions_where_that_is_asked_for() -> None:
    assert cluster(secret_manager=True)["secretManagerConfig"] == {"enabled": True, "rotationConfig": {"enabled": True}}


def test_a_security_group_names_who_may_be_bound_to_roles() -> None:
    group = "gke-security-groups@example.com"
    assert cluster(security_group=group)["authenticatorGroupsConfig"] == {"securityGroup": group}


def test_no_node_runs_as_the_projects_default_account_not_even_for_the_minutes_of_the_default_pool() -> None:
    registered = program()
    resource, pool = registered.one(CLUSTER), registered.one(POOL)
    assert resource.inputs["removeDefaultNodePool"] is True
    for config in (resource.inputs["nodeConfig"], pool.inputs["nodeConfig"]):
        assert config["serviceAccount"] == EMAIL
        assert config["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    # Google reports another pool's configuration there once the default pool is gone
    assert resource.ignored_changes == ("nodeConfig",)


def test_nodes_have_their_rights_before_they_start_and_no_others() -> None:
    registered = program()
    grants = registered.of("gcp:projects/iAMMember:IAMMember")
    assert {grant.inputs["role"] for grant in grants} == {
        "roles/artifactregistry.reader",
        "roles/container.defaultNodeServiceAccount",
    }
    assert {grant.inputs["member"] for grant in grants} == {f"serviceAccount:{EMAIL}"}
    needed = " ".join(registered.one(CLUSTER).dependencies)
    assert all(grant.name in needed for grant in grants)


def test_the_system_pool_is_upgraded_without_taking_its_only_node_away() -> None:
    pool = program().one(POOL).inputs
    assert pool["upgradeSettings"] == {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0}
    assert pool["management"] == {"autoRepair": True, "autoUpgrade": True}
    config = pool["nodeConfig"]
    assert (config["diskType"], config["diskSizeGb"]) == ("pd-balanced", 100)
    assert config["labels"] == config["resourceLabels"] == LABELS
    assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert "taints" not in config  # system pods would have nowhere to run


def test_machines_that_refuse_the_usual_disk_can_have_another() -> None:
    config = program(system_machine_type="n4-standard-4", system_disk_type="hyperdisk-balanced", system_disk_gb=50.0)
    node = config.one(POOL).inputs["nodeConfig"]
    assert (node["machineType"], node["diskType"], node["diskSizeGb"]) == ("n4-standard-4", "hyperdisk-balanced", 50)


@pytest.mark.parametrize(
    ("location", "zones", "sent"),
    [
        ("us-central1-a", ["us-central1-a"], None),  # Google refuses a zonal cluster's own zone
        ("us-central1", ["us-central1-a", "us-central1-b"], ["us-central1-a", "us-central1-b"]),
    ],
)
def test_a_zonal_cluster_does_not_name_its_own_zone_again(location: str, zones: list[str], sent: object) -> None:
    registered = program(location=location, node_locations=zones)
    assert registered.one(CLUSTER).inputs.get("nodeLocations") == sent
    assert registered.one(POOL).inputs["nodeLocations"] == zones


def test_the_kubeconfig_is_secret_and_reaches_the_dns_endpoint() -> None:
    kubeconfig = program().outputs["kubeconfig"]
    assert kubeconfig[_special_sig_key] == _special_secret_sig
    assert json.loads(kubeconfig["value"])["clusters"][0]["cluster"] == {"server": f"https://{ENDPOINT}"}


def test_a_preview_registers_the_same() -> None:
    args = arguments(maintenance_window=WINDOW, security_posture=True, secret_manager=True)
    assert previews_the_same(lambda: Cluster("cluster", args))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start_time": "2026-01-03 02:00"}, "start_time '2026-01-03 02:00' is no time such as"),
        ({"start_time": "2026-02-30T02:00:00Z"}, "start_time '2026-02-30T02:00:00Z' is no time"),
        ({"end_time": "2026-01-03T08:00:00"}, "end_time"),  # without an offset nobody knows when
        ({"end_time": "2026-01-03T05:00:00Z"}, "is 3 hours long; at least 4"),
        ({"end_time": "2026-01-02T08:00:00Z"}, "is -18 hours long"),
        ({"recurrence": "every sunday"}, "'every sunday' is no rule of RFC 5545"),
        ({"recurrence": "FREQ=WEEKLY;BYDAY=SU"}, "comes to 24 hours in 32 days; at least 48"),
        ({"recurrence": "FREQ=WEEKLY"}, "comes to 24 hours"),
    ],
)
def test_a_window_that_google_refuses_is_refused_before_anything_is_registered(
    change: dict[str, str], message: str
) -> None:
    window = {**WINDOW, **change}
    with pytest.raises(ValueError, match=message):
        Cluster("cluster", arguments(maintenance_window=window))  # outside a program nothing could be registered


@pytest.mark.parametrize(
    ("recurrence", "hours"),
    [
        ("FREQ=DAILY", 4),
        ("FREQ=WEEKLY;BYDAY=SA,SU", 6),
        ("FREQ=WEEKLY", 12),
        ("FREQ=MONTHLY;BYMONTHDAY=1", 4),  # not counted here: Google says
    ],
)
def test_windows_of_enough_hours_are_accepted(recurrence: str, hours: int) -> None:
    check_window(
        MaintenanceWindow(
            start_time="2026-01-03T00:00:00+01:00", end_time=f"2026-01-03T{hours:02}:00:00+01:00", recurrence=recurrence
        )
    )
