"""payments/assistant of dev on a real control plane: from the InferenceService to pods on the nodes that sizing chose, what a
change does and what it does not, canary traffic and back, stopped and started again.

Knative's, KServe's and Kyverno's own controllers do it. No engine runs and no request is sent: kwok says of each pod that it is
ready, so nothing here shows that traffic arrives, only where Kourier is told to send it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.kubernetes.engine_pod import (
    ACCELERATOR_LABEL,
    CONTAINER,
    GPU_RESOURCE,
    INFERENCE_SERVICE_LABEL,
    LIVENESS_PERIOD_SECONDS,
    PROBE_PERIOD_SECONDS,
)
from components.kubernetes.inference_service import STOP, TARGET_BURST_CAPACITY
from components.kubernetes.knative_config import INGRESS_CLASS
from components.kubernetes.priority_classes import INTERACTIVE, VALUES
from components.kubernetes.team_limits import cpu_quantity, memory_quantity
from components.kubernetes.team_quota import GPUS, QUEUE_PROXY_CPU, QUEUE_PROXY_MEMORY
from components.kubernetes.versions import KNATIVE_IMAGES
from components.labels import COST_CENTER, KUBERNETES_KEYS, OWNER_KUBERNETES, TEAM
from components.served_model import FULL_CONTEXT_REQUESTS, OFFLINE, RECORD_KEY, RECORD_PREFIX, TYPICAL_TOKENS
from components.sizing.engine_arguments import PORT
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS
from sandbox.cluster.api_server import Object
from sandbox.cluster.registry import digest_of
from stacks.environment import read_environment
from tests.cluster.conftest import PATIENCE_SECONDS, POLL_SECONDS, Stage, condition, eventually

KEY, NAMESPACE, NAME = "payments/assistant", "team-payments", "assistant"
PREDICTOR = f"{NAME}-predictor"
FILE = "stacks/dev/teams/payments.yaml"
INFERENCE_SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")
SERVING, CLASS = "serving.knative.dev/v1", ("cloud.google.com/v1", "ComputeClass")
INGRESS = ("networking.internal.knative.dev/v1alpha1", "Ingress")
AUTOSCALER = ("autoscaling.internal.knative.dev/v1alpha1", "PodAutoscaler")
#: What Knative calls the registry docker.io.
DOCKER, INDEX = "docker.io/", "index.docker.io"
REVISION_LABEL = "serving.knative.dev/revision"
#: Another longest request, for which the same machine is chosen.
CONTEXT = 30720
LOADS_ANEW = f"{KEY}: a new revision loads the model anew"


def published(dev: Stage) -> dict[str, Any]:
    """The sizing record beside the model."""
    return json.loads(dev.one("v1", "ConfigMap", RECORD_PREFIX + NAME, NAMESPACE)["data"][RECORD_KEY])


def model(dev: Stage) -> Object:
    return dev.one(*INFERENCE_SERVICE, NAME, NAMESPACE)


def service(dev: Stage) -> Object:
    return dev.one(SERVING, "Service", PREDICTOR, NAMESPACE)


def pods_of(dev: Stage, revision: str | None = None) -> list[Object]:
    """Pods of the model, or of one revision of it, that are not going."""
    labels = f"{REVISION_LABEL}={revision}" if revision else f"{INFERENCE_SERVICE_LABEL}={NAME}"
    found = dev.api.list("v1", "Pod", NAMESPACE, labels)
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def latest_revision(dev: Stage) -> str:
    """The newest revision, once it is ready and so is the model."""

    def look() -> str | None:
        status = service(dev)["status"]
        created = status["latestCreatedRevisionName"]
        settled = status["observedGeneration"] == service(dev)["metadata"]["generation"]
        ready = condition(model(dev), "Ready").get("status") == "True"
        return created if settled and ready and status.get("latestReadyRevisionName") == created else None

    return eventually(look, f"the newest revision of {KEY} is ready") or ""


def traffic(dev: Stage) -> dict[str, int]:
    """Percent of each revision that gets any, as the route tells."""
    found: dict[str, int] = {}
    for target in dev.one(SERVING, "Route", PREDICTOR, NAMESPACE).get("status", {}).get("traffic", []):
        if target.get("percent"):
            found[target["revisionName"]] = found.get(target["revisionName"], 0) + target["percent"]
    return found


def splits(dev: Stage, host: str) -> dict[str, int]:
    """Percent of each revision among the requests to a host, as Kourier is told."""
    found: dict[str, int] = {}
    for rule in dev.one(*INGRESS, PREDICTOR, NAMESPACE)["spec"]["rules"]:
        if host in rule["hosts"]:
            for path in rule["http"]["paths"]:
                if not path.get("headers"):  # those with headers are of requests by a tag
                    for split in path["splits"]:
                        found[split["serviceName"]] = found.get(split["serviceName"], 0) + split["percent"]
    return {name: percent for name, percent in found.items() if percent}


@pytest.fixture(scope="module")
def described(dev: Stage) -> dict[str, Any]:
    """The stack's outputs."""
    return dev.sandbox.stack_outputs(dev.env)


@pytest.fixture(scope="module")
def host(described: dict[str, Any]) -> str:
    """The host at which the stack says that the model is found."""
    return urlsplit(described["deployments"][KEY]["base_url"]).hostname or ""


@pytest.fixture(scope="module")
def revision(dev: Stage) -> str:
    return latest_revision(dev)


@pytest.fixture(scope="module")
def pod(dev: Stage, revision: str) -> Object:
    """A running pod of the newest revision."""
    return (
        eventually(
            lambda: next((one for one in pods_of(dev, revision) if one["status"]["phase"] == "Running"), None),
            f"a pod of {revision} runs",
        )
        or {}
    )


@pytest.fixture(scope="module")
def engine(pod: Object) -> dict[str, Any]:
    """The engine's container."""
    return next(one for one in pod["spec"]["containers"] if one["name"] == CONTAINER)


def test_from_the_inference_service_to_its_pods_each_is_made_by_the_one_before(
    dev: Stage, revision: str, pod: Object
) -> None:
    isvc, knative = model(dev), service(dev)
    configuration, route = (dev.one(SERVING, kind, PREDICTOR, NAMESPACE) for kind in ("Configuration", "Route"))
    made = dev.one(SERVING, "Revision", revision, NAMESPACE)
    deployment = dev.one("apps/v1", "Deployment", f"{revision}-deployment", NAMESPACE)
    replica_set = dev.one("apps/v1", "ReplicaSet", owner(pod)[1], NAMESPACE)
    scaler = dev.one(*AUTOSCALER, revision, NAMESPACE)
    chain = [(knative, isvc), (configuration, knative), (route, knative), (made, configuration), (scaler, made)]
    chain += [(deployment, made), (replica_set, deployment), (pod, replica_set)]
    assert [owner(one) for one, _ in chain] == [(by["kind"], by["metadata"]["name"]) for _, by in chain]
    for one in (isvc, knative, configuration, route, made, scaler):
        assert condition(one, "Ready")["status"] == "True", one["kind"]
    assert traffic(dev) == {revision: 100}


def test_the_published_record_is_that_of_the_stacks_outputs(dev: Stage, described: dict[str, Any]) -> None:
    assert published(dev) == described["records"][KEY]


def test_the_engine_runs_with_the_derived_arguments_and_the_resources_of_its_record(
    dev: Stage, engine: dict[str, Any]
) -> None:
    record = published(dev)
    assert (engine["command"], engine["args"]) == (record["command"], record["arguments"])
    environment = {one["name"]: one.get("value") for one in engine["env"]}
    assert {**OFFLINE, **record["environment"]}.items() <= environment.items()
    wanted = {"cpu": str(record["vcpu"]), "memory": f"{record['memory_gib']}Gi", GPU_RESOURCE: str(record["gpu_count"])}
    assert engine["resources"] == {"requests": wanted, "limits": wanted}


def test_its_image_is_pinned_by_the_digest_that_the_registry_gives(dev: Stage, engine: dict[str, Any]) -> None:
    image = published(dev)["image"]
    assert image.startswith(DOCKER)
    name, _, tag = image.removeprefix(DOCKER).rpartition(":")
    assert engine["image"] == f"{INDEX}/{name}@{digest_of(INDEX, name, tag)}"


def test_it_runs_on_a_node_of_the_pool_that_its_ladder_names_first(dev: Stage, pod: Object) -> None:
    record = published(dev)
    labels = dev.one("v1", "Node", pod["spec"]["nodeName"])["metadata"]["labels"]
    ladder = dev.one(*CLASS, pod["spec"]["nodeSelector"]["cloud.google.com/compute-class"])
    first = ladder["spec"]["priorities"][0]["nodepools"]
    assert [labels["cloud.google.com/gke-nodepool"]] == first
    assert first[0].endswith(f"{record['machine_type']}-{record['ladder'][0]['option']}")
    assert labels["node.kubernetes.io/instance-type"] == record["machine_type"]
    assert labels[ACCELERATOR_LABEL] == record["accelerator"]
    assert labels["topology.kubernetes.io/zone"] in record["zones"]
    assert record["purchase_option"] == "spot"
    assert labels["cloud.google.com/gke-spot"] == "true"


def test_its_pods_have_what_the_predictor_declares_of_nodes_rights_and_priority(dev: Stage, pod: Object) -> None:
    declared, live = model(dev)["spec"]["predictor"], pod["spec"]
    fields = ("nodeSelector", "serviceAccountName", "priorityClassName", "securityContext", "topologySpreadConstraints")
    assert {field: live[field] for field in fields} == {field: declared[field] for field in fields}
    assert (live["priorityClassName"], live["priority"]) == (INTERACTIVE, VALUES[INTERACTIVE])
    assert live["securityContext"]["runAsNonRoot"] is True
    assert live["automountServiceAccountToken"] is False
    assert live["enableServiceLinks"] is False
    for toleration in declared["tolerations"]:
        assert toleration in live["tolerations"]
    assert live["terminationGracePeriodSeconds"] == published(dev)["seconds"]["request"]


def test_its_pods_and_the_model_carry_the_labels_of_its_team_and_costs(dev: Stage, pod: Object) -> None:
    loaded = next(
        one.team for one in read_environment(dev.sandbox.project, dev.env)[0].teams if one.team.team == "payments"
    )
    wanted = {
        OWNER_KUBERNETES: loaded.owner,
        COST_CENTER: loaded.cost_center,
        TEAM: loaded.team,
        **published(dev)["labels"],
    }
    assert set(wanted) == set(KUBERNETES_KEYS)
    for made in (model(dev), pod):
        assert wanted.items() <= made["metadata"]["labels"].items(), made["kind"]


def test_the_revision_scales_waits_and_gives_up_as_its_record_says(dev: Stage, revision: str) -> None:
    record = published(dev)
    made = dev.one(SERVING, "Revision", revision, NAMESPACE)
    fewest, most = record["replicas"]
    prefix = "autoscaling.knative.dev/"
    wanted = {
        prefix + "metric": "concurrency",
        prefix + "target": str(record["target_concurrency"]),
        prefix + "min-scale": str(fewest),
        prefix + "max-scale": str(most),
        prefix + "target-burst-capacity": TARGET_BURST_CAPACITY,
        prefix + "scale-down-delay": f"{GKE_SCALE_DOWN_DELAY_SECONDS}s",
        "serving.knative.dev/progress-deadline": f"{record['seconds']['progress_deadline']}s",
    }
    assert wanted.items() <= made["metadata"]["annotations"].items()
    assert made["spec"]["containerConcurrency"] == record["max_num_seqs"]
    assert made["spec"]["timeoutSeconds"] == record["seconds"]["request"]
    deployment = dev.one("apps/v1", "Deployment", f"{revision}-deployment", NAMESPACE)
    assert deployment["spec"]["progressDeadlineSeconds"] == record["seconds"]["progress_deadline"]
    assert len(pods_of(dev, revision)) == fewest
    sized = model(dev)["metadata"]["annotations"]
    assert {FULL_CONTEXT_REQUESTS, TYPICAL_TOKENS} <= sized.keys()


def test_the_engines_probes_are_the_declared_ones_and_queue_proxy_has_its_readiness(
    dev: Stage, pod: Object, engine: dict[str, Any]
) -> None:
    """Knative takes the readiness probe away from the engine: queue-proxy asks, and answers for both."""
    health = {"path": "/health", "port": PORT, "scheme": "HTTP"}
    record = published(dev)
    startup, liveness = engine["startupProbe"], engine["livenessProbe"]
    assert startup["httpGet"] == liveness["httpGet"] == health
    assert startup["periodSeconds"] * startup["failureThreshold"] == record["seconds"]["startup_probe"]
    assert liveness["periodSeconds"] == LIVENESS_PERIOD_SECONDS
    assert "readinessProbe" not in engine
    queue = next(one for one in pod["spec"]["containers"] if one["name"] == "queue-proxy")
    environment = {one["name"]: one.get("value") for one in queue["env"]}
    asked = json.loads(environment["SERVING_READINESS_PROBE"])
    assert (asked["httpGet"]["path"], asked["httpGet"]["port"]) == (health["path"], PORT)
    assert asked["periodSeconds"] == PROBE_PERIOD_SECONDS
    assert "readinessProbe" in queue


def test_queue_proxy_takes_what_the_teams_quota_counts_for_it(pod: Object) -> None:
    assert [one["name"] for one in pod["spec"]["containers"]] == [CONTAINER, "queue-proxy"]
    queue = pod["spec"]["containers"][1]
    assert queue["image"] == KNATIVE_IMAGES["queue-proxy"]
    assert queue["resources"]["requests"] == _amounts(QUEUE_PROXY_CPU.request, QUEUE_PROXY_MEMORY.request)
    assert queue["resources"]["limits"] == _amounts(QUEUE_PROXY_CPU.limit, QUEUE_PROXY_MEMORY.limit)


def test_the_published_host_leads_by_kourier_to_the_revision(dev: Stage, host: str, revision: str) -> None:
    ingress = dev.one(*INGRESS, PREDICTOR, NAMESPACE)
    assert ingress["metadata"]["annotations"]["networking.knative.dev/ingress.class"] == INGRESS_CLASS
    assert owner(ingress) == ("Route", PREDICTOR)
    assert splits(dev, host) == {revision: 100}
    assert urlsplit(dev.one(SERVING, "Route", PREDICTOR, NAMESPACE)["status"]["url"]).hostname == host
    assert urlsplit(model(dev)["status"]["components"]["predictor"]["url"]).hostname == host


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
        stopped = eventually(lambda: _when(model(dev), "Stopped"), f"{KEY} is stopped") or {}
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
        return f"traffic {traffic(dev)}, pods {[one['metadata']['name'] for one in pods_of(dev)]}, {conditions(model(dev))}"

    end = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        assert time.monotonic() < end, (
            f"not within {PATIENCE_SECONDS:.0f} s: {shares}, pods of {running}; now: {told()}"
        )
        time.sleep(POLL_SECONDS)
    return found


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


def gpus_used(dev: Stage) -> int:
    """GPUs of the team's quota that pods have asked for."""
    return int(dev.one("v1", "ResourceQuota", "team", NAMESPACE)["status"]["used"][GPUS])


def conditions(made: Object) -> dict[str, str]:
    """Each condition of an object with its state and message."""
    found = made.get("status", {}).get("conditions", [])
    return {one["type"]: f"{one['status']} {one.get('message', '')}".strip() for one in found}


def _when(made: Object, kind: str) -> Object | None:
    return made if condition(made, kind).get("status") == "True" else None


def owner(made: Object) -> tuple[str, str]:
    """(kind, name) of the object by whose controller it was made."""
    found = [one for one in made["metadata"]["ownerReferences"] if one.get("controller")]
    return found[0]["kind"], found[0]["name"]


def _amounts(cpu: int, memory: int) -> dict[str, str]:
    return {"cpu": cpu_quantity(cpu), "memory": memory_quantity(memory)}
