"""What the settings of an environment make of cost monitoring, as the composer declares it."""

from __future__ import annotations

from typing import Any

import pytest

from components.labels import PRICE_CLASS
from stacks.describe.resource_graph import Node, load_plan, resource_graph
from stacks.problems import SettingsError
from tests.unit.cost.trees import TODAY, Project

CLUSTER, RELEASE = "gcp:container/cluster:Cluster", "kubernetes:helm.sh/v3:Release"
OWN = "http://prometheus.monitoring.svc:9090"


def declared(project: Project, **setting: Any) -> list[Node]:
    """What the composer declares for dev with this `cost_monitoring`."""
    project.setting("dev", cost_monitoring=setting)
    return list(resource_graph(load_plan(project.folder, "dev", TODAY)).nodes.values())


def opencost(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if node.type == RELEASE and node.inputs["name"] == "opencost"]


def components_of_metrics(nodes: list[Node]) -> list[str]:
    (cluster,) = [node for node in nodes if node.type == CLUSTER]
    return cluster.inputs["monitoringConfig"]["enableComponents"]


def test_it_is_installed_after_the_serving_stack_unless_a_setting_says_otherwise(project: Project) -> None:
    nodes = declared(project)
    (release,) = opencost(nodes)
    (monitoring,) = [node for node in nodes if node.type.endswith(":CostMonitoring")]
    # a component's children wait for it, and it for all of the stack
    waited_for = {urn.rpartition("::")[2] for urn in monitoring.dependencies}
    assert waited_for >= {"serving-priorities-gemma-platform", "serving-kserve-controller"}
    assert release.inputs["values"]["opencost"]["exporter"]["defaultClusterId"] in {
        node.inputs["name"] for node in nodes if node.type == CLUSTER
    }
    assert components_of_metrics(nodes) == ["SYSTEM_COMPONENTS", "DCGM", "CADVISOR"]


def test_off_nothing_of_it_is_left_but_the_labels_which_cost_nothing(project: Project) -> None:
    nodes = declared(project, enabled=False)
    assert opencost(nodes) == []
    assert components_of_metrics(nodes) == ["SYSTEM_COMPONENTS", "DCGM"]
    pools = [node.inputs["nodeConfig"]["labels"] for node in nodes if node.type.endswith(":NodePool")]
    assert all(PRICE_CLASS in labels for labels in pools)


def test_a_prometheus_of_the_organisations_own_is_handed_on(project: Project) -> None:
    nodes = declared(project, prometheus_url=OWN)
    (release,) = opencost(nodes)
    assert release.inputs["values"]["opencost"]["prometheus"]["external"]["url"] == OWN
    assert not [node for node in nodes if "ClusterPodMonitoring" in node.type]


@pytest.mark.parametrize("url", ["prometheus:9090", "http://prometheus.svc:9090/", "http://a b"])
def test_an_address_that_is_none_is_named_with_its_field(project: Project, url: str) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml.*cost_monitoring\.prometheus_url"):
        declared(project, prometheus_url=url)
