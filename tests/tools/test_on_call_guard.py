"""Which changes of an InferenceService those on call may make, judged by the API server's own evaluator of admission policies."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from components.kubernetes.inference_service import MODE, STOP
from components.kubernetes.on_call_guard import make_policy
from tests.tools.api_server_policy import refusals

pytestmark = pytest.mark.tools

ON_CALL, DEPLOYER, NO_ANSWER = ["get", "list", "watch", "patch"], ["patch", "update"], ["error"]
Object = dict[str, Any]

SERVED: Object = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {
        "name": "chat",
        "namespace": "team-a",
        "labels": {"team": "a"},
        "annotations": {MODE: "Knative"},
        "finalizers": ["inferenceservice.finalizers"],
        "resourceVersion": "1",
    },
    "spec": {"predictor": {"minReplicas": 1, "containers": [{"name": "kserve-container", "args": ["--port=8080"]}]}},
}


def changed(before: Object, change: Callable[[Object], Any]) -> Object:
    after = copy.deepcopy(before)
    change(after)
    return after


def annotated(before: Object, **annotations: str) -> Object:
    return changed(before, lambda one: one["metadata"].setdefault("annotations", {}).update(annotations))


STOPPED = annotated(SERVED, **{STOP: "true"})
BARE = changed(SERVED, lambda one: [one["metadata"].pop(key) for key in ("annotations", "labels", "finalizers")])
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}

#: (before, after) by what is done.
ALLOWED: dict[str, tuple[Object, Object]] = {
    "stop": (SERVED, STOPPED),
    "start": (STOPPED, SERVED),
    "start by false": (STOPPED, annotated(STOPPED, **{STOP: "false"})),
    "nothing": (SERVED, SERVED),
    "what the server itself writes": (SERVED, changed(STOPPED, lambda one: one["metadata"].update(managedFields=[{}]))),
    "stop without annotations before": (BARE, annotated(BARE, **{STOP: "true"})),
    "start without annotations after": (annotated(BARE, **{STOP: "true"}), BARE),
}
DENIED: dict[str, tuple[Object, Object]] = {
    "another value": (SERVED, annotated(SERVED, **{STOP: "yes"})),
    "another annotation": (SERVED, annotated(SERVED, note="x")),
    "another mode": (SERVED, annotated(SERVED, **{MODE: "Standard"})),
    "an annotation less": (SERVED, changed(SERVED, lambda one: one["metadata"]["annotations"].clear())),
    "no annotations": (SERVED, changed(SERVED, lambda one: one["metadata"].pop("annotations"))),
    "another label": (SERVED, changed(SERVED, lambda one: one["metadata"]["labels"].update(team="b"))),
    "no labels": (SERVED, changed(SERVED, lambda one: one["metadata"].pop("labels"))),
    "replicas": (SERVED, changed(SERVED, lambda one: one["spec"]["predictor"].update(minReplicas=2))),
    "stop and arguments": (
        SERVED,
        changed(STOPPED, lambda one: one["spec"]["predictor"]["containers"][0].update(args=[])),
    ),
    "no finalizers": (SERVED, changed(SERVED, lambda one: one["metadata"].pop("finalizers"))),
    "an owner": (SERVED, changed(SERVED, lambda one: one["metadata"].update(ownerReferences=[OWNER]))),
}
EVERYTHING = {**ALLOWED, **DENIED}


def denied(policy: Object, verbs: list[str]) -> set[str]:
    """Which of all changes the policy denies to somebody with these verbs."""
    cases = [{"oldObject": before, "object": after, "verbs": verbs} for before, after in EVERYTHING.values()]
    answers = refusals(policy, cases)
    for messages in answers:
        assert all(message.startswith(f"deny: on call, only the annotation {STOP}") for message in messages)
    return {name for name, messages in zip(EVERYTHING, answers, strict=True) if messages}


def test_those_on_call_stop_and_start_and_change_nothing_else() -> None:
    assert denied(make_policy(), ON_CALL) == DENIED.keys()


def test_whoever_may_update_is_left_alone() -> None:
    assert denied(make_policy(), DEPLOYER) == set()


def test_without_an_answer_of_the_authorizer_the_policy_holds() -> None:
    assert denied(make_policy(), NO_ANSWER) == DENIED.keys()


@pytest.mark.parametrize("index", range(len(make_policy()["validations"])))
def test_each_validation_denies_something_that_no_other_does(index: int) -> None:
    policy = make_policy()
    del policy["validations"][index]
    assert denied(policy, ON_CALL) < DENIED.keys()
