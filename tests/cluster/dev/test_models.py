"""payments/assistant of dev on a real control plane: from the InferenceService to pods on the nodes that sizing chose.

Knative's, KServe's and Kyverno's own controllers do it. No engine runs: kwok says of each pod that it is ready.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.kubernetes.engine_pod import (
    ACCELERATOR_LABEL,
    CONTAINER,
    GPU_RESOURCE,
    LIVENESS_PERIOD_SECONDS,
    PROBE_PERIOD_SECONDS,
)
from components.kubernetes.inference_service import TARGET_BURST_CAPACITY
from components.kubernetes.knative_config import INGRESS_CLASS
from components.kubernetes.priority_classes import INTERACTIVE, VALUES
from components.kubernetes.team_limits import cpu_quantity, memory_quantity
from components.kubernetes.team_quota import QUEUE_PROXY_CPU, QUEUE_PROXY_MEMORY
from components.kubernetes.versions import KNATIVE_IMAGES
from components.labels import COST_CENTER, KUBERNETES_KEYS, OWNER_KUBERNETES, TEAM
from components.served_model import FULL_CONTEXT_REQUESTS, OFFLINE, TYPICAL_TOKENS
from components.sizing.engine_arguments import PORT
from components.sizing.replicas import GKE_SCALE_DOWN_DELAY_SECONDS
from sandbox.cluster.api_server import Object
from sandbox.cluster.registry import digest_of
from stacks.environment import read_environment
from tests.cluster.conftest import Stage, condition, eventually
from tests.cluster.dev.payments import (
    INGRESS,
    KEY,
    NAMESPACE,
    PREDICTOR,
    SERVING,
    model,
    pods_of,
    published,
    service,
    splits,
    traffic,
)

CLASS = ("cloud.google.com/v1", "ComputeClass")
AUTOSCALER = ("autoscaling.internal.knative.dev/v1alpha1", "PodAutoscaler")
#: What Knative calls the registry docker.io.
DOCKER, INDEX = "docker.io/", "index.docker.io"


@pytest.fixture(scope="module")
def pod(dev: Stage, revision: str) -> Object:
    """A running pod of the newest revision."""
    return eventually(
        lambda: next((one for one in pods_of(dev, revision) if one["status"]["phase"] == "Running"), None),
        f"a pod of {revision} runs",
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


def owner(made: Object) -> tuple[str, str]:
    """(kind, name) of the object by whose controller it was made."""
    found = [one for one in made["metadata"]["ownerReferences"] if one.get("controller")]
    return found[0]["kind"], found[0]["name"]


def _amounts(cpu: int, memory: int) -> dict[str, str]:
    return {"cpu": cpu_quantity(cpu), "memory": memory_quantity(memory)}
