"""When an object counts as ready."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.readiness import Verdict, verdict


def judged(api_version: str, kind: str, *, slices: list[Any] | None = None, **parts: Any) -> Verdict:
    metadata = {"name": "a", "namespace": "b", "generation": 2, **parts.pop("metadata", {})}
    live = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {}, **parts}
    return verdict(live, lambda _: slices or [])


def condition(name: str, status: str = "True", **more: Any) -> dict[str, Any]:
    return {"type": name, "status": status, **more}


ROLLED_OUT = {
    "observedGeneration": 2,
    "replicas": 2,
    "updatedReplicas": 2,
    "availableReplicas": 2,
    "conditions": [condition("Progressing", reason="NewReplicaSetAvailable"), condition("Available")],
}


def test_a_deployment_is_ready_when_its_new_pods_are_available_and_the_old_ones_gone() -> None:
    spec = {"replicas": 2}
    assert judged("apps/v1", "Deployment", spec=spec, status=ROLLED_OUT).ready
    for change in (
        {"observedGeneration": 1},
        {"replicas": 3},
        {"updatedReplicas": 1},
        {"availableReplicas": 1},
        {"conditions": [condition("Progressing", reason="ReplicaSetUpdated")]},
    ):
        assert not judged("apps/v1", "Deployment", spec=spec, status=ROLLED_OUT | change).ready


def test_a_deployment_that_is_not_ready_says_which_condition_fails() -> None:
    failing = condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="has timed out")
    status = ROLLED_OUT | {"availableReplicas": 0, "conditions": [failing]}
    found = judged("apps/v1", "Deployment", spec={"replicas": 2}, status=status)
    assert found.status == (
        "2 of 2 pods updated, 0 available; Progressing=False (ProgressDeadlineExceeded: has timed out)"
    )


def test_a_job_is_ready_when_complete_and_in_vain_when_failed() -> None:
    assert judged("batch/v1", "Job", status={"conditions": [condition("Complete")]}).ready
    assert judged("batch/v1", "Job", status={"conditions": [condition("Failed", reason="BackoffLimit")]}).hopeless
    assert judged("batch/v1", "Job") == Verdict(False, "not complete; no conditions yet")


def test_sets_wait_for_all_of_their_pods() -> None:
    stateful = {"observedGeneration": 2, "readyReplicas": 1, "updateRevision": "x", "currentRevision": "x"}
    assert judged("apps/v1", "StatefulSet", spec={"replicas": 1}, status=stateful).ready
    assert not judged("apps/v1", "StatefulSet", spec={"replicas": 1}, status=stateful | {"currentRevision": "w"}).ready
    daemons = {"observedGeneration": 2, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}
    assert judged("apps/v1", "DaemonSet", status=daemons).ready
    assert not judged("apps/v1", "DaemonSet", status=daemons | {"numberAvailable": 2}).ready


def test_a_service_needs_a_ready_pod_where_it_selects_some() -> None:
    spec = {"selector": {"app": "a"}, "type": "ClusterIP"}
    ready = {"endpoints": [{"conditions": {"ready": True}}]}
    unready = {"endpoints": [{"conditions": {"ready": False}}]}
    assert judged("v1", "Service", spec=spec, slices=[unready, ready]).ready
    assert not judged("v1", "Service", spec=spec, slices=[unready]).ready
    assert judged("v1", "Service", spec=spec | {"clusterIP": "None"}).ready
    assert judged("v1", "Service", spec={"type": "ExternalName"}).ready
    assert judged("v1", "Service").ready


def test_a_service_of_knative_is_not_one_of_kubernetes() -> None:
    assert judged("serving.knative.dev/v1", "Service", spec={"selector": {"a": "b"}}).ready


def test_namespaces_definitions_and_quotas_have_their_own_signs() -> None:
    assert judged("v1", "Namespace", status={"phase": "Active"}).ready
    assert not judged("v1", "Namespace", status={"phase": "Terminating"}).ready
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert judged(*definition, status={"conditions": [condition("Established")]}).ready
    assert not judged(*definition).ready
    assert judged(*definition, status={"conditions": [condition("NamesAccepted", "False")]}).hopeless
    assert not judged("v1", "ResourceQuota", spec={"hard": {"pods": "1"}}).ready


def test_other_kinds_are_ready_at_once() -> None:
    for kind in ("ServiceAccount", "PersistentVolumeClaim", "ConfigMap"):
        assert judged("v1", kind).ready


@pytest.mark.parametrize(
    ("wish", "ready"),
    [
        ("condition=Ready", True),
        ("condition=Ready=False", False),
        ("condition=Missing", False),
        ("jsonpath={.status.phase}=Done", True),
        ("jsonpath={.status.phase}=Other", False),
        ("jsonpath={.status.none}", False),
        ("jsonpath={.status.list[0].name}=a", True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', True),
        ("jsonpath={.status.count}=3", True),
        ('["condition=Ready", "jsonpath={.status.phase}=Other"]', False),
    ],
)
def test_an_annotation_says_what_to_wait_for(wish: str, ready: bool) -> None:
    status = {"conditions": [condition("Ready")], "phase": "Done", "list": [{"name": "a"}], "count": 3}
    metadata = {"annotations": {"pulumi.com/waitFor": wish}}
    assert judged("a/v1", "Any", metadata=metadata, status=status).ready is ready


def test_a_condition_of_the_object_before_its_change_does_not_count() -> None:
    metadata = {"annotations": {"pulumi.com/waitFor": "condition=Ready"}}
    status = {"observedGeneration": 1, "conditions": [condition("Ready")]}
    assert not judged("a/v1", "Any", metadata=metadata, status=status).ready


@pytest.mark.parametrize("wish", ["ready", "condition", '["a', "[1]", "jsonpath={.a..b}=c"])
def test_an_annotation_that_nobody_understands_is_refused(wish: str) -> None:
    with pytest.raises(CloudError, match="waitFor"):
        judged("a/v1", "Any", metadata={"annotations": {"pulumi.com/waitFor": wish}}, a={"b": 1})


def test_an_object_may_ask_not_to_be_waited_for() -> None:
    assert judged("batch/v1", "Job", metadata={"annotations": {"pulumi.com/skipAwait": "true"}}).ready
