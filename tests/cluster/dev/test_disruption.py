"""What goes and what comes back: evictions, the budgets that limit them, and a GPU node that is drained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.inference_service import API_VERSION, KIND
from sandbox.cluster.api_server import ApiError, ApiServer, Object
from sandbox.cluster.node_objects import POOL_LABEL
from tests.cluster.conftest import Stage, condition, eventually, no_new_pods

NAMESPACE, MODEL = "team-payments", "assistant"
#: No team's, so that no policy has business with what is in it.
SPARE = "disruption"
LABELS = {INFERENCE_SERVICE_LABEL: "pair"}
#: As the platform writes it for a model of more than one replica (components/kubernetes/gemma_deployment.py).
BUDGET = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}


def evict(api: ApiServer, pod: Object) -> None:
    """Asks for a pod's eviction, as a drain does. Raises ApiError with status 429 where a budget forbids it."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    api.request("POST", api.kind("v1", "Pod").path(namespace, name, "eviction"), body=eviction)


def is_ready(pod: Object) -> bool:
    return condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]


def engines(stage: Stage) -> list[Object]:
    """The model's pods that are ready."""
    pods = stage.api.list("v1", "Pod", NAMESPACE, labels=f"{INFERENCE_SERVICE_LABEL}={MODEL}")
    return [pod for pod in pods if is_ready(pod)]


def node_of(stage: Stage, pod: Object) -> Object:
    return stage.one("v1", "Node", pod["spec"]["nodeName"])


def test_a_drained_gpu_nodes_pod_comes_back_on_a_new_node_of_its_pool(dev: Stage) -> None:
    before = eventually(lambda: engines(dev), "the model has a pod that is ready")
    (pod,) = before
    old = node_of(dev, pod)
    dev.api.patch(old, {"spec": {"unschedulable": True}})
    try:
        evict(dev.api, pod)
        (again,) = eventually(
            lambda: [one for one in engines(dev) if one["metadata"]["uid"] != pod["metadata"]["uid"]],
            "another pod of the model is ready",
        )
        new = node_of(dev, again)
        assert new["metadata"]["name"] != old["metadata"]["name"]
        assert new["metadata"]["labels"][POOL_LABEL] == old["metadata"]["labels"][POOL_LABEL]
        assert again["spec"]["containers"][0]["args"] == pod["spec"]["containers"][0]["args"]
        eventually(
            lambda: condition(dev.one(API_VERSION, KIND, MODEL, NAMESPACE), "Ready").get("status") == "True",
            "the model is ready again",
        )
        # what was drained is empty, and goes as an idle node does
        eventually(lambda: dev.api.get("v1", "Node", old["metadata"]["name"]) is None, "the drained node is taken away")
    finally:
        with contextlib.suppress(ApiError):
            dev.api.patch(old, {"spec": {"unschedulable": None}})


@pytest.fixture
def pair(dev: Stage) -> Iterator[None]:
    """Two pods of one Deployment with a model's budget. dev's own model has one replica, and so no budget."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPARE}}
    metadata = {"name": "pair", "namespace": SPARE}
    template = {
        "metadata": {"labels": LABELS},
        "spec": {"containers": [{"name": "a", "image": "docker.io/library/busybox:1"}]},
    }
    made = [
        namespace,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template},
        },
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": BUDGET},
    ]
    for one in made:
        dev.api.apply(one, SPARE)
    yield
    dev.api.delete(namespace)


def test_a_budget_lets_one_replica_go_at_a_time(dev: Stage, pair: None) -> None:
    def ready() -> list[Object]:
        return [pod for pod in dev.api.list("v1", "Pod", SPARE) if is_ready(pod)]

    def allowed() -> bool:
        status = dev.one("policy/v1", "PodDisruptionBudget", "pair", SPARE).get("status") or {}
        return status.get("disruptionsAllowed") == 1

    eventually(lambda: len(ready()) == 2 and allowed(), "both are ready, and one may go")
    first, second = ready()
    # one that came would be ready at once, and the second one free to go
    with no_new_pods(dev.api, SPARE):
        evict(dev.api, first)
        with pytest.raises(ApiError, match="would violate the pod's disruption budget") as refusal:
            evict(dev.api, second)
    assert refusal.value.status == 429
    # once another is there the other may go
    eventually(lambda: len(ready()) == 2 and allowed(), "the first one is replaced")
    evict(dev.api, second)


def test_budgets_of_the_platforms_parts_never_hold_up_a_node_while_each_runs_once(dev: Stage) -> None:
    """Without high availability nothing runs twice: a budget that keeps one would keep its node for ever."""
    budgets = [one for one in dev.api.list("policy/v1", "PodDisruptionBudget") if one["metadata"]["namespace"] != SPARE]
    assert budgets
    held = [
        one["metadata"]["name"]
        for one in budgets
        if one["status"]["expectedPods"] and not one["status"]["disruptionsAllowed"]
    ]
    assert held == []
