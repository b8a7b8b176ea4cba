"""What a cluster's API refuses about an object by itself."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.objects import (
    AT_CONTAINER,
    CONFIG_MAP,
    CONTAINER,
    DEPLOYMENT,
    NAMESPACE,
    ROLE,
    SECRET,
    SETTINGS,
    TEAM,
    WEB,
    refusals,
)


@pytest.mark.parametrize(("token", "value"), [(NAMESPACE, TEAM), (CONFIG_MAP, SETTINGS), (DEPLOYMENT, WEB)])
def test_the_examples_are_accepted(cluster: KubernetesApi, token: str, value: dict[str, Any]) -> None:
    assert refusals(cluster, token, value) == {}


@pytest.mark.parametrize(
    ("path", "value", "at", "reason"),
    [
        (f"{CONTAINER}.livenessProb", {}, f"{AT_CONTAINER}.livenessProb", "did you mean 'livenessProbe'?"),
        (f"{CONTAINER}.ports.0.containerport", 80, f"{AT_CONTAINER}.ports[0].containerport", "'containerPort'?"),
        (
            f"{CONTAINER}.ports.0.containerPort",
            "eighty",
            f"{AT_CONTAINER}.ports[0].containerPort",
            "a whole number, found text",
        ),
        (f"{CONTAINER}.name", None, f"{AT_CONTAINER}.name", "is missing"),
        (
            f"{CONTAINER}.livenessProbe.httpGet.port",
            [],
            f"{AT_CONTAINER}.livenessProbe.httpGet.port",
            "text or a whole number",
        ),
        (
            f"{CONTAINER}.resources.limits",
            {"cpu": {}},
            f"{AT_CONTAINER}.resources.limits.cpu",
            "text or a number, found an obj",
        ),
        ("spec.replicas", True, "spec.replicas", "a whole number, found true or false"),
        ("spec.selector", None, "spec.selector", "is missing"),
        ("spec.template.spec.containers", {}, "spec.template.spec.containers", "must be a list, found an object"),
        ("apiVersion", "apps/v1beta1", "kind", 'no matches for kind "Deployment" in version "apps/v1beta1"'),
        ("metadata.label", {}, "metadata.label", "did you mean 'labels'?"),
        ("metadata.name", "Web", "metadata.name", "RFC 1123"),
        ("metadata.name", "w" * 254, "metadata.name", "253"),
        ("metadata.labels", {"bad key": "x"}, "metadata.labels.bad key", "qualified name"),
        ("metadata.labels", {"team": "a b"}, "metadata.labels.team", "at most 63"),
        ("metadata.labels", {"team": "t" * 64}, "metadata.labels.team", "at most 63"),
        ("metadata.annotations", {"/x": "y"}, "metadata.annotations./x", "qualified name"),
    ],
)
def test_what_the_api_refuses_is_named_with_its_path(
    cluster: KubernetesApi, path: str, value: Any, at: str, reason: str
) -> None:
    found = refusals(cluster, DEPLOYMENT, changed(WEB, path, value))
    assert list(found) == [at]
    assert reason in found[at]


def test_no_message_repeats_a_value_since_it_may_be_a_secret(cluster: KubernetesApi) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"token": ["hunter2"]}}
    found = refusals(cluster, SECRET, secret)
    assert list(found) == ["stringData.token"]
    found |= refusals(cluster, SECRET, {**secret, "stringData": {}, "data": {"token": "hunter2!"}})
    assert "base64" in found["data.token"]
    assert "hunter2" not in str(found)


def test_names_of_namespaces_and_services_are_labels_and_those_of_roles_nearly_free(cluster: KubernetesApi) -> None:
    assert "metadata.name" in refusals(cluster, NAMESPACE, changed(TEAM, "metadata.name", "team.a"))
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1web"}, "spec": {"ports": [{"port": 80}]}}
    assert "metadata.name" in refusals(cluster, "kubernetes:core/v1:Service", service)
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "acme:view"}}
    assert refusals(cluster, ROLE, role) == {}
    assert "metadata.name" in refusals(cluster, ROLE, changed(role, "metadata.name", "acme/view"))


@pytest.mark.parametrize(
    "path", ["spec", "spec.replicas", "spec.template", f"{CONTAINER}.image", f"{CONTAINER}.ports", "metadata"]
)
def test_unknown_values_pass_and_what_stands_beside_them_is_checked(cluster: KubernetesApi, path: str) -> None:
    value = changed(WEB, path, UNKNOWN)
    assert refusals(cluster, DEPLOYMENT, value) == {}
    assert list(refusals(cluster, DEPLOYMENT, {**value, "spek": {}})) == ["spek"]
    for unknown in ("name", "namespace", "labels", "annotations"):
        assert refusals(cluster, DEPLOYMENT, changed(WEB, f"metadata.{unknown}", UNKNOWN)) == {}


def test_a_preview_does_not_know_what_the_server_will_add_to_the_metadata(cluster: KubernetesApi) -> None:
    value = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}}
    metadata = cluster.preview("kubernetes:core/v1:Namespace", value)["metadata"]
    assert metadata["name"] == "team-a"
    assert {metadata[key] for key in ("uid", "resourceVersion", "generation", "creationTimestamp")} == {UNKNOWN}
