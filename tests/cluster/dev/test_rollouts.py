"""What changes of payments/assistant do and what they do not: canary traffic and back, and a change that moves all traffic.

Knative's, KServe's and Kyverno's own controllers do it. No request is sent: nothing here shows that traffic arrives, only where
Kourier is told to send it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from components.kubernetes.team_quota import GPUS
from tests.cluster.conftest import Stage, eventually
from tests.cluster.dev.changes import Seen, changing, next_revision, settled
from tests.cluster.dev.payments import NAMESPACE, pods_of, published

#: Another longest request, for which the same machine is chosen.
CONTEXT = 30720


@dataclass(frozen=True)
class Course:
    """Changes of the team's file, one after the other, and what each has brought about."""

    canary: Seen
    rolled_back: Seen
    promoted: Seen
    changed: Seen


@pytest.fixture(scope="module")
def course(dev: Stage, host: str, revision: str) -> Iterator[Course]:
    """Each change starts from the file as it is in the repository; the last one brings that back."""
    with changing(dev) as file:
        output = file.update("canary_percent: 10", context_tokens=CONTEXT)
        newer = next_revision(dev, {revision})
        canary = settled(dev, host, output, {newer: 10, revision: 90}, {newer, revision})
        replace_pod(dev, revision)
        output = file.update("canary_percent: 0", context_tokens=CONTEXT)
        rolled_back = settled(dev, host, output, {revision: 100}, {newer, revision})
        output = file.update(context_tokens=CONTEXT, contact="others@example.com", monthly_budget_usd=4500)
        promoted = settled(dev, host, output, {newer: 100}, {newer})
        output = file.update()
        newest = next_revision(dev, {revision, newer})
        changed = settled(dev, host, output, {newest: 100}, {newest})
        yield Course(canary, rolled_back, promoted, changed)


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
