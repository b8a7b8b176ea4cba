"""What does not fit in dev: a deployment beyond its pool's maximum, pods beyond their team's quota; and a rollout, which does.

Two teams come for these tests: one whose reservation holds fewer machines than its replicas need, which the stack only warns of,
and one with a single replica, whose quota has room for one rollout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.engine_pod import GPU_RESOURCE, POOL_LABEL
from components.kubernetes.team_quota import GPUS
from components.naming import Scope, Service, cloud_name
from sandbox.cluster.api_server import ApiError, Object
from sandbox.cluster.node_objects import POOL_LABEL as GKE_POOL_LABEL
from stacks.environment import read_environment
from stacks.plan import Plan, make_plan
from stacks.pools import warnings_of
from tests.cluster.conftest import INFERENCE_SERVICE, REVISION_LABEL, Stage, condition, eventually
from tests.cluster.dev.teams import team_file, team_text

SETTINGS = "Pulumi.dev.yaml"
#: A reservation of one machine for replicas that need two, and the only way to buy machines for batch work.
RESERVATION = {"name": "held", "machine_type": "g2-standard-8", "count": 1, "zone": "us-central1-a"}
#: GPUs that Google has granted: as many as all teams together need, or the plan refuses.
GRANTED = 10
BATCH, SINGLE = "nightly", "search"
TEAMS = {
    "held": team_text("held", BATCH, "workload: batch", "availability: high"),
    "shop": team_text("shop", SINGLE, "scale_to_zero: false"),
}
HELD, SHOP = "team-held", "team-shop"
REVISION = ("serving.knative.dev/v1", "Revision")
#: How labels of Knative begin.
KNATIVE_LABELS = "serving.knative.dev/"


@dataclass(frozen=True)
class Room:
    """dev with both teams, what the update said, and the plan that it followed."""

    stage: Stage
    said: str
    plan: Plan


@pytest.fixture(scope="module")
def room(dev: Stage) -> Iterator[Room]:
    file = dev.sandbox.project / SETTINGS
    before = file.read_text(encoding="utf-8")
    settings = yaml.safe_load(before)
    environment = settings["config"]["gemma-platform:environment"]
    environment |= {"batch_purchase_order": ["reservation"], "reservations": [RESERVATION]}
    environment["quota"]["gke"]["nvidia-l4"] = GRANTED
    dev.sandbox.write(SETTINGS, yaml.safe_dump(settings))
    for team, text in TEAMS.items():
        dev.sandbox.write(team_file(team), text)
    yield Room(dev, dev.up().output, plan_of(dev.sandbox.project))
    # the next update takes both teams away: that of a later session, where the cluster is kept
    for team in TEAMS:
        dev.sandbox.remove(team_file(team))
    dev.sandbox.write(SETTINGS, before)


def plan_of(project: Path) -> Plan:
    return make_plan(*read_environment(project, "dev"))


def pods(dev: Stage, namespace: str) -> list[Object]:
    """Pods of a namespace that are not going, those that run first."""
    found = [pod for pod in dev.api.list("v1", "Pod", namespace) if "deletionTimestamp" not in pod["metadata"]]
    return sorted(found, key=lambda pod: (pod["status"]["phase"] != "Running", pod["metadata"]["creationTimestamp"]))


def phases(dev: Stage, namespace: str) -> list[str]:
    return [pod["status"]["phase"] for pod in pods(dev, namespace)]


def quota_of(dev: Stage, namespace: str) -> Object:
    (quota,) = dev.api.list("v1", "ResourceQuota", namespace)
    return quota


def gpus_used(dev: Stage, namespace: str) -> tuple[int, int]:
    """GPUs that the quota counts, and those that it allows."""
    status = quota_of(dev, namespace)["status"]
    return int(status["used"][GPUS]), int(status["hard"][GPUS])


def newest_revision(dev: Stage, namespace: str) -> Object:
    found = dev.api.list(*REVISION, namespace)
    return max(found, key=lambda one: int(one["metadata"]["labels"]["serving.knative.dev/configurationGeneration"]))


def roll_out(dev: Stage, number: int) -> None:
    """Changes the model's pods, with the revision before kept for most requests."""
    found = dev.one(*INFERENCE_SERVICE, SINGLE, SHOP)
    change: dict[str, Any] = {"annotations": {"example.com/try": str(number)}, "canaryTrafficPercent": 10}
    dev.api.patch(found, {"spec": {"predictor": change}})


def made_by_rollout(dev: Stage, number: int) -> str:
    """The revision that a change makes."""
    before = newest_revision(dev, SHOP)["metadata"]["name"]
    roll_out(dev, number)
    return eventually(lambda: newer_revision(dev, before), f"a revision after {before}")


def newer_revision(dev: Stage, before: str) -> str:
    name = newest_revision(dev, SHOP)["metadata"]["name"]
    return "" if name == before else name


def one_more_pod(dev: Stage, name: str, *, little: bool = False) -> Object:
    """A copy of a pod of the model; `little`: it takes its GPUs from the quota, and hardly anything else."""
    model = pods(dev, SHOP)[0]
    spec = {key: value for key, value in model["spec"].items() if key not in ("nodeName", "volumes")}
    spec["containers"] = [{**one, "volumeMounts": []} for one in spec["containers"] if not little or _has_gpu(one)]
    for one in spec["containers"] if little else ():
        amounts = {"cpu": "10m", "memory": "16Mi", GPU_RESOURCE: one["resources"]["limits"][GPU_RESOURCE]}
        one["resources"] = {"requests": amounts, "limits": amounts}
    # of no revision: nothing else counts it as one of the model's
    labels = {key: value for key, value in model["metadata"]["labels"].items() if not key.startswith(KNATIVE_LABELS)}
    metadata = {"name": name, "namespace": SHOP, "labels": labels if little else model["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _has_gpu(container: Object) -> bool:
    return GPU_RESOURCE in container["resources"].get("limits", {})


def test_a_deployment_beyond_its_pools_maximum_waits_and_its_user_is_told_which_pool_is_full(room: Room) -> None:
    dev = room.stage
    (warning,) = warnings_of(room.plan.ladders)
    pool = next(one for one in room.plan.deployments if one.key == f"held/{BATCH}").pool
    assert pool is not None
    # who updates is told beforehand: the pool, what is needed and what there is
    assert warning.startswith(f"{pool}: 4 machines are needed at peak and during a rollout, held holds 1")
    assert warning in room.said

    eventually(lambda: phases(dev, HELD) == ["Running", "Pending"], f"one replica runs, one waits: {phases(dev, HELD)}")
    runs, waits = pods(dev, HELD)
    assert waits["spec"]["nodeSelector"][POOL_LABEL] == pool
    scheduled = condition(waits, "PodScheduled")
    assert (scheduled["status"], scheduled["reason"]) == ("False", "Unschedulable")
    assert f"Insufficient {GPU_RESOURCE}" in scheduled["message"]
    # the team reads it at its pod
    plan = room.plan.environment
    name = cloud_name(Service.NODE_POOL, Scope(plan.settings.project, plan.name), pool)
    events = eventually(
        lambda: [one for one in dev.events_of(HELD, waits["metadata"]["name"]) if one.startswith("NotTriggerScaleUp")],
        "the autoscaler says why it makes no node",
    )
    assert f"1 max node group size reached (pool {name}: 1 of 1 nodes)" in events[-1]
    nodes = dev.api.list("v1", "Node", labels=f"{GKE_POOL_LABEL}={name}")
    assert [node["metadata"]["name"] for node in nodes] == [runs["spec"]["nodeName"]]
    # and at its model, which is not said to be ready
    assert condition(dev.one(*INFERENCE_SERVICE, BATCH, HELD), "Ready").get("status") != "True"


def test_a_rollout_within_the_quota_gets_ready_beside_the_revision_that_serves(room: Room) -> None:
    dev = room.stage
    eventually(lambda: phases(dev, SHOP) == ["Running"], "the first revision runs")
    first = newest_revision(dev, SHOP)["metadata"]["name"]
    used, allowed = gpus_used(dev, SHOP)
    assert used == 1 < allowed
    second = made_by_rollout(dev, 1)
    eventually(
        lambda: condition(dev.one(*REVISION, second, SHOP), "Ready").get("status") == "True", f"{second} is ready"
    )
    running = {pod["metadata"]["labels"][REVISION_LABEL]: pod["status"]["phase"] for pod in pods(dev, SHOP)}
    assert running == {first: "Running", second: "Running"}
    assert gpus_used(dev, SHOP) == (2, allowed)


def test_a_rollout_beyond_the_quota_makes_no_revision_and_the_model_says_which_quota_refuses(room: Room) -> None:
    dev = room.stage
    # both revisions of the rollout before serve
    used, allowed = gpus_used(dev, SHOP)
    for number in range(used, allowed):
        dev.api.create(one_more_pod(dev, f"fills-{number}", little=True))
    eventually(lambda: gpus_used(dev, SHOP) == (allowed, allowed), "the quota is full")
    serving = {pod["metadata"]["name"] for pod in pods(dev, SHOP)}
    latest = newest_revision(dev, SHOP)["metadata"]["name"]
    roll_out(dev, allowed)
    refusal = f"exceeded quota: {quota_of(dev, SHOP)['metadata']['name']}, requested: "

    def told() -> str:
        message = condition(dev.one(*INFERENCE_SERVICE, SINGLE, SHOP), "Ready").get("message", "")
        return message if refusal in message else ""

    # Knative tries a pod before it makes a revision; docs/for-teams.md sends the team to its InferenceService
    requested, _, rest = eventually(told, "the model tells of the quota").partition(refusal)[2].partition(", used: ")
    taken, _, limited = rest.partition(", limited: ")
    counts = [f"{GPUS}={count}" in text for text, count in ((requested, 1), (taken, allowed), (limited, allowed))]
    assert counts == [True] * 3
    assert newer_revision(dev, latest) == ""
    assert {pod["metadata"]["name"] for pod in pods(dev, SHOP)} == serving


def test_a_pod_with_a_gpu_above_the_share_is_refused_at_once(room: Room) -> None:
    dev = room.stage
    with pytest.raises(ApiError) as refusal:
        dev.api.create(one_more_pod(dev, "one-more"))
    assert refusal.value.status == 403
    assert f"exceeded quota: {quota_of(dev, SHOP)['metadata']['name']}, requested: " in str(refusal.value)
    limited = str(refusal.value).partition(", limited: ")[2]
    assert f"{GPUS}={gpus_used(dev, SHOP)[1]}" in limited
