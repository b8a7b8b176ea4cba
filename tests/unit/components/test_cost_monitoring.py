"""What Managed Prometheus collects for OpenCost, and the component that groups both."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.kubernetes.cost_metrics import ALIASES, SELECTED, as_series_label, make_spec
from components.kubernetes.cost_monitoring import CostMonitoring, CostMonitoringArgs
from components.labels import KUBERNETES_KEYS
from sandbox.providers.kubernetes import schemas
from sandbox.providers.kubernetes.kind_tables import known_definition
from tests.unit.components.registering import Program, registered
from tests.unit.components.serving import LABELS, RELEASE, part_of

COLLECTED = "kubernetes:monitoring.googleapis.com/v1:ClusterPodMonitoring"
EVALUATED = "kubernetes:monitoring.googleapis.com/v1:ClusterRules"
RULES = {"groups": [{"name": "cost", "interval": "1m", "rules": [{"record": "a:b", "expr": "vector(1)"}]}]}
OWN = "http://prometheus.monitoring.svc:9090"


def program(preview: bool = False, **changes: Any) -> Program:
    given: dict[str, Any] = {
        "project": "p",
        "project_number": "123",
        "cluster_name": "gemma-dev",
        "prices": ",a,,node,metadata.labels.x,,1,\n",
        "rules": RULES,
        "labels": LABELS,
    }
    return registered(lambda: CostMonitoring("costs", CostMonitoringArgs(**{**given, **changes})), preview)


def test_the_collector_sets_no_label_that_opencosts_series_have_themselves() -> None:
    """With none named it would set the namespace, and OpenCost's own would be called exported_namespace."""
    assert make_spec()["targetLabels"] == {"metadata": []}


def test_series_of_its_own_process_are_not_paid_for() -> None:
    (drop,) = [rule for rule in make_spec()["endpoints"][0]["metricRelabeling"] if rule["action"] == "drop"]
    for name in ("go_goroutines", "process_cpu_seconds_total", "promhttp_metric_handler_requests_total"):
        assert re.fullmatch(drop["regex"], name)
    for name in ("node_total_hourly_cost", "kube_pod_labels", "container_gpu_allocation", "llm_total_hourly_cost"):
        assert not re.fullmatch(drop["regex"], name)


def test_opencosts_aliases_stand_for_the_platforms_labels() -> None:
    renamed = {
        rule["targetLabel"]: rule["sourceLabels"]
        for rule in make_spec()["endpoints"][0]["metricRelabeling"]
        if rule["action"] == "replace"
    }
    assert renamed == {
        "label_owner": ["label_app_kubernetes_io_owner"],
        "label_department": ["label_cost_center"],
    }
    # `team` is what OpenCost itself calls it
    assert {*ALIASES.values(), "team"} <= {*KUBERNETES_KEYS}
    assert as_series_label("team") == "label_team"


def test_managed_prometheus_collects_from_opencosts_pods() -> None:
    collected = program().one(COLLECTED)
    value = {key: member for key, member in collected.inputs.items() if not key.startswith("__")}
    assert schemas.failures(value, known_definition("monitoring.googleapis.com", "ClusterPodMonitoring")) == []
    assert value["spec"]["selector"] == {"matchLabels": SELECTED}
    assert value["metadata"] == {"name": "opencost", "labels": LABELS}


def test_managed_prometheus_evaluates_the_rules() -> None:
    evaluated = program().one(EVALUATED)
    value = {key: member for key, member in evaluated.inputs.items() if not key.startswith("__")}
    assert schemas.failures(value, known_definition("monitoring.googleapis.com", "ClusterRules")) == []
    assert value["spec"] == RULES
    assert value["metadata"] == {"name": "gemma-cost", "labels": LABELS}


def test_a_prometheus_of_ones_own_collects_and_evaluates_by_itself() -> None:
    seen = program(prometheus_url=OWN)
    assert not [one for one in seen.resources if one.type in (COLLECTED, EVALUATED)]
    (release,) = seen.of(RELEASE)
    assert part_of(release) == "OpenCost"
    assert release.inputs["values"]["opencost"]["prometheus"]["external"]["url"] == OWN


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"prometheus_url": "nowhere"}, "prometheus_url is 'nowhere'"), ({"mirror": {"charts": "https://x"}}, "oci://")],
)
def test_what_is_refused_is_refused_before_anything_is_registered(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        program(**changes)


def test_a_preview_shows_what_an_update_makes() -> None:
    seen = [sorted((one.type, one.name) for one in program(preview).resources) for preview in (True, False)]
    assert seen[0] == seen[1]
