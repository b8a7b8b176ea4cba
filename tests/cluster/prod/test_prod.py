"""What prod has beyond dev, on a real control plane: two of everything, a way in, pinned images from a mirror, ladders of pools.

Not shown here: what GKE's own controllers would make of a Gateway, and signatures that are good, since no registry is reached.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from components.kubernetes import (
    authorization_service,
    cert_manager,
    compute_class,
    knative_serving,
    kourier_gateway,
    kserve,
    kyverno,
)
from components.kubernetes.controllers import REPLICAS
from components.kubernetes.engine_pod import COMPUTE_CLASS_LABEL, GPU_RESOURCE, PLATFORM_ACCELERATOR_LABEL
from policy.admission.signatures import image_policies
from policy.signed import Signed
from sandbox.cluster.api_server import ApiError, Object
from sandbox.cluster.controller_programs import controller_program
from sandbox.cluster.node_objects import POOL_LABEL, ZONE_LABEL
from tests.cluster.conftest import INFERENCE_SERVICE, Stage, condition, eventually

POLICIES, GATEWAYS = "policies.kyverno.io/v1", kourier_gateway.API_VERSION
#: Namespaces of the platform whose pods run or are said to run here. No module carries the charts of KEDA and OpenCost.
PLATFORM = (
    *(cert_manager.NAMESPACE, authorization_service.NAMESPACE, knative_serving.OPERATOR_NAMESPACE),
    *(knative_serving.NAMESPACE, kserve.NAMESPACE, kyverno.NAMESPACE),
)
#: The chart has one replica, and no value for it (knative_serving.py).
ALONE = {"knative-operator", "operator-webhook"}
THREE = {"kyverno-admission-controller": kyverno.ADMISSION_REPLICAS}
#: Fields of a pod that the server fills in by itself.
MADE_BY_SERVER = ("nodeName", "priority", "preemptionPolicy", "schedulerName")
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8nXRh950IZbRj8Ra/N9sbqOPZrfM
5/KAQN0/KjHcorm/J5yctVd7iEcnessRQjU917hmKO6JWVGHpDguIyakZA==
-----END PUBLIC KEY-----
"""


@pytest.fixture(scope="module")
def outputs(prod: Stage) -> dict[str, Any]:
    """The stack's outputs."""
    return prod.sandbox.stack_outputs("prod")


@pytest.fixture(scope="module")
def resources(prod: Stage) -> list[dict[str, Any]]:
    """The resources in the state."""
    return prod.sandbox.resources("prod")


@pytest.fixture(scope="module")
def declared(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stack's own objects in the cluster, as its state has them; releases have many more."""
    return [
        one
        for one in resources
        if one["type"].startswith("kubernetes:") and not one["type"].startswith("kubernetes:helm.sh/")
    ]


def title(made: Object) -> str:
    return f"{made['kind']} {made['metadata'].get('namespace', '')}/{made['metadata']['name']}"


def pods_of(stage: Stage, namespace: str) -> list[Object]:
    """Pods that have not ended and are not about to."""
    return [
        pod
        for pod in stage.api.list("v1", "Pod", namespace)
        if pod["status"]["phase"] not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]
    ]


def test_every_object_of_the_stack_is_in_the_cluster(prod: Stage, declared: list[dict[str, Any]]) -> None:
    assert {"Gateway", "HTTPRoute", "ValidatingPolicy", "ComputeClass", "InferenceService", "SecretProviderClass"} <= {
        one["outputs"]["kind"] for one in declared
    }
    lacking = []
    for one in declared:
        metadata = one["outputs"]["metadata"]
        kind = (one["outputs"]["apiVersion"], one["outputs"]["kind"])
        live = prod.api.get(*kind, metadata["name"], metadata.get("namespace"))
        if live is None or live["metadata"]["uid"] != metadata["uid"]:
            lacking.append(one["urn"])
    assert lacking == []


def test_a_second_apply_changes_nothing(prod: Stage) -> None:
    # against the objects as they are now, not only as they were when they had become ready
    same = prod.sandbox.preview("prod", "--refresh", expect_no_changes=True)
    assert same.exit_code == 0, same.output


@pytest.mark.slow
def test_a_change_by_hand_shows(prod: Stage, declared: list[dict[str, Any]]) -> None:
    """Else an apply that changes nothing would say nothing; dev has another such test."""
    (policy,) = [
        one
        for one in declared
        if one["type"] == "kubernetes:core/v1:ConfigMap"
        and one["outputs"]["metadata"]["namespace"] == authorization_service.NAMESPACE
    ]
    live = prod.one("v1", "ConfigMap", policy["outputs"]["metadata"]["name"], authorization_service.NAMESPACE)
    live = {**live, "apiVersion": "v1", "kind": "ConfigMap"}
    owner = {"metadata": {"labels": {"team": "somebody"}}}
    before = {"metadata": {"labels": {"team": live["metadata"]["labels"]["team"]}}}
    prod.api.patch(live, owner)
    try:
        changed = prod.sandbox.preview("prod", "--refresh", "--diff", expect_no_changes=True)
    finally:
        prod.api.patch(live, before)
    assert changed.exit_code != 0
    assert policy["urn"].rpartition("::")[2] in changed.output
    assert "somebody" in changed.output


def test_every_policy_is_in_force_and_may_report(prod: Stage, resources: list[dict[str, Any]]) -> None:
    (governance,) = [one for one in resources if one["type"].endswith(":Governance")]
    names = set(governance["outputs"]["policy_names"])

    def ready() -> set[str]:
        found = prod.api.list(POLICIES, "ValidatingPolicy")
        return {
            one["metadata"]["name"] for one in found if one.get("status", {}).get("conditionStatus", {}).get("ready")
        }

    eventually(lambda: ready() == names, "all policies are ready")


def test_controllers_are_spread_over_the_zones(prod: Stage) -> None:
    zone_of = {node["metadata"]["name"]: node["metadata"]["labels"][ZONE_LABEL] for node in prod.api.list("v1", "Node")}
    assert set(zone_of.values()) == {"us-central1-a", "us-central1-b", "us-central1-c"}
    deployments = [one for place in PLATFORM for one in prod.api.list("apps/v1", "Deployment", place)]
    wanted = {}
    for made in deployments:
        name = made["metadata"]["name"]
        wanted[name] = 1 if name in ALONE else THREE.get(name, REPLICAS)
    assert {one["metadata"]["name"]: one["spec"]["replicas"] for one in deployments} == wanted
    zones: dict[str, list[str]] = {}
    for made in deployments:
        labels = ",".join(f"{key}={value}" for key, value in made["spec"]["selector"]["matchLabels"].items())
        pods = prod.api.list("v1", "Pod", made["metadata"]["namespace"], labels=labels)
        zones[made["metadata"]["name"]] = [zone_of[pod["spec"]["nodeName"]] for pod in pods]
    # a replica in each zone while there are zones enough; a rollout may have left two of the same zone side by side
    crowded = {name: found for name, found in zones.items() if len(set(found)) != min(len(found), 3)}
    assert crowded == {}
    assert set(wanted) >= ALONE


def test_budgets_let_one_pod_go_at_a_time(prod: Stage) -> None:
    budgets = [one for place in PLATFORM for one in prod.api.list("policy/v1", "PodDisruptionBudget", place)]
    allowed = {title(one): one["status"]["disruptionsAllowed"] for one in budgets}
    assert allowed == dict.fromkeys(allowed, 1)
    budgeted = {one["metadata"]["namespace"] for one in budgets}
    assert budgeted == set(PLATFORM) - {knative_serving.OPERATOR_NAMESPACE}
    parts = (*knative_serving.WITH_BUDGET, *knative_serving.WITHOUT_BUDGET)
    assert {f"PodDisruptionBudget {knative_serving.NAMESPACE}/{part}-pdb" for part in parts} == {
        one for one in allowed if f" {knative_serving.NAMESPACE}/" in one
    }


def test_images_come_from_the_mirror_by_digest(prod: Stage) -> None:
    region, project = "us-central1", "example-gemma-prod"
    teams = [namespace["metadata"]["name"] for namespace in team_namespaces(prod)]
    images: Counter[str] = Counter()
    for place in (*PLATFORM, *teams):
        for pod in pods_of(prod, place):
            images.update(one["image"] for one in pod["spec"]["containers"])
    assert {
        image for image in images if not image.startswith(f"{region}-docker.pkg.dev/{project}/gemma-prod-")
    } == set()
    assert {image for image in images if "@sha256:" not in image} == set()
    # what really runs here was found under the mirror's names too
    running = {program.name for image in images if (program := controller_program(image)) is not None}
    assert running >= {"kyverno", "kserve-manager"}


def team_namespaces(stage: Stage) -> list[Object]:
    return stage.api.list("v1", "Namespace", labels="gemma-platform/team")


@pytest.mark.parametrize("key", ["payments/assistant", "support/helpdesk"])
def test_a_model_runs_on_the_nodes_that_sizing_chose(prod: Stage, outputs: dict[str, Any], key: str) -> None:
    record = outputs["records"][key]
    team, name = key.split("/")
    place = f"team-{team}"
    assert record["mode"] == "Knative"

    def ready() -> bool:
        return condition(prod.one(*INFERENCE_SERVICE, name, place), "Ready").get("status") == "True"

    eventually(ready, f"{key} is ready")
    service = prod.one(*INFERENCE_SERVICE, name, place)
    assert f"{service['status']['url']}/v1" == outputs["deployments"][key]["base_url"]
    labels = f"serving.kserve.io/inferenceservice={name}"
    pods = [pod for pod in prod.api.list("v1", "Pod", place, labels=labels) if pod["status"]["phase"] == "Running"]
    assert len(pods) == record["replicas"][0]
    ladder = prod.one(
        compute_class.API_VERSION, compute_class.KIND, pods[0]["spec"]["nodeSelector"][COMPUTE_CLASS_LABEL]
    )
    pools = [pool for rule in ladder["spec"]["priorities"] for pool in rule["nodepools"]]
    for pod in pods:
        (engine,) = [one for one in pod["spec"]["containers"] if GPU_RESOURCE in one["resources"]["limits"]]
        assert engine["resources"]["limits"][GPU_RESOURCE] == str(record["gpu_count"])
        node = prod.one("v1", "Node", pod["spec"]["nodeName"])["metadata"]["labels"]
        # all standing pools are empty at first, so that the first rung of the ladder is grown
        assert node[POOL_LABEL] == pools[0]
        assert node["node.kubernetes.io/instance-type"] == record["machine_type"]
        assert node[PLATFORM_ACCELERATOR_LABEL] == record["accelerator"]


def test_the_quota_counts_what_the_team_runs_and_has_room_for_a_rollout_at_peak(
    prod: Stage, outputs: dict[str, Any]
) -> None:
    requested = f"requests.{GPU_RESOURCE}"
    for key, record in outputs["records"].items():
        quota = prod.one("v1", "ResourceQuota", "team", f"team-{key.partition('/')[0]}")["status"]
        least, most = record["replicas"]
        assert int(quota["used"][requested]) == least * record["gpu_count"]
        assert int(quota["hard"][requested]) == (most + max(1, least) + 1) * record["gpu_count"]


def test_the_gateway_leads_to_kourier_and_its_api_refuses_what_is_wrong(prod: Stage) -> None:
    gateway = prod.one(GATEWAYS, "Gateway", "gemma-internal", kourier_gateway.NAMESPACE)
    assert [one["hostname"] if "hostname" in one else one["name"] for one in gateway["spec"]["listeners"]] == ["https"]
    route = prod.one(GATEWAYS, "HTTPRoute", kourier_gateway.ROUTE, knative_serving.NAMESPACE)
    assert route["spec"]["hostnames"] == ["*.gemma.example.com"]
    (backend,) = [one for rule in route["spec"]["rules"] for one in rule["backendRefs"]]
    service = prod.one("v1", "Service", backend["name"], knative_serving.NAMESPACE)
    assert backend["port"] in [port["port"] for port in service["spec"]["ports"]]
    # Gateway API's own rules, which stand in the definitions that GKE installs, not the stand-in's
    (listener,) = gateway["spec"]["listeners"]
    other = {
        "apiVersion": GATEWAYS,
        "kind": "Gateway",
        "metadata": {"name": "other", "namespace": kourier_gateway.NAMESPACE},
        "spec": {**gateway["spec"], "listeners": [listener, {**listener, "name": "again"}]},
    }
    with pytest.raises(ApiError, match="Combination of port, protocol and hostname must be unique for each listener"):
        prod.api.apply(other, "test", dry_run=True)


def test_kourier_asks_the_authorization_service(prod: Stage, outputs: dict[str, Any]) -> None:
    config = prod.one("v1", "ConfigMap", "config-kourier", knative_serving.NAMESPACE)["data"]
    assert config["extauthz-host"] == authorization_service.HOST
    host, _, port = config["extauthz-host"].partition(":")
    name, place = host.split(".")[:2]
    (slice_,) = prod.api.list(
        "discovery.k8s.io/v1", "EndpointSlice", place, labels=f"kubernetes.io/service-name={name}"
    )
    assert [one["port"] for one in slice_["ports"]] == [int(port)]
    assert [one["conditions"]["ready"] for one in slice_["endpoints"]] == [True] * REPLICAS
    hosts = json.dumps(prod.api.list("v1", "ConfigMap", place))
    for deployment in outputs["deployments"].values():
        assert deployment["base_url"].removeprefix("https://").removesuffix("/v1") in hosts


def test_an_image_that_must_be_signed_is_refused_while_its_registry_cannot_be_asked(prod: Stage) -> None:
    """prod names no signed images, for vLLM signs none; so the policy is made here, as the settings would make it."""
    signed = Signed("us-central1-docker.pkg.dev/example-gemma-prod/gemma-prod-docker-io/vllm/*", public_key=PUBLIC_KEY)
    (policy,) = image_policies([signed], {})
    place = "team-payments"
    running = next(pod for pod in pods_of(prod, place) if "assistant" in pod["metadata"]["name"])
    # as the team's own pods are, so that no other policy refuses it
    copy = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "copy", "namespace": place, "labels": running["metadata"]["labels"]},
        "spec": {key: value for key, value in running["spec"].items() if key not in MADE_BY_SERVER},
    }
    assert refused(prod, copy) == ""
    prod.api.apply(policy, "test")
    try:
        refusal = eventually(lambda: refused(prod, copy), "the signature is asked for")
    finally:
        prod.api.delete(policy)
    assert "signed-images-0" in refusal


def refused(stage: Stage, made: Object) -> str:
    """Why the object is refused; empty when it is not, and then it is gone again. Policies do not judge dry runs."""
    try:
        stage.api.create(made)
    except ApiError as error:
        return str(error)
    stage.api.delete(made, grace=0)
    return ""
