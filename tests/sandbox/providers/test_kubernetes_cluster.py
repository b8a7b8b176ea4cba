"""Objects in a cluster: namespaces, custom kinds, names, changes and deletion."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.servicer import StandIn
from tests.sandbox.providers.examples import Engine, changed, check
from tests.sandbox.providers.objects import (
    CONFIG_MAP,
    DEFINITION,
    DEPLOYMENT,
    GADGET,
    NAMESPACE,
    ROLE,
    SETTINGS,
    TEAM,
    WEB,
    WIDGET,
    WIDGETS,
    refusals,
)


def test_an_object_in_a_namespace_that_does_not_exist_is_refused(cluster: KubernetesApi) -> None:
    with pytest.raises(CloudError, match='namespaces "team-a" not found'):
        cluster.create(CONFIG_MAP, copy.deepcopy(SETTINGS))
    cluster.create(NAMESPACE, TEAM)
    assert cluster.create(CONFIG_MAP, SETTINGS)[0] == "team-a/settings"
    assert cluster.create(CONFIG_MAP, changed(SETTINGS, "metadata.namespace", None))[0] == "default/settings"


def test_kinds_of_the_whole_cluster_need_no_namespace(cluster: KubernetesApi) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "view"},
        "rules": [],
    }
    assert cluster.create(ROLE, role)[0] == "view"
    assert cluster.create(NAMESPACE, TEAM)[0] == "team-a"


def test_a_custom_kind_needs_its_definition_and_is_then_held_against_it(cluster: KubernetesApi) -> None:
    assert "ensure CRDs are installed first" in refusals(cluster, WIDGET, GADGET)["kind"]
    assert refusals(cluster, DEFINITION, WIDGETS) == {}
    cluster.create(DEFINITION, WIDGETS)
    assert refusals(cluster, WIDGET, GADGET) == {}
    wrong = {"size": 0, "colour": "red", "color": "green", "port": [], "note": 1}
    found = refusals(cluster, WIDGET, {**GADGET, "spec": wrong})
    assert sorted(found) == ["spec.color", "spec.colour", "spec.note", "spec.port", "spec.size"]
    assert "did you mean 'color'?" in found["spec.colour"]
    assert list(refusals(cluster, WIDGET, {**GADGET, "spec": {}})) == ["spec.size"]
    assert "apiVersion" in refusals(cluster, WIDGET, {**GADGET, "apiVersion": "acme.example/v2"})
    assert cluster.create(WIDGET, GADGET)[0] == "default/one"
    cluster.delete(DEFINITION, "widgets.acme.example")
    assert cluster.read(WIDGET, "default/one") is None


def test_in_a_preview_a_definition_of_the_same_stack_counts_but_not_at_create(cluster: KubernetesApi) -> None:
    assert refusals(cluster, DEFINITION, WIDGETS) == {}
    assert refusals(cluster, WIDGET, GADGET) == {}
    assert list(refusals(cluster, WIDGET, changed(GADGET, "spec.colour", "red"))) == ["spec.colour"]
    with pytest.raises(CloudError, match="no matches for kind"):
        cluster.create(WIDGET, GADGET)


def test_custom_groups_that_end_like_built_in_ones_need_a_definition_too(cluster: KubernetesApi) -> None:
    snapshot = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": "r"},
        "spec": {},
    }
    token = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshot"  # noqa: S105
    assert "ensure CRDs are installed first" in refusals(cluster, token, snapshot)["kind"]


def test_a_name_is_made_from_the_resources_marked_and_kept(cluster: KubernetesApi) -> None:
    first: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    assert check(cluster, CONFIG_MAP, first, name="settings") == []
    assert first["metadata"]["name"].startswith("settings-")
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    again: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    cluster.check(CONFIG_MAP, "settings", again, first, b"another seed")
    assert again["metadata"]["name"] == first["metadata"]["name"]


@pytest.mark.parametrize(
    ("token", "value", "path", "new", "replaces"),
    [
        (DEPLOYMENT, WEB, "spec.replicas", 3, []),
        (DEPLOYMENT, WEB, "spec.selector.matchLabels.app", "www", ["spec.selector.matchLabels.app"]),
        (DEPLOYMENT, WEB, "metadata.name", "www", ["metadata.name"]),
        (DEPLOYMENT, WEB, "metadata.namespace", "team-b", ["metadata.namespace"]),
        (CONFIG_MAP, SETTINGS, "data.url", "y", ["data.url"]),
        (NAMESPACE, TEAM, "metadata.labels", {"team": "a"}, []),
    ],
)
def test_immutable_fields_replace_and_others_update(
    cluster: KubernetesApi, token: str, value: dict[str, Any], path: str, new: Any, replaces: list[str]
) -> None:
    answer = Engine(StandIn(cluster, cluster.cloud, "4")).diff(token, value, changed(value, path, new))
    assert list(answer.replaces) == replaces
    assert answer.changes == answer.DIFF_SOME
    assert answer.deleteBeforeReplace is (bool(replaces) and not path.startswith("metadata"))


def test_config_maps_can_be_made_mutable_as_with_the_real_provider(cluster: KubernetesApi) -> None:
    cluster.configure({"kubeconfig": "one", "enableConfigMapMutable": "True"})
    answer = Engine(StandIn(cluster, cluster.cloud, "4")).diff(CONFIG_MAP, SETTINGS, changed(SETTINGS, "data.url", "y"))
    assert list(answer.replaces) == []


def test_an_update_counts_the_generation_and_keeps_the_identity(cluster: KubernetesApi) -> None:
    cluster.create(NAMESPACE, TEAM)
    object_id, old = cluster.create(DEPLOYMENT, WEB)
    new = cluster.update(DEPLOYMENT, object_id, changed(WEB, "spec.replicas", 3), old)
    assert new["metadata"]["uid"] == old["metadata"]["uid"]
    assert new["metadata"]["generation"] == old["metadata"]["generation"] + 1
    assert cluster.read(DEPLOYMENT, object_id) == (changed(WEB, "spec.replicas", 3), new)


def test_a_namespace_takes_along_what_is_in_it_and_nothing_else(cluster: KubernetesApi) -> None:
    cluster.create(NAMESPACE, TEAM)
    cluster.create(NAMESPACE, changed(TEAM, "metadata.name", "team-a-b"))
    inside, _ = cluster.create(CONFIG_MAP, SETTINGS)
    beside, _ = cluster.create(CONFIG_MAP, changed(SETTINGS, "metadata.namespace", "team-a-b"))
    cluster.delete(NAMESPACE, "team-a")
    assert cluster.read(CONFIG_MAP, inside) is None
    assert cluster.read(CONFIG_MAP, beside) is not None


def test_clusters_do_not_see_each_others_objects(cluster: KubernetesApi, cloud: Cloud) -> None:
    cluster.create(NAMESPACE, TEAM)
    other = KubernetesApi(cloud)
    other.configure({"kubeconfig": "two"})
    assert other.read(NAMESPACE, "team-a") is None
    other.create(NAMESPACE, TEAM)
    with pytest.raises(CloudError, match="already exists"):
        cluster.create(NAMESPACE, TEAM)


def test_patches_and_charts_are_refused_by_name(cluster: KubernetesApi) -> None:
    [(_, reason)] = check(cluster, "kubernetes:core/v1:ConfigMapPatch", copy.deepcopy(SETTINGS))
    assert "no patches" in reason
    with pytest.raises(CloudError, match="no answer to kubernetes:helm"):
        cluster.invoke("kubernetes:helm:template", {})
