"""The custom kinds of the serving stack and of GKE: which fields they have, and where they live."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.kubernetes.notation import structural_schema
from tests.sandbox.providers.custom_objects import OBJECTS
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.objects import refusals
from tests.sandbox.providers.serving_objects import create, install_stack, token_of


@pytest.fixture
def stack(cluster: KubernetesApi) -> KubernetesApi:
    """A cluster with the whole stack."""
    install_stack(cluster)
    return cluster


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_example_of_each_kind_is_accepted_and_created_where_its_kind_lives(stack: KubernetesApi, kind: str) -> None:
    value = OBJECTS[kind]
    assert refusals(stack, token_of(value), value) == {}
    assert create(stack, value) == ("team-a/one" if "namespace" in value["metadata"] else "one")


@pytest.mark.parametrize(
    ("kind", "path", "value", "at"),
    [
        ("Certificate", "spec.issuerRef.name", None, "spec.issuerRef.name"),
        ("Certificate", "spec.privateKey", {"algorithm": "DSA"}, "spec.privateKey.algorithm"),
        ("Issuer", "spec.selfsigned", {}, "spec.selfsigned"),
        ("ClusterIssuer", "spec.ca", {}, "spec.ca.secretName"),
        ("ScaledObject", "spec.triggers", [], "spec.triggers"),
        ("ScaledObject", "spec.triggers.0.metadata.threshold", 1, "spec.triggers[0].metadata.threshold"),
        (
            "ScaledObject",
            "spec.triggers.0.authenticationRef.kind",
            "Cluster",
            "spec.triggers[0].authenticationRef.kind",
        ),
        ("ScaledObject", "spec.maxReplicaCount", 0, "spec.maxReplicaCount"),
        ("ScaledObject", "spec.minReplicas", 1, "spec.minReplicas"),
        ("ScaledObject", "spec.fallback.behavior", "keep", "spec.fallback.behavior"),
        (
            "ScaledObject",
            "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaledown",
            {},
            "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaledown",
        ),
        ("ClusterTriggerAuthentication", "spec.podIdentity.provider", "gke", "spec.podIdentity.provider"),
        ("ClusterServingRuntime", "spec.containers", None, "spec.containers"),
        ("ClusterServingRuntime", "spec.containers.0.imag", "x", "spec.containers[0].imag"),
        ("PodMonitoring", "spec.endpoints.0.interval", None, "spec.endpoints[0].interval"),
        ("PodMonitoring", "spec.endpoints.0.port", [], "spec.endpoints[0].port"),
        ("PodMonitoring", "spec.selector.matchLabel", {}, "spec.selector.matchLabel"),
        ("PodMonitoring", "spec.targetLabels.fromPod.0.to", "a-b", "spec.targetLabels.fromPod[0].to"),
        ("Gateway", "spec.listeners.0.port", 70000, "spec.listeners[0].port"),
        (
            "Gateway",
            "spec.listeners.0.allowedRoutes.namespaces.from",
            "None",
            "spec.listeners[0].allowedRoutes.namespaces.from",
        ),
        ("Gateway", "spec.gatewayClass", "x", "spec.gatewayClass"),
        ("HTTPRoute", "spec.rules.0.backendRefs.0.port", "80", "spec.rules[0].backendRefs[0].port"),
        ("HTTPRoute", "spec.rules.0.timeouts.request", "1 hour", "spec.rules[0].timeouts.request"),
        ("ReferenceGrant", "spec.from.0.namespace", None, "spec.from[0].namespace"),
        (
            "HealthCheckPolicy",
            "spec.default.config.httpHealthCheck.path",
            "/",
            "spec.default.config.httpHealthCheck.path",
        ),
        ("HealthCheckPolicy", "spec.default.checkIntervalSec", 301, "spec.default.checkIntervalSec"),
        ("GCPBackendPolicy", "spec.default.timeoutSec", 0, "spec.default.timeoutSec"),
        ("GCPBackendPolicy", "spec.targetRef", None, "spec.targetRef"),
        ("GCPGatewayPolicy", "spec.default.sslpolicy", "x", "spec.default.sslpolicy"),
        ("SecretProviderClass", "spec.parameters.secrets", [], "spec.parameters.secrets"),
        ("ComputeClass", "spec.whenUnsatisfiable", "Never", "spec.whenUnsatisfiable"),
        ("ComputeClass", "spec.priorities.0.nodePools", [], "spec.priorities[0].nodePools"),
    ],
)
def test_what_a_kind_does_not_have_is_refused_at_its_path(
    stack: KubernetesApi, kind: str, path: str, value: Any, at: str
) -> None:
    wrong = changed(OBJECTS[kind], path, value)
    assert list(refusals(stack, token_of(wrong), wrong)) == [at]
    with pytest.raises(CloudError, match="is invalid"):
        create(stack, wrong)


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_unknown_value_at_the_top_of_a_kind_is_no_reason_to_refuse(stack: KubernetesApi, kind: str) -> None:
    for field in OBJECTS[kind]["spec"]:
        value = changed(OBJECTS[kind], f"spec.{field}", UNKNOWN)
        assert refusals(stack, token_of(value), value) == {}


def test_a_version_that_a_kind_is_not_served_in_is_refused(stack: KubernetesApi) -> None:
    value = {**OBJECTS["ScaledObject"], "apiVersion": "keda.sh/v1"}
    assert "v1 is not served" in refusals(stack, token_of(value), value)["apiVersion"]


def test_the_notation_of_the_tables_says_what_a_schema_says() -> None:
    said = {"size!": "1..3", "color": "red | blue", "tags": [{"*": "text"}, "1.."], "port": "text or whole"}
    assert structural_schema(said) == {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 3},
            "color": {"type": "string", "enum": ["red", "blue"]},
            "tags": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "port": {"x-kubernetes-int-or-string": True},
        },
    }
    for wrong in ("string", "1..x", ["text", "3"], 3, None):
        with pytest.raises(ValueError, match="is no"):
            structural_schema({"field": wrong})
