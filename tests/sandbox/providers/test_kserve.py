"""What KServe's webhook and manager say of an InferenceService."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.property_diff import leaf_paths
from tests.sandbox.providers.examples import changed, check
from tests.sandbox.providers.objects import RELEASE, refusals
from tests.sandbox.providers.serving_objects import (
    ACCOUNT,
    KNATIVE,
    KNATIVE_MODEL,
    RELEASES,
    STANDARD_MODEL,
    create,
    install,
    install_stack,
    token_of,
)

MODEL = token_of(KNATIVE_MODEL)
PREDICTOR = "spec.predictor"
KNATIVE_FIRST = "It is not possible to use Knative deployment mode when Knative Services are not available"


@pytest.fixture
def stack(cluster: KubernetesApi) -> KubernetesApi:
    """A cluster with the whole stack."""
    install_stack(cluster)
    return cluster


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        (f"{PREDICTOR}.maxReplica", 2, f"{PREDICTOR}.maxReplica"),
        (f"{PREDICTOR}.minReplicas", "1", f"{PREDICTOR}.minReplicas"),
        (f"{PREDICTOR}.nodeSelectors", {}, f"{PREDICTOR}.nodeSelectors"),
        (f"{PREDICTOR}.containers.0.imag", "x", f"{PREDICTOR}.containers[0].imag"),
        (f"{PREDICTOR}.scaleMetric", "gpu", f"{PREDICTOR}.scaleMetric"),
        (f"{PREDICTOR}.ephemeralContainers", [], f"{PREDICTOR}.ephemeralContainers"),
        (f"{PREDICTOR}.model", {"storageURI": "gs://x"}, f"{PREDICTOR}.model.storageURI"),
        ("spec.predictors", {}, "spec.predictors"),
        (PREDICTOR, None, PREDICTOR),
        ("spec.canary", [{"trafficPercent": 10}], "spec.canary[0].predictor"),
    ],
)
def test_fields_that_the_definition_lacks_are_refused(stack: KubernetesApi, path: str, value: Any, at: str) -> None:
    assert list(refusals(stack, MODEL, changed(KNATIVE_MODEL, path, value))) == [at]


@pytest.mark.parametrize(
    ("model", "path", "value", "at", "reason"),
    [
        (KNATIVE_MODEL, f"{PREDICTOR}.containers", None, PREDICTOR, "exactly one of containers, huggingface"),
        (KNATIVE_MODEL, f"{PREDICTOR}.model", {"runtime": "x"}, PREDICTOR, "found model, containers"),
        (
            KNATIVE_MODEL,
            f"{PREDICTOR}.minReplicas",
            3,
            f"{PREDICTOR}.minReplicas",
            "cannot be greater than MaxReplicas",
        ),
        (KNATIVE_MODEL, f"{PREDICTOR}.minReplicas", -1, f"{PREDICTOR}.minReplicas", "cannot be less than 0"),
        (KNATIVE_MODEL, f"{PREDICTOR}.maxReplicas", -1, f"{PREDICTOR}.maxReplicas", "cannot be less than 0"),
        (STANDARD_MODEL, f"{PREDICTOR}.containerConcurrency", -1, f"{PREDICTOR}.containerConcurrency", "less than 0"),
        (
            KNATIVE_MODEL,
            f"{PREDICTOR}.scaleMetric",
            "cpu",
            f"{PREDICTOR}.scaleMetric",
            "[cpu] is not a supported metric",
        ),
        (
            KNATIVE_MODEL,
            f"{PREDICTOR}.deploymentStrategy",
            {},
            f"{PREDICTOR}.deploymentStrategy",
            "raw deployment mode",
        ),
        (
            KNATIVE_MODEL,
            "spec.canary",
            [{"predictor": {}, "trafficPercent": 1}],
            "spec.canary",
            "only supported in Standard",
        ),
        (KNATIVE_MODEL, "metadata.name", "1st", "metadata.name", "begins with a letter"),
    ],
)
def test_what_the_webhook_refuses_is_named_with_its_path(
    stack: KubernetesApi, model: dict[str, Any], path: str, value: Any, at: str, reason: str
) -> None:
    found = refusals(stack, MODEL, changed(model, path, value))
    assert list(found) == [at]
    assert reason in found[at]


def annotated(model: dict[str, Any], **annotations: str) -> dict[str, Any]:
    """The model with annotations of KServe's added."""
    added = {f"serving.kserve.io/{name}": value for name, value in annotations.items()}
    return changed(model, "metadata.annotations", {**model["metadata"]["annotations"], **added})


@pytest.mark.parametrize(
    ("annotations", "metric", "reason"),
    [
        ({"autoscalerClass": "kedah"}, None, "[kedah] is not a supported autoscaler class type"),
        ({"autoscalerClass": "keda"}, "cpu", "ScaleMetric is not supported for KEDA"),
        ({"autoscalerClass": "hpa"}, "concurrency", "[concurrency] is not a supported metric: cpu, memory"),
        ({"deploymentMode": "Raw"}, None, "'Raw' is none of Knative, Serverless, Standard, RawDeployment"),
        ({"autoscalerClass": "external"}, None, None),
        ({"autoscalerClass": "hpa"}, "cpu", None),
        ({"deploymentMode": "RawDeployment"}, None, None),
    ],
)
def test_modes_and_autoscalers_are_of_those_that_kserve_has(
    stack: KubernetesApi, annotations: dict[str, str], metric: str | None, reason: str | None
) -> None:
    model = annotated(STANDARD_MODEL, **annotations)
    if metric is not None:
        model = changed(model, f"{PREDICTOR}.scaleMetric", metric)
    found = list(refusals(stack, MODEL, model).values())
    assert len(found) == (0 if reason is None else 1)
    assert reason is None or reason in found[0]


def test_a_model_by_its_format_is_accepted_with_and_without_storage(stack: KubernetesApi) -> None:
    plain = changed(changed(KNATIVE_MODEL, f"{PREDICTOR}.containers", None), f"{PREDICTOR}.volumes", None)
    model = {"modelFormat": {"name": "vLLM"}, "runtime": "vllm", "args": ["--max-num-seqs=8"]}
    for storage in ({}, {"storageUri": "gs://weights/gemma"}):
        assert refusals(stack, MODEL, changed(plain, f"{PREDICTOR}.model", {**model, **storage})) == {}
    # KServe makes a container of it, of which Knative knows the same fields
    found = refusals(stack, MODEL, changed(plain, f"{PREDICTOR}.model", {**model, "lifecycle": {}}))
    assert list(found) == [f"{PREDICTOR}.model.lifecycle"]


def test_the_mode_of_a_service_stays_unless_it_becomes_another_object(stack: KubernetesApi) -> None:
    new = copy.deepcopy(STANDARD_MODEL)
    [(path, reason)] = check(stack, MODEL, new, old=copy.deepcopy(KNATIVE_MODEL))
    assert path.startswith("metadata.annotations.")
    assert reason == "update rejected: deploymentMode cannot be changed from 'Knative' to 'Standard'"
    renamed = changed(STANDARD_MODEL, "metadata.name", "other")
    assert check(stack, MODEL, renamed, old=copy.deepcopy(KNATIVE_MODEL)) == []


def test_the_service_account_must_exist_at_create_and_at_update(stack: KubernetesApi) -> None:
    other = changed(KNATIVE_MODEL, f"{PREDICTOR}.serviceAccountName", "others")
    assert refusals(stack, MODEL, other) == {}  # in a preview it may come with the same run
    with pytest.raises(CloudError, match='serviceaccount "others" not found'):
        create(stack, other)
    model_id = create(stack, KNATIVE_MODEL)
    with pytest.raises(CloudError, match='serviceaccount "others" not found'):
        stack.update(MODEL, model_id, other, {})
    create(stack, changed(ACCOUNT, "metadata.name", "others"))
    stack.update(MODEL, model_id, other, {})


def test_without_the_manager_nothing_acts_on_a_service(cluster: KubernetesApi) -> None:
    install(cluster, "cert-manager", "knative-operator", "kserve-crd")
    create(cluster, KNATIVE)
    create(cluster, ACCOUNT)
    with pytest.raises(CloudError, match="install the chart kserve-resources"):
        create(cluster, KNATIVE_MODEL)
    install(cluster, "kserve-resources")
    create(cluster, KNATIVE_MODEL)


def test_the_manager_knows_knative_only_if_it_was_there_at_its_start(cluster: KubernetesApi) -> None:
    install(cluster, "cert-manager", "knative-operator", "kserve-crd", "kserve-resources")
    create(cluster, KNATIVE)
    create(cluster, ACCOUNT)
    with pytest.raises(CloudError, match=KNATIVE_FIRST):
        create(cluster, KNATIVE_MODEL)
    create(cluster, changed(STANDARD_MODEL, "metadata.name", "standard"))
    resources, place = RELEASES["kserve-resources"], "kserve/kserve-resources"
    # the config map alone does not start it anew, its pods do
    gateway = {"kserve": {"controller": {"gateway": {"domain": "example.com"}}}}
    cluster.update(RELEASE, place, {**resources, "values": gateway}, {})
    with pytest.raises(CloudError, match=KNATIVE_FIRST):
        create(cluster, KNATIVE_MODEL)
    pods = {"kserve": {"controller": {"podAnnotations": {"changed": "1"}}}}
    cluster.update(RELEASE, place, {**resources, "values": pods}, {})
    create(cluster, KNATIVE_MODEL)


def test_a_manager_that_is_replaced_looks_around_again(cluster: KubernetesApi) -> None:
    ids = install(cluster, "cert-manager", "knative-operator", "kserve-crd", "kserve-resources")
    create(cluster, KNATIVE)
    create(cluster, ACCOUNT)
    cluster.delete(RELEASE, ids["kserve-resources"])
    with pytest.raises(CloudError, match="install the chart kserve-resources"):
        create(cluster, KNATIVE_MODEL)
    install(cluster, "kserve-resources")
    create(cluster, KNATIVE_MODEL)


def test_an_unknown_value_anywhere_is_no_reason_to_refuse(stack: KubernetesApi) -> None:
    for model in (KNATIVE_MODEL, STANDARD_MODEL):
        for path in leaf_paths(model["spec"]["predictor"], ""):
            dotted = path.replace("[", ".").replace("]", "").strip(".")
            if dotted and '"' not in dotted:
                unknown = changed(model, f"{PREDICTOR}.{dotted}", UNKNOWN)
                assert refusals(stack, MODEL, unknown) == {}, path
    for path in ("metadata.annotations", "metadata.name", "metadata.namespace", PREDICTOR, "spec"):
        assert refusals(stack, MODEL, changed(KNATIVE_MODEL, path, UNKNOWN)) == {}, path
