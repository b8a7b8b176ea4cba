"""What each part of the serving stack declares."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.engine_pod import make_pod
from components.kubernetes.knative_config import POD_SWITCHES, SOURCE_SWITCHES
from components.kubernetes.knative_serving import WITHOUT_BUDGET
from components.kubernetes.versions import CHARTS
from components.kubernetes.workload_identity import member_of
from tests.unit.components.models import model_of
from tests.unit.components.serving import AUTOSCALER, BUDGET, KNATIVE, READER, RELEASE, stack_of
from tests.unit.sizing.test_placement import PAYMENTS

REGISTRIES = ("docker.io", "gcr.io", "ghcr.io", "quay.io")
PRIORITY_CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
GRANT = "gcp:projects/iAMMember:IAMMember"
AUTHENTICATION = "kubernetes:keda.sh/v1alpha1:ClusterTriggerAuthentication"


def mirror(host: str = "us-central1-docker.pkg.dev/p") -> dict[str, Any]:
    return {"images": {registry: f"{host}/{registry.partition('.')[0]}" for registry in REGISTRIES}}


def knative_spec(**changes: Any) -> dict[str, Any]:
    (serving,) = stack_of(**changes).of(KNATIVE)
    return serving.inputs["spec"]


class TestKnative:
    def test_kourier_is_the_only_ingress_and_has_no_load_balancer_of_its_own(self) -> None:
        spec = knative_spec()
        assert spec["ingress"] == {"kourier": {"enabled": True, "service-type": "ClusterIP"}}
        assert spec["config"]["network"]["ingress-class"] == "kourier.ingress.networking.knative.dev"

    def test_its_object_counts_as_made_when_knative_is_ready(self) -> None:
        (serving,) = stack_of().of(KNATIVE)
        assert serving.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}

    def test_limits_of_time_are_those_that_are_asked_for(self) -> None:
        config = knative_spec(longest_request_seconds=1800, progress_deadline_seconds=2400)["config"]
        assert config["defaults"]["max-revision-timeout-seconds"] == "1800"
        assert config["deployment"]["progress-deadline"] == "2400s"
        assert config["deployment"]["pod-is-always-schedulable"] == "true"

    def test_one_certificate_fits_the_host_of_every_model(self) -> None:
        config = knative_spec(domain="models.example.com")["config"]
        assert config["domain"] == {"models.example.com": ""}
        host = config["network"]["domain-template"]
        for field, value in (
            ("Name", "assistant-predictor"),
            ("Namespace", "team-a"),
            ("Domain", "models.example.com"),
        ):
            host = host.replace(f"{{{{.{field}}}}}", value)
        assert host == "assistant-predictor-team-a.models.example.com"
        assert config["network"]["default-external-scheme"] == "https"

    def test_without_a_domain_nothing_can_be_asked_for_from_outside(self) -> None:
        config = knative_spec()["config"]
        assert config["domain"] == {"svc.cluster.local": ""}
        assert "default-external-scheme" not in config["network"]

    def test_authorization_fails_closed_and_sees_no_prompt(self) -> None:
        asked = {"host": "authorization.gemma-ingress.svc.cluster.local:9191", "timeout_milliseconds": 500}
        assert knative_spec(external_authorization=asked)["config"]["kourier"] == {
            "extauthz-host": "authorization.gemma-ingress.svc.cluster.local:9191",
            "extauthz-protocol": "grpc",
            "extauthz-timeout": "500",
            "extauthz-failure-mode-allow": "false",
            "extauthz-max-request-body-bytes": "1",
        }
        assert "kourier" not in knative_spec()["config"]

    def test_every_field_of_a_models_pod_has_its_switch(self) -> None:
        always = {"containers", "volumes", "serviceAccountName", "automountServiceAccountToken", "enableServiceLinks"}
        pod = make_pod("a", model_of(PAYMENTS), "ladder-g2", "models", "gemma-interactive")
        spread = make_pod("a", {**model_of(PAYMENTS), "spread_over_zones": True}, "p", "models", "gemma-batch")
        used = (pod.keys() | spread.keys()) - always
        assert used >= {"nodeSelector", "tolerations", "topologySpreadConstraints", "priorityClassName"}
        assert used <= POD_SWITCHES.keys()
        features = knative_spec()["config"]["features"]
        assert all(features[switch] == "enabled" for switch in (*POD_SWITCHES.values(), *SOURCE_SWITCHES.values()))
        assert features["queueproxy.resource-defaults"] == "enabled"
        assert features["secure-pod-defaults"] == "AllowRootBounded"

    def test_only_with_high_availability_are_there_two_and_budgets_that_keep_one(self) -> None:
        small, large = stack_of(), stack_of(high_availability=True)
        assert small.one(KNATIVE).inputs["spec"]["high-availability"] == {"replicas": 1}
        assert not any("topologySpreadConstraints" in part for part in small.one(KNATIVE).inputs["spec"]["workloads"])
        assert {b["minAvailable"] for b in small.one(KNATIVE).inputs["spec"]["podDisruptionBudgets"]} == {0}
        assert not [r for r in small.resources if r.type in (BUDGET, AUTOSCALER)]
        spec = large.one(KNATIVE).inputs["spec"]
        assert spec["high-availability"] == {"replicas": 2}
        assert {b["maxUnavailable"] for b in spec["podDisruptionBudgets"]} == {1}
        budgets = {b.inputs["metadata"]["name"]: b.inputs["spec"] for b in large.of(BUDGET)}
        assert budgets.keys() == {*(f"{part}-pdb" for part in WITHOUT_BUDGET), "kserve-controller-manager"}
        assert {budget["maxUnavailable"] for budget in budgets.values()} == {1}

    def test_its_controller_may_read_each_repository_of_a_mirror_once_and_nothing_else(self) -> None:
        grants = stack_of(mirror=mirror()).of(READER)
        assert sorted(grant.inputs["repository"] for grant in grants) == ["docker", "gcr", "ghcr", "quay"]
        for grant in grants:
            assert (grant.inputs["location"], grant.inputs["project"]) == ("us-central1", "p")
            assert grant.inputs["role"] == "roles/artifactregistry.reader"
            assert grant.inputs["member"].endswith("/subject/ns/knative-serving/sa/controller")
        for other in ({}, mirror("registry.example.com")):
            assert not [r for r in stack_of(mirror=other).resources if r.type == READER]


class TestKeda:
    def test_its_operator_may_read_metrics_and_nothing_else(self) -> None:
        grant = stack_of().one(GRANT).inputs
        assert grant == {
            "project": "p",
            "role": "roles/monitoring.viewer",
            "member": member_of("p", "123", "keda", "keda-operator"),
        }

    def test_triggers_ask_google_as_the_operator(self) -> None:
        authentication = stack_of().one(AUTHENTICATION)
        assert authentication.inputs["metadata"]["name"] == "managed-prometheus"
        assert authentication.inputs["spec"] == {"podIdentity": {"provider": "gcp"}}
        waited_for = {urn.rpartition("::")[2] for urn in authentication.dependencies}
        assert waited_for == {"serving-keda", "serving-keda-reads-metrics"}


class TestKServe:
    def test_a_second_controller_is_kept_by_an_autoscaler_of_its_deployment(self) -> None:
        spec = stack_of(high_availability=True).one(AUTOSCALER).inputs["spec"]
        assert spec["scaleTargetRef"] == {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": "kserve-controller-manager",
        }
        assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 3)

    def test_the_engine_of_its_runtime_is_the_platforms(self) -> None:
        digest = f"sha256:{'a' * 64}"
        releases = {r.inputs["name"]: r.inputs["values"] for r in stack_of(mirror=mirror()).of(RELEASE)}
        engine = releases["kserve-runtime-configs"]["kserve"]["servingruntime"]["vllmserver"]
        assert engine == {"image": "us-central1-docker.pkg.dev/p/docker/vllm/vllm-openai", "tag": "v0.33.0"}
        pinned = stack_of(engine_image=f"docker.io/vllm/vllm-openai:v0.33.0@{digest}").of(RELEASE)
        (values,) = [r.inputs["values"] for r in pinned if r.inputs["name"] == "kserve-runtime-configs"]
        assert values["kserve"]["servingruntime"]["vllmserver"]["tag"] == f"v0.33.0@{digest}"


class TestPriorities:
    def test_pods_that_name_no_class_are_controllers_and_batch_takes_nobodys_place(self) -> None:
        classes = {r.inputs["metadata"]["name"]: r.inputs for r in stack_of().of(PRIORITY_CLASS)}
        assert {name for name, inputs in classes.items() if inputs.get("globalDefault")} == {"gemma-platform"}
        assert {name: inputs["preemptionPolicy"] for name, inputs in classes.items()} == {
            "gemma-platform": "Never",
            "gemma-interactive": "PreemptLowerPriority",
            "gemma-batch": "Never",
        }
        values = [classes[name]["value"] for name in ("gemma-platform", "gemma-interactive", "gemma-batch")]
        assert values == sorted(values, reverse=True)
        # above are Kubernetes' own classes, below -10 the cluster autoscaler makes no node
        assert all(0 < value <= 1_000_000_000 for value in values)


def test_every_chart_has_a_version_a_source_and_a_date() -> None:
    assert len({chart.name for chart in CHARTS}) == len(CHARTS)
    for chart in CHARTS:
        assert chart.version.lstrip("v")[0].isdecimal(), chart
        assert chart.source, chart
        assert chart.date.startswith("2026-"), chart
        assert not chart.repository.endswith("/"), chart


@pytest.mark.parametrize("registry", REGISTRIES)
def test_a_mirror_of_only_some_registries_is_refused(registry: str) -> None:
    images = {name: prefix for name, prefix in mirror()["images"].items() if name != registry}
    with pytest.raises(ValueError, match=f"comes from {registry}, which has no mirror"):
        stack_of(mirror={"images": images})
