"""Every Kubernetes object that dev and prod declare against the real schemas of its kind.

Those of custom kinds are read from the projects' own definitions. What charts and operators make of ours is not seen here, and
rules in CEL are not evaluated.
"""

from __future__ import annotations

import pytest

from stacks.describe.resource_graph import Node
from tests.kubernetes_api.declared import ENVIRONMENTS, graph_of, manifest_of, manifests_of
from tests.kubernetes_api.kubeconform import validate


@pytest.mark.tools
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_kubernetes_object_is_as_its_schema_says(env: str) -> None:
    manifests = manifests_of(graph_of(env))
    assert {"Namespace", "ServiceAccount", "InferenceService"} <= {manifest["kind"] for manifest in manifests}
    assert [str(found) for found in validate(manifests)] == []


def node(**inputs: object) -> Node:
    """A registered resource with those inputs."""
    return Node("urn", "kubernetes:core/v1:Secret", "keys", "", dict(inputs), False, frozenset(), {}, "")


def test_a_secret_is_checked_as_the_plain_value_that_the_api_server_gets() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": {"key": "word"}}
    manifest = manifest_of(node(apiVersion="v1", kind="Secret", stringData=secret, __defaults=[]))
    assert manifest == {"apiVersion": "v1", "kind": "Secret", "stringData": {"key": "word"}}


def test_what_is_no_single_object_is_refused() -> None:
    with pytest.raises(AssertionError, match="declare each by itself"):
        manifest_of(node(files=["a.yaml"]))
