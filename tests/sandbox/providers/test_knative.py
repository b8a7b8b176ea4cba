"""What Knative is told by a KnativeServing, and what it therefore says of a model's pod."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.objects import refusals
from tests.sandbox.providers.serving_objects import (
    KNATIVE,
    KNATIVE_MODEL,
    STANDARD_MODEL,
    create,
    install,
    install_stack,
    token_of,
)

CONFIG = ("spec", "config")
CONTAINER = "spec.predictor.containers.0"
AT_CONTAINER = "spec.predictor.containers[0]"


@pytest.fixture
def stack(cluster: KubernetesApi) -> KubernetesApi:
    """A cluster with the whole stack."""
    install_stack(cluster)
    return cluster


def configured(cluster: KubernetesApi, **config: Any) -> KubernetesApi:
    """The cluster with Knative told only this, besides its ingress."""
    serving = changed(KNATIVE, "spec.config", {"network": KNATIVE["spec"]["config"]["network"], **config})
    assert refusals(cluster, token_of(KNATIVE), serving) == {}
    cluster.update(token_of(KNATIVE), "knative-serving/knative-serving", serving, {})
    return cluster


@pytest.mark.parametrize(
    ("way", "value", "at", "reason"),
    [
        ((*CONFIG, "feature"), {}, "spec.config.feature", "no such config map, did you mean 'features'?"),
        (
            (*CONFIG, "features", "kubernetes.podspec-nodeSelector"),
            "enabled",
            'spec.config.features["kubernetes.podspec-nodeSelector"]',
            "ignores this key, did you mean 'kubernetes.podspec-nodeselector'?",
        ),
        ((*CONFIG, "features", "multi-container"), "true", "spec.config.features.multi-container", "ignores 'true'"),
        (
            (*CONFIG, "features", "secure-pod-defaults"),
            "allowed",
            "spec.config.features.secure-pod-defaults",
            "ignores 'allowed': allowed are enabled, allowrootbounded, disabled",
        ),
        (
            (*CONFIG, "defaults", "max-revision-timeout-seconds"),
            3600,
            "spec.config.defaults.max-revision-timeout-seconds",
            "must be text, found a whole number",
        ),
        (
            (*CONFIG, "defaults", "max-revision-timeout-seconds"),
            "200",
            "spec.config.defaults",
            "revision-timeout-seconds (300) cannot be greater than max-revision-timeout-seconds (200)",
        ),
        ((*CONFIG, "network"), {}, "spec.config.network.ingress-class", "Kourier is enabled"),
        (("spec", "version"), "1.22.9", "spec.version", "none of those that the operator carries"),
        (("spec", "version"), "1.2", "spec.version", "none of those that the operator carries"),
        (("spec", "ingress", "kourier", "enable"), True, "spec.ingress.kourier.enable", "did you mean 'enabled'?"),
        (("spec", "high-availability"), {}, "spec.high-availability.replicas", "is missing"),
        (("spec", "workloads"), [{"replicas": 2}], "spec.workloads[0].name", "is missing"),
    ],
)
def test_what_knative_would_ignore_or_never_become_is_refused(
    cluster: KubernetesApi, way: tuple[str, ...], value: Any, at: str, reason: str
) -> None:
    install(cluster, "knative-operator")
    found = refusals(cluster, token_of(KNATIVE), put(KNATIVE, way, value))
    assert list(found) == [at]
    assert reason in found[at]


def put(value: dict[str, Any], way: tuple[str, ...], new: Any) -> dict[str, Any]:
    """A copy with a value put in, whose way may lead through keys with dots."""
    first, *rest = way
    return {**value, first: put(value.get(first, {}), tuple(rest), new) if rest else new}


@pytest.mark.parametrize("version", ["1.23.0", "1.23", "latest", None, UNKNOWN])
def test_a_version_is_a_release_a_line_of_releases_or_the_newest(cluster: KubernetesApi, version: str | None) -> None:
    install(cluster, "knative-operator")
    assert refusals(cluster, token_of(KNATIVE), changed(KNATIVE, "spec.version", version)) == {}


def test_config_maps_may_be_named_in_full_and_domains_are_free(cluster: KubernetesApi) -> None:
    install(cluster, "knative-operator")
    config = {
        "config-network": KNATIVE["spec"]["config"]["network"],
        "domain": {"models.example.com": ""},
        "features": {"secure-pod-defaults": "AllowRootBounded"},
    }
    assert refusals(cluster, token_of(KNATIVE), changed(KNATIVE, "spec.config", config)) == {}


def test_the_models_of_both_modes_are_accepted(stack: KubernetesApi) -> None:
    for model in (KNATIVE_MODEL, STANDARD_MODEL):
        assert refusals(stack, token_of(model), model) == {}
    create(stack, KNATIVE_MODEL)


@pytest.mark.parametrize(
    ("path", "value", "at", "reason"),
    [
        (
            "spec.predictor.timeout",
            3601,
            "spec.predictor.timeout",
            "expected 0 <= 3601 <= 3600: spec.template.spec.timeoutSeconds",
        ),
        (
            "spec.predictor.containerConcurrency",
            1001,
            "spec.predictor.containerConcurrency",
            "expected 0 <= 1001 <= 1000",
        ),
        (
            "spec.predictor.affinity",
            {},
            "spec.predictor.affinity",
            "must not set the field(s): spec.template.spec.affinity",
        ),
        (
            "spec.predictor.schedulerName",
            "x",
            "spec.predictor.schedulerName",
            "switch kubernetes.podspec-schedulername",
        ),
        (
            "spec.predictor.runtimeClassName",
            "x",
            "spec.predictor.runtimeClassName",
            "kubernetes.podspec-runtimeclassname",
        ),
        ("spec.predictor.initContainers", [{"name": "x"}], "spec.predictor.initContainers", "podspec-init-containers"),
        ("spec.predictor.hostNetwork", True, "spec.predictor.hostNetwork", "must not set the field(s)"),
        (
            "spec.predictor.automountServiceAccountToken",
            True,
            "spec.predictor.automountServiceAccountToken",
            "must not set",
        ),
        (
            "spec.predictor.terminationGracePeriodSeconds",
            60,
            "spec.predictor.terminationGracePeriodSeconds",
            "drops this field; in",
        ),
        ("spec.predictor.hostname", "x", "spec.predictor.hostname", "Knative drops this field"),
        (f"{CONTAINER}.lifecycle", {}, f"{AT_CONTAINER}.lifecycle", "`predictor.timeout` is the drain"),
        (f"{CONTAINER}.tty", True, f"{AT_CONTAINER}.tty", "Knative drops this field"),
        (
            f"{CONTAINER}.securityContext",
            {"privileged": True},
            f"{AT_CONTAINER}.securityContext.privileged",
            "must not set",
        ),
        (
            f"{CONTAINER}.env.0",
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            f"{AT_CONTAINER}.env[0].valueFrom.fieldRef",
            "switch kubernetes.podspec-fieldref",
        ),
        (
            f"{CONTAINER}.ports",
            [{"containerPort": 8080}, {"containerPort": 8081}],
            "spec.predictor.containers",
            "more than one container port is set",
        ),
        (
            "spec.predictor.volumes.0",
            {"name": "shared-memory", "csi": {"driver": "gcsfuse.csi.storage.gke.io"}},
            "spec.predictor.volumes[0].csi",
            "CSI volume support is disabled, but found CSI volume shared-memory",
        ),
        (
            "spec.predictor.volumes.0",
            {"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}},
            "spec.predictor.volumes[0].persistentVolumeClaim",
            "Persistent volume claim support is disabled, but found Persistent volume claim weights",
        ),
        (
            "spec.predictor.volumes.0",
            {"name": "shared-memory", "nfs": {"server": "x", "path": "/"}},
            "spec.predictor.volumes[0].nfs",
            "must not set the field(s): spec.template.spec.volumes[0].nfs",
        ),
    ],
)
def test_what_knative_refuses_or_drops_of_a_model_is_refused_and_in_standard_mode_it_is_not(
    stack: KubernetesApi, path: str, value: Any, at: str, reason: str
) -> None:
    found = refusals(stack, token_of(KNATIVE_MODEL), changed(KNATIVE_MODEL, path, value))
    assert list(found) == [at]
    assert reason in found[at]
    with pytest.raises(CloudError, match="InferenceService is invalid"):
        create(stack, changed(KNATIVE_MODEL, path, value))
    assert refusals(stack, token_of(STANDARD_MODEL), changed(STANDARD_MODEL, path, value)) == {}


def test_without_switches_and_limits_of_its_own_knative_has_those_that_are_shipped(stack: KubernetesApi) -> None:
    found = refusals(configured(stack), token_of(KNATIVE_MODEL), KNATIVE_MODEL)
    assert "expected 0 <= 3600 <= 600" in found.pop("spec.predictor.timeout")
    assert sorted(found) == [
        f"spec.predictor.{field}" for field in ("nodeSelector", "priorityClassName", "securityContext", "tolerations")
    ]
    assert refusals(stack, token_of(STANDARD_MODEL), STANDARD_MODEL) == {}


def test_secure_defaults_open_one_field_of_the_pods_rights(stack: KubernetesApi) -> None:
    secure = KNATIVE["spec"]["config"]["features"] | {
        "kubernetes.podspec-securitycontext": "disabled",
        "secure-pod-defaults": "enabled",
    }
    configured(stack, features=secure, defaults={"max-revision-timeout-seconds": "3600"})
    assert list(refusals(stack, token_of(KNATIVE_MODEL), KNATIVE_MODEL)) == [
        "spec.predictor.securityContext.runAsNonRoot"
    ]
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    bounded = changed(KNATIVE_MODEL, "spec.predictor.securityContext", profile)
    assert refusals(stack, token_of(KNATIVE_MODEL), bounded) == {}


def test_switched_on_volumes_and_sources_are_accepted_and_a_claim_must_be_read_only(stack: KubernetesApi) -> None:
    sources = ("volumes-csi", "persistent-volume-claim", "fieldref")
    features = KNATIVE["spec"]["config"]["features"] | {f"kubernetes.podspec-{one}": "enabled" for one in sources}
    configured(stack, features=features, defaults={"max-revision-timeout-seconds": "3600"})
    for volume in (
        {"name": "weights", "csi": {"driver": "gcsfuse.csi.storage.gke.io", "readOnly": True}},
        {"name": "weights", "persistentVolumeClaim": {"claimName": "weights", "readOnly": True}},
    ):
        assert (
            refusals(stack, token_of(KNATIVE_MODEL), changed(KNATIVE_MODEL, "spec.predictor.volumes.0", volume)) == {}
        )
    claim = {"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}}
    [reason] = refusals(
        stack, token_of(KNATIVE_MODEL), changed(KNATIVE_MODEL, "spec.predictor.volumes.0", claim)
    ).values()
    assert "write support is disabled" in reason


def test_in_a_preview_knative_counts_as_it_will_be(cluster: KubernetesApi) -> None:
    install_stack(cluster)
    longer = changed(KNATIVE, "spec.config.defaults.max-revision-timeout-seconds", "7200")
    model = changed(KNATIVE_MODEL, "spec.predictor.timeout", 7200)
    assert refusals(cluster, token_of(model), model)
    assert refusals(cluster, token_of(KNATIVE), longer) == {}
    assert refusals(cluster, token_of(model), model) == {}
    with pytest.raises(CloudError, match="expected 0 <= 7200 <= 3600"):
        create(cluster, model)


@pytest.mark.parametrize("path", ["spec.config", "spec.config.features", "spec.config.defaults", "spec"])
def test_what_knative_is_told_may_be_unknown(cluster: KubernetesApi, path: str) -> None:
    install_stack(cluster)
    assert refusals(cluster, token_of(KNATIVE), changed(KNATIVE, path, UNKNOWN)) == {}
    assert refusals(cluster, token_of(KNATIVE_MODEL), KNATIVE_MODEL) == {}
