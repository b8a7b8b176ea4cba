"""What Google refuses about inputs: for each limit something that is refused, beside examples that are accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.property_diff import leaf_paths
from tests.sandbox.providers.examples import (
    ACCOUNT,
    API_SERVICE,
    BUCKET,
    BUCKET_MEMBER,
    CLUSTER,
    GOOGLE,
    NETWORK,
    POOL,
    PROJECT_MEMBER,
    REPOSITORY,
    RUN,
    SECRET,
    SUBNETWORK,
    changed,
    check,
    example,
    refused_paths,
)

GPU = "nodeConfig.guestAccelerators"
RTX = [{"type": "nvidia-rtx-pro-6000", "count": 1}]
LIMITS = "template.containers.0.resources.limits"
AT_LIMITS = "template.containers[0].resources.limits"


@pytest.mark.parametrize("token", list(GOOGLE))
def test_the_example_of_each_type_is_accepted(google: GoogleApi, token: str) -> None:
    assert check(google, token, example(token)) == []


@pytest.mark.parametrize(
    ("token", "path", "value", "refused"),
    [
        (NETWORK, "name", "Platform", "name"),
        (NETWORK, "name", "a" * 64, "name"),
        (SUBNETWORK, "region", "us-central1-a", "region"),
        (SUBNETWORK, "ipCidrRange", "10.0.0.1/20", "ipCidrRange"),
        (SUBNETWORK, "secondaryIpRanges.0.ipCidrRange", "10.0.0.0/8", "secondaryIpRanges[0].ipCidrRange"),
        (ACCOUNT, "accountId", "robot", "accountId"),
        (ACCOUNT, "accountId", "r" * 31, "accountId"),
        (ACCOUNT, "displayName", "r" * 101, "displayName"),
        (API_SERVICE, "service", "run", "service"),
        (BUCKET, "name", "ab", "name"),
        (BUCKET, "name", "w" * 64, "name"),
        (BUCKET, "name", "my-google-bucket", "name"),
        (BUCKET, "labels", {"Team": "ml"}, "labels.Team"),
        (BUCKET, "labels", {"1team": "ml"}, "labels.1team"),
        (BUCKET, "labels", {"team": "ML"}, "labels.team"),
        (BUCKET, "labels", {"team": "m" * 64}, "labels.team"),
        (BUCKET, "labels", {f"key{number}": "" for number in range(65)}, "labels"),
        (BUCKET_MEMBER, "member", "robot-one@acme.iam.gserviceaccount.com", "member"),
        (BUCKET_MEMBER, "member", "users:a@b.example", "member"),
        (BUCKET_MEMBER, "role", "storage.objectViewer", "role"),
        (PROJECT_MEMBER, "member", "serviceAccount:robot", "member"),
        (PROJECT_MEMBER, "role", "roles/", "role"),
        (SECRET, "secretId", "hub.token", "secretId"),
        (SECRET, "secretId", "s" * 256, "secretId"),
        (REPOSITORY, "repositoryId", "Images", "repositoryId"),
        (CLUSTER, "name", "m" * 41, "name"),
        (CLUSTER, "workloadIdentityConfig.workloadPool", "acme-models", "workloadIdentityConfig.workloadPool"),
        (CLUSTER, "releaseChannel.channel", "regular", "releaseChannel.channel"),
        (CLUSTER, "resourceLabels", {"Team": "ml"}, "resourceLabels.Team"),
        (CLUSTER, "nodeLocations", ["europe-west4-a"], "nodeLocations[0]"),
        (POOL, "name", "9pool", "name"),
        (POOL, "nodeLocations", ["us-east4-a"], "nodeLocations[0]"),
        (POOL, "nodeConfig.resourceLabels", {"team": "Ml"}, "nodeConfig.resourceLabels.team"),
        (POOL, "nodeConfig.labels", {"app.kubernetes.io/name": "x"}, "nodeConfig.labels.app.kubernetes.io/name"),
        (POOL, "nodeConfig.taints.0.effect", "NoSchedule", "nodeConfig.taints[0].effect"),
        (POOL, "nodeConfig.labels", {"app.kubernetes.io/owner": "ml"}, "nodeConfig.labels.app.kubernetes.io/owner"),
        (POOL, "nodeConfig.machineType", "e2-standard-4", "nodeConfig.guestAccelerators[0]"),
        (POOL, f"{GPU}.0.count", 1, "nodeConfig.guestAccelerators[0]"),
        (POOL, f"{GPU}.0.type", "nvidia-tesla-a100", "nodeConfig.guestAccelerators[0]"),
        (POOL, "autoscaling", {"totalMinNodeCount": 3, "totalMaxNodeCount": 2}, "autoscaling.totalMaxNodeCount"),
        (POOL, "autoscaling.totalMaxNodeCount", 0, "autoscaling.totalMaxNodeCount"),
        (POOL, "nodeConfig.flexStart", True, "nodeConfig.flexStart"),
        (
            POOL,
            "nodeConfig.reservationAffinity",
            {"consumeReservationType": "SPECIFIC_RESERVATION"},
            "nodeConfig.reservationAffinity",
        ),
        (RUN, "name", "h" * 50, "name"),
        (RUN, "location", "us-central1-a", "location"),
        (RUN, "location", "us-east1", "location"),
        (RUN, "ingress", "internal", "ingress"),
        (RUN, "template.annotations", {"run.googleapis.com/gpu": "1"}, "template.annotations.run.googleapis.com/gpu"),
        (RUN, "template.timeout", "3601s", "template.timeout"),
        (RUN, "template.timeout", "15m", "template.timeout"),
        (RUN, "template.maxInstanceRequestConcurrency", 1001, "template.maxInstanceRequestConcurrency"),
        (RUN, "template.nodeSelector.accelerator", "nvidia-h100", "template.nodeSelector.accelerator"),
        (RUN, "template.scaling.minInstanceCount", 2, "template.scaling.maxInstanceCount"),
        (RUN, "template.scaling.maxInstanceCount", None, "template.scaling.maxInstanceCount"),
        (RUN, f"{LIMITS}.cpu", "2", f"{AT_LIMITS}.cpu"),
        (RUN, f"{LIMITS}.cpu", "3900m", f"{AT_LIMITS}.cpu"),
        (RUN, f"{LIMITS}.memory", "8Gi", f"{AT_LIMITS}.memory"),
        (RUN, "template.containers.0.resources.cpuIdle", True, "template.containers[0].resources.cpuIdle"),
        (RUN, "template.containers.0.resources.cpuIdle", None, "template.containers[0].resources.cpuIdle"),
        (
            RUN,
            "template.containers.0.startupProbe.failureThreshold",
            181,
            "template.containers[0].startupProbe.failureThreshold",
        ),
        (
            RUN,
            "template.containers.0.startupProbe.timeoutSeconds",
            11,
            "template.containers[0].startupProbe.timeoutSeconds",
        ),
    ],
)
def test_what_breaks_a_limit_is_refused_at_its_path(
    google: GoogleApi, token: str, path: str, value: Any, refused: str
) -> None:
    assert refused_paths(google, token, changed(GOOGLE[token], path, value)) == [refused]


def test_a_gpu_is_asked_for_by_exactly_one_container_and_one_of_it(google: GoogleApi) -> None:
    inputs = example(RUN)
    limits = inputs["template"]["containers"][0]["resources"]["limits"]
    limits["nvidia.com/gpu"] = "2"
    assert refused_paths(google, RUN, inputs) == [AT_LIMITS]
    del limits["nvidia.com/gpu"]
    assert refused_paths(google, RUN, inputs) == ["template.containers"]
    twice = example(RUN)
    twice["template"]["containers"].append(copy.deepcopy(twice["template"]["containers"][0]))
    assert refused_paths(google, RUN, twice) == ["template.containers"]


def test_the_bigger_card_of_cloud_run_needs_20_cpus_and_80_gib(google: GoogleApi) -> None:
    inputs = example(RUN, "template.nodeSelector.accelerator", "nvidia-rtx-pro-6000")
    assert refused_paths(google, RUN, inputs) == [f"{AT_LIMITS}.cpu", f"{AT_LIMITS}.memory"]
    inputs["template"]["containers"][0]["resources"]["limits"] |= {"cpu": "20", "memory": "80Gi"}
    assert check(google, RUN, inputs) == []


def test_nodes_may_have_labels_of_ones_own_and_those_that_kubelets_take(google: GoogleApi) -> None:
    labels = {"acme.example/pool": "l4", "team": "ml", "node.kubernetes.io/pool": "l4"}
    assert check(google, POOL, example(POOL, "nodeConfig.labels", labels)) == []
    assert check(google, POOL, example(POOL, "nodeConfig.labels", UNKNOWN)) == []


def test_a_gpu_needs_its_type_named(google: GoogleApi) -> None:
    assert AT_LIMITS in refused_paths(google, RUN, example(RUN, "template.nodeSelector", None))


def test_without_a_gpu_a_start_may_take_600_seconds_only(google: GoogleApi) -> None:
    inputs = example(RUN, "template.nodeSelector", None)
    del inputs["template"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
    path = "template.containers[0].startupProbe.failureThreshold"
    assert refused_paths(google, RUN, inputs) == [path]
    assert check(google, RUN, changed(inputs, "template.containers.0.startupProbe.failureThreshold", 60)) == []


def rtx(machine: str, zone: str, disk: str = "hyperdisk-balanced") -> dict[str, Any]:
    node = {"machineType": machine, "guestAccelerators": RTX, "diskType": disk, "spot": True}
    return {**example(POOL, "nodeLocations", [zone]), "nodeConfig": node}


def test_an_accelerator_is_had_only_in_its_zones_and_parts_of_it_in_fewer(google: GoogleApi) -> None:
    assert check(google, POOL, rtx("g4-standard-48", "us-central1-f")) == []
    assert refused_paths(google, POOL, rtx("g4-standard-48", "us-central1-a")) == ["nodeLocations"]
    assert refused_paths(google, POOL, rtx("g4-standard-12", "us-central1-f")) == ["nodeLocations"]
    assert check(google, POOL, rtx("g4-standard-12", "us-central1-b")) == []
    inputs = {**example(POOL, "nodeLocations", None), "location": "us-west2"}
    assert refused_paths(google, POOL, inputs) == ["location"]


def test_machines_without_persistent_disk_need_a_hyperdisk(google: GoogleApi) -> None:
    assert refused_paths(google, POOL, rtx("g4-standard-48", "us-central1-b", "pd-balanced")) == ["nodeConfig.diskType"]
    without = rtx("g4-standard-48", "us-central1-b")
    del without["nodeConfig"]["diskType"]
    assert refused_paths(google, POOL, without) == ["nodeConfig.diskType"]


def test_some_machines_are_not_sold_on_demand(google: GoogleApi) -> None:
    node = {"machineType": "a3-highgpu-1g", "guestAccelerators": [{"type": "nvidia-h100-80gb", "count": 1}]}
    inputs = {**example(POOL), "nodeConfig": node}
    assert refused_paths(google, POOL, inputs) == ["nodeConfig.machineType"]
    assert check(google, POOL, changed(inputs, "nodeConfig.flexStart", True)) == []
    unscaled = changed(changed(inputs, "nodeConfig.flexStart", True), "autoscaling", None)
    assert refused_paths(google, POOL, unscaled) == ["nodeConfig.flexStart"]


@pytest.mark.parametrize(
    "member",
    [
        "allUsers",
        "user:a@acme.example",
        "group:a@acme.example",
        "domain:acme.example",
        "projectEditor:acme-models",
        "serviceAccount:acme-models.svc.id.goog[team-a/engine]",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/a/sa/b",
    ],
)
def test_every_form_of_an_iam_member_is_accepted(google: GoogleApi, member: str) -> None:
    assert check(google, BUCKET_MEMBER, example(BUCKET_MEMBER, "member", member)) == []


def test_roles_of_a_project_and_labels_of_other_alphabets_are_accepted(google: GoogleApi) -> None:
    assert check(google, BUCKET_MEMBER, example(BUCKET_MEMBER, "role", "projects/acme-models/roles/reader")) == []
    assert check(google, BUCKET, example(BUCKET, "labels", {"größe": "klein"})) == []


def _unknowns(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything inside a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from _unknowns(member, (*path, key))


@pytest.mark.parametrize("token", list(GOOGLE))
def test_an_unknown_value_at_any_place_is_no_reason_to_refuse(google: GoogleApi, token: str) -> None:
    ways = list(_unknowns(GOOGLE[token]))
    assert len(ways) == len(list(leaf_paths(GOOGLE[token], ""))) - 1
    for *way, last in ways:
        inputs = example(token)
        place: Any = inputs
        for key in way:
            place = place[key]
        place[last] = UNKNOWN
        assert check(google, token, inputs) == [], (*way, last)


def test_a_type_that_no_table_has_is_refused_and_says_where_to_add_it(google: GoogleApi) -> None:
    [(_, reason)] = check(google, "gcp:bigquery/dataset:Dataset", {"name": "x"})
    assert "does not know gcp:bigquery/dataset:Dataset: add it to sandbox/providers/gcp/types/" in reason


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (f"{GPU}.0.gpuDriverInstallationConfig", {"gpuDriverVersion": "NEWEST"}, "gpuDriverInstallationConfig"),
        (
            f"{GPU}.0.gpuSharingConfig",
            {"gpuSharingStrategy": "MPS", "maxSharedClientsPerGpu": 49},
            "gpuSharingConfig.maxSharedClientsPerGpu",
        ),
        (f"{GPU}.0.gpuPartitionSize", "1g.5gb", "gpuPartitionSize"),
        ("autoscaling.maxNodeCount", 2, "autoscaling"),
        (
            "nodeConfig.reservationAffinity",
            {"consumeReservationType": "ANY_RESERVATION"},
            "nodeConfig.reservationAffinity",
        ),
    ],
)
def test_how_a_gpu_is_driven_shared_and_bought_has_its_limits(
    google: GoogleApi, path: str, value: Any, named: str
) -> None:
    inputs = changed(example(POOL), "nodeConfig.spot", True)
    assert check(google, POOL, inputs) == []
    [refused] = refused_paths(google, POOL, changed(inputs, path, value))
    assert named in refused


def test_flex_start_runs_for_a_week_at_most(google: GoogleApi) -> None:
    inputs = changed(example(POOL), "nodeConfig.spot", False)
    inputs = changed(inputs, "nodeConfig.flexStart", True)
    assert check(google, POOL, changed(inputs, "nodeConfig.maxRunDuration", "604800s")) == []
    longer = changed(inputs, "nodeConfig.maxRunDuration", "604801s")
    assert refused_paths(google, POOL, longer) == ["nodeConfig.maxRunDuration"]
