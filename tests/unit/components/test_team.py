"""What a team consists of: objects that the API takes, who may do what, and what keeps it from being removed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.kubernetes import team_metrics
from components.kubernetes.team import Team, TeamArgs
from components.kubernetes.team_roles import READ
from tests.unit.components.registering import Program, register_objects
from tests.unit.components.test_team_quota import workload

LABELS = {"app.kubernetes.io/owner": "o", "cost-center": "c", "team": "a"}
NAMESPACE, BINDING, ROLE = (
    f"kubernetes:{kind}"
    for kind in ("core/v1:Namespace", "rbac.authorization.k8s.io/v1:RoleBinding", "rbac.authorization.k8s.io/v1:Role")
)


def team(**changes: Any) -> TeamArgs:
    """A team with one deployment and both groups."""
    args: dict[str, Any] = {
        "namespace": "team-a",
        "contact": "a@example.com",
        "group": "a@example.com",
        "on_call_group": "on-call@example.com",
        "on_call_guard": "gemma-platform-on-call",
        "project": "p",
        "project_number": "123",
        "bucket": "models",
        "bucket_name": "models",
        "checkpoints": ["google/gemma-4-E4B-it"],
        "pod_security": "restricted",
        "workloads": [workload(), workload(name="fast", standard_mode=True, caller_namespaces=["web"])],
        "labels": LABELS,
        **changes,
    }
    return TeamArgs(**args)


def made(**changes: Any) -> Program:
    return register_objects(lambda: Team("a", team(**changes)))


def kinds(program: Program) -> list[tuple[str, str]]:
    return sorted((resource.type.rpartition(":")[2], resource.name) for resource in program.children)


def test_everything_of_a_team_is_in_its_namespace_with_its_labels_and_valid() -> None:
    program = made()
    assert [kind for kind, _ in kinds(program)] == [
        "BucketIAMMember",
        "LimitRange",
        "Namespace",
        *["NetworkPolicy"] * 7,
        "PodMonitoring",
        "ResourceQuota",
        "Role",
        "Role",
        "RoleBinding",
        "RoleBinding",
        "RoleBinding",
        "ServiceAccount",
    ]
    for resource in program.children:
        if resource.type not in (NAMESPACE, "gcp:storage/bucketIAMMember:BucketIAMMember"):
            metadata = resource.inputs["metadata"]
            assert (metadata["namespace"], metadata["labels"]) == ("team-a", LABELS), resource.name


def test_a_preview_shows_what_an_update_makes() -> None:
    assert kinds(register_objects(lambda: Team("a", team()), preview=True)) == kinds(made())


@pytest.mark.parametrize("level", ["restricted", "baseline"])
def test_the_namespace_tells_its_team_and_its_pod_security_for_a_fixed_version(level: str) -> None:
    labels = made(pod_security=level).one(NAMESPACE).inputs["metadata"]["labels"]
    assert labels == {
        **LABELS,
        "gemma-platform/team": "a",
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/enforce-version": "v1.35",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.35",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": "v1.35",
    }


def test_nothing_inside_is_protected_since_a_refusal_would_come_when_the_rest_is_gone() -> None:
    assert [resource.name for resource in made().resources if resource.protect] == []


def test_models_have_an_identity_that_reads_their_checkpoints_and_no_token_of_the_cluster() -> None:
    program = made(checkpoints=["google/gemma-4-E4B-it", "org/other"])
    account = program.one("kubernetes:core/v1:ServiceAccount")
    assert account.inputs["metadata"]["name"] == "models"
    assert account.inputs["automountServiceAccountToken"] is False
    grants = program.of("gcp:storage/bucketIAMMember:BucketIAMMember")
    for grant, checkpoint in zip(grants, ["google/gemma-4-E4B-it", "org/other"], strict=True):
        assert grant.inputs["role"] == "roles/storage.objectViewer"
        assert f"objects/{checkpoint}/" in grant.inputs["condition"]["expression"]
        assert grant.inputs["member"] == (
            "principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p.svc.id.goog"
            "/subject/ns/team-a/sa/models"
        )
    assert program.outputs == {"namespace": "team-a", "service_account": "models"}


def rights(program: Program, group: str) -> set[tuple[str, str, str]]:
    """(API group, resource, verb) of everything that a group may do by the roles made here; `view` stands for itself."""
    rules = {role.inputs["metadata"]["name"]: role.inputs["rules"] for role in program.of(ROLE)}
    found: set[tuple[str, str, str]] = set()
    for binding in program.of(BINDING):
        if [subject["name"] for subject in binding.inputs["subjects"]] != [group]:
            continue
        role = binding.inputs["roleRef"]
        if role["kind"] == "ClusterRole":
            found.add(("", role["name"], "*"))
            continue
        for rule in rules[role["name"]]:
            found |= {(g, r, verb) for g in rule["apiGroups"] for r in rule["resources"] for verb in rule["verbs"]}
    return found


def test_the_teams_group_sees_everything_and_changes_nothing() -> None:
    granted = rights(made(), "a@example.com")
    assert ("", "view", "*") in granted
    assert granted - {("", "view", "*")} == {
        (group, "*", verb) for group in ("serving.kserve.io", "keda.sh", "monitoring.googleapis.com") for verb in READ
    }


def test_those_on_call_delete_pods_and_patch_deployments_and_change_nothing_else() -> None:
    granted = rights(made(), "on-call@example.com")
    assert {right for right in granted if right[2] not in READ} == {
        ("", "pods", "delete"),
        # `patch` without `update` is what the admission policy knows them by
        ("serving.kserve.io", "inferenceservices", "patch"),
    }
    assert {(group, resource) for group, resource, _ in granted} == {
        ("", "pods"),
        ("serving.kserve.io", "inferenceservices"),
    }


def test_the_right_to_patch_waits_for_the_policy_that_bounds_it() -> None:
    bindings = {binding.name: binding.inputs["metadata"].get("annotations") for binding in made().of(BINDING)}
    assert bindings == {
        "a-view": None,
        "a-view-models": None,
        "a-on-call": {"gemma-platform/guarded-by": "gemma-platform-on-call"},
    }


def test_without_groups_nobody_gets_a_right() -> None:
    args = team()
    del args["group"], args["on_call_group"]
    assert not {"Role", "RoleBinding"} & {kind for kind, _ in kinds(register_objects(lambda: Team("a", args)))}


def test_metrics_of_engine_and_queue_proxy_are_kept_and_say_whose_they_are() -> None:
    spec = team_metrics.make_spec()
    kept = {endpoint["port"]: re.compile(endpoint["metricRelabeling"][0]["regex"]) for endpoint in spec["endpoints"]}
    assert kept[8080].fullmatch("vllm:num_requests_running")
    assert kept[8080].fullmatch("vllm:time_to_first_token_seconds_bucket")
    assert not kept[8080].fullmatch("python_gc_objects_collected_total")
    assert kept["http-usermetric"].fullmatch("kn_serving_invocation_duration_seconds_count")
    # what Managed Prometheus writes itself can be neither asked for nor overwritten
    written = {"project_id", "location", "cluster", "namespace", "job", "instance"}
    assert not written & {label["to"] for label in spec["targetLabels"]["fromPod"]}
    assert "namespace" not in spec["targetLabels"]["metadata"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pod_security": "privileged"}, "pod_security is 'privileged'; allowed: restricted, baseline"),
        ({"labels": {"owner": "o"}}, "labels has no 'team'"),
        ({"workloads": [workload(most=0)]}, "max_replicas of 'assistant' is 0"),
        ({"google_apis_range": "any"}, "google_apis_range is 'any'"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Team("a", team(**changes))


def test_nobody_is_on_call_without_the_policy_that_bounds_them() -> None:
    args = team()
    del args["on_call_guard"]
    with pytest.raises(ValueError, match="on_call_group needs on_call_guard"):
        Team("a", args)
