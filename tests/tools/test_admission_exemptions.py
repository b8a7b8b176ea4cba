"""What no policy of the platform holds up, judged by the API server's own evaluator, which does so even while Kyverno is down."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.inference_service import STOP
from policy.admission.manifests import NOT_A_TRIAL, NOT_BEING_DELETED, NOT_BEING_STOPPED
from tests.tools.api_server_policy import refusals

pytestmark = pytest.mark.tools

Object = dict[str, Any]


def model(replicas: int = 1, **metadata: Any) -> Object:
    return {"metadata": {"name": "a", "namespace": "team-a", **metadata}, "spec": {"minReplicas": replicas}}


def judged(condition: tuple[str, str], before: Object, after: Object, *, trial: bool = False) -> bool:
    """True when a policy with this condition alone comes to judge a change; it would refuse everything."""
    name, expression = condition
    policy = {
        "failurePolicy": "Fail",
        "matchConditions": [{"name": name, "expression": expression}],
        "validations": [{"expression": "false", "message": "judged"}],
    }
    (said,) = refusals(policy, [{"object": after, "oldObject": before, "verbs": [], "dryRun": trial}])
    assert said in ([], ["deny: judged"]), "neither judged nor let through"
    return bool(said)


def test_a_dry_run_is_let_through_and_nothing_else() -> None:
    assert judged(NOT_A_TRIAL, model(), model())
    assert not judged(NOT_A_TRIAL, model(), model(), trial=True)


def test_what_is_being_deleted_gives_up_its_finalizers() -> None:
    leaving = {"deletionTimestamp": "2026-11-26T00:00:00Z"}
    assert judged(NOT_BEING_DELETED, model(), model())
    assert not judged(NOT_BEING_DELETED, model(1, finalizers=["x"], **leaving), model(1, **leaving))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (model(annotations={STOP: "true"}), False),
        (model(annotations={STOP: "true"}, labels={"team": "b"}), False),
        # with the stop, nothing of what runs may change
        (model(2, annotations={STOP: "true"}), True),
        (model(annotations={STOP: "false"}), True),
        (model(annotations={STOP: "True"}), True),
        (model(annotations={"stop": "true"}), True),
        (model(), True),
    ],
)
def test_a_model_stops_whatever_else_is_wrong_with_it(after: Object, expected: bool) -> None:
    assert judged(NOT_BEING_STOPPED, model(), after) == expected


def test_starting_it_again_is_judged() -> None:
    assert judged(NOT_BEING_STOPPED, model(annotations={STOP: "true"}), model())
