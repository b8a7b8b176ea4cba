"""What changes of payments/assistant do and what they do not: canary traffic and back, stopped and started again.

Knative's, KServe's and Kyverno's own controllers do it. No request is sent: nothing here shows that traffic arrives, only where
Kourier is told to send it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from components.kubernetes.inference_service import STOP
from components.kubernetes.team_quota import GPUS
from sandbox.cluster.api_server import Object
from tests.cluster.conftest import REVISION_LABEL, Stage, condition, eventually
from tests.cluster.dev.payments import (
    KEY,
    NAMESPACE,
    PREDICTOR,
    SERVING,
    gpus_used,
    model,
    pods_of,
    published,
    splits,
    traffic,
)

FILE = "stacks/dev/teams/payments.yaml"
#: Another longest request, for which the same machine is chosen.
CONTEXT = 30720
LOADS_ANEW = f"{KEY}: a new revision loads the model anew"


@dataclass(frozen=True)
class Seen:
    """What is there once an update has been followed by all controllers; `output` is what the engine said of it."""

    output: str
    traffic: dict[str, int]
    pods: dict[str, list[str]]
    gpus: int

    @property
    def told_to_load_anew(self) -> bool:
        return LOADS_ANEW in self.output


@dataclass(frozen=True)
class Course:
    """Changes of the team's file, one after the other, and what each has brought about."""

    canary: Seen
    rolled_back: Seen
    promoted: Seen
    changed: Seen
    stopped: Object
    resumed: Seen


@pytest.fixture(scope="module")
def course(dev: Stage, host: str, revision: str) -> Iterator[Course]:
    """Each change starts from the file as it is in the repository; the last two bring that back."""
    original = (dev.sandbox.project / FILE).read_text(encoding="utf-8")
    quick = replace(dev, sandbox=replace(dev.sandbox, policy_pack=None))

    def update(*lines: str, **changed: Any) -> str:
        text = original
        for field, value in changed.items():
            text, count = re.subn(rf"^( *{field}:) .*$", rf"\1 {value}", text, flags=re.MULTILINE)
            assert count == 1, field
        dev.sandbox.write(FILE, text.rstrip() + "\n" + "".join(f"    {line}\n" for line in lines))
        return quick.up().output

    try:
        output = update("canary_percent: 10", context_tokens=CONTEXT)
        newer = next_revision(dev, {revision})
        canary = settled(dev, host, output, {newer: 10, revision: 90}, {newer, revision})
        replace_pod(dev, revision)
        output = update("canary_percent: 0", context_tokens=CONTEXT)
        rolled_back = settled(dev, host, output, {revision: 100}, {newer, revision})
        output = update(context_tokens=CONTEXT, contact="others@example.com", monthly_budget_usd=4500)
        promoted = settled(dev, host, output, {newer: 100}, {newer})
        output = update()
        newest = next_revision(dev, {revision, newer})
        changed = settled(dev, host, output, {newest: 100}, {newest})
        update("paused: true")
        eventually(lambda: not pods_of(dev), f"the pods of {KEY} are gone")
        stopped = eventually(lambda: _when(model(dev), "Stopped"), f"{KEY} is stopped")
        output = update()
        started = next_revision(dev, set())
        resumed = settled(dev, host, output, {started: 100}, {started})
        yield Course(canary, rolled_back, promoted, changed, stopped, resumed)
    finally:
        if (dev.sandbox.project / FILE).read_text(encoding="utf-8") != original:
            dev.sandbox.write(FILE, original)
            dev.up()


def next_revision(dev: Stage, before: set[str]) -> str:
    """The newest revision, once it is another one than those."""

    def look() -> str:
        knative = dev.api.get(SERVING, "Service", PREDICTOR, NAMESPACE) or {}
        found = knative.get("status", {}).get("latestCreatedRevisionName", "")
        return "" if found in before else found

    return eventually(look, f"another revision than {sorted(before)}")


def settled(dev: Stage, host: str, output: str, shares: dict[str, int], running: set[str]) -> Seen:
    """What is there once these revisions get so many percent, and pods of just those run that should."""

    def look() -> Seen | None:
        pods: dict[str, list[str]] = {}
        for one in pods_of(dev):
            if one["status"]["phase"] == "Running":
                pods.setdefault(one["metadata"]["labels"][REVISION_LABEL], []).append(one["metadata"]["name"])
        ready = condition(model(dev), "Ready").get("status") == "True"
        if not ready or traffic(dev) != shares or splits(dev, host) != shares or set(pods) != running:
            return None
        return Seen(output, traffic(dev), pods, gpus_used(dev))

    def told() -> str:
        pods = [one["metadata"]["name"] for one in pods_of(dev)]
        now = f"traffic {traffic(dev)}, pods {pods}, {conditions(model(dev))}"
        return f"{shares}, pods of {running}; now: {now}"

    return eventually(look, told)


def replace_pod(dev: Stage, revision: str) -> None:
    """Takes the pod of a revision away and waits until another runs in its place."""
    (old,) = pods_of(dev, revision)
    dev.api.delete(old)
    eventually(
        lambda: [
            one
            for one in pods_of(dev, revision)
            if one["metadata"]["uid"] != old["metadata"]["uid"] and one["status"]["phase"] == "Running"
        ],
        f"a new pod of {revision} runs",
    )


def test_a_change_with_a_canary_gets_its_share_of_traffic_in_a_second_revision(
    dev: Stage, course: Course, revision: str
) -> None:
    """With the policies on: a pod without labels that Knative tries first must not be refused."""
    (newer,) = set(course.canary.traffic) - {revision}
    assert course.canary.told_to_load_anew
    assert course.canary.traffic == {newer: 10, revision: 90}


def test_while_the_line_stands_both_revisions_hold_their_gpus_within_the_teams_quota(
    dev: Stage, course: Course
) -> None:
    a_pod = published(dev)["gpu_count"]
    assert course.canary.gpus == course.rolled_back.gpus == 2 * a_pod
    assert course.promoted.gpus == a_pod
    assert int(dev.one("v1", "ResourceQuota", "team", NAMESPACE)["status"]["hard"][GPUS]) >= 2 * a_pod


def test_canary_percent_0_gives_the_revision_before_all_traffic_and_loads_nothing(
    course: Course, revision: str
) -> None:
    assert course.rolled_back.traffic == {revision: 100}
    assert not course.rolled_back.told_to_load_anew
    assert course.rolled_back.pods.keys() == course.canary.pods.keys()


def test_without_the_line_the_new_revision_gets_all_traffic_with_the_pods_that_it_has(
    course: Course, revision: str
) -> None:
    """Contact and budget change with it: neither is in the pods."""
    (newer,) = set(course.canary.traffic) - {revision}
    assert course.promoted.traffic == {newer: 100}
    assert not course.promoted.told_to_load_anew
    assert course.promoted.pods == {newer: course.canary.pods[newer]}


def test_a_change_without_a_canary_moves_all_traffic_to_a_revision_of_its_own(course: Course) -> None:
    assert course.changed.told_to_load_anew
    assert list(course.changed.traffic.values()) == [100]
    assert course.changed.traffic.keys().isdisjoint(course.canary.traffic)


def test_paused_takes_all_pods_and_leaves_the_model(course: Course) -> None:
    assert course.stopped["metadata"]["annotations"][STOP] == "true"
    assert condition(course.stopped, "Ready")["status"] == "False"


def test_started_again_it_serves_as_before_within_the_same_quota(course: Course) -> None:
    assert list(course.resumed.traffic.values()) == [100]
    assert course.resumed.pods.keys() == course.resumed.traffic.keys()
    assert course.resumed.gpus == course.changed.gpus
    assert not course.resumed.told_to_load_anew


def conditions(made: Object) -> dict[str, str]:
    """Each condition of an object with its state and message."""
    found = made.get("status", {}).get("conditions", [])
    return {one["type"]: f"{one['status']} {one.get('message', '')}".strip() for one in found}


def _when(made: Object, kind: str) -> Object | None:
    return made if condition(made, kind).get("status") == "True" else None
