"""The serving stack as a cluster takes it: releases of charts, Knative, and a model in either mode."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.objects import NAMESPACE, RELEASE, TEAM

KSERVE_CHARTS = "oci://ghcr.io/kserve/charts"


def release(name: str, namespace: str, version: str, values: dict[str, Any] | None = None, repo: str = "") -> Any:
    """A release called like its chart, from a repository of the web or from KServe's registry."""
    source = {"chart": name, "repositoryOpts": {"repo": repo}} if repo else {"chart": f"{KSERVE_CHARTS}/{name}"}
    return {**source, "name": name, "version": version, "namespace": namespace, "values": values or {}}


#: In an order in which they can be installed.
RELEASES: dict[str, dict[str, Any]] = {
    "cert-manager": release(
        "cert-manager",
        "cert-manager",
        "v1.21.1",
        {"crds": {"enabled": True, "keep": False}},
        "https://charts.jetstack.io",
    ),
    "keda": release("keda", "keda", "2.20.2", {}, "https://kedacore.github.io/charts"),
    "knative-operator": release(
        "knative-operator", "knative-operator", "v1.23.0", {}, "https://knative.github.io/operator"
    ),
    "kserve-crd": release("kserve-crd", "kserve", "v0.20.0"),
    "kserve-resources": release("kserve-resources", "kserve", "v0.20.0"),
    "kserve-runtime-configs": release(
        "kserve-runtime-configs", "kserve", "v0.20.0", {"kserve": {"servingruntime": {"enabled": True}}}
    ),
    "kyverno": release("kyverno", "kyverno", "3.9.1", {}, "https://kyverno.github.io/kyverno"),
    "opencost": release("opencost", "opencost", "2.5.29", {}, "https://opencost.github.io/opencost-helm-chart"),
}

SWITCHES = ("nodeselector", "tolerations", "topologyspreadconstraints", "priorityclassname", "securitycontext")
KNATIVE: dict[str, Any] = {
    "apiVersion": "operator.knative.dev/v1beta1",
    "kind": "KnativeServing",
    "metadata": {"name": "knative-serving", "namespace": "knative-serving"},
    "spec": {
        "version": "1.23.0",
        "ingress": {"kourier": {"enabled": True}},
        "high-availability": {"replicas": 2},
        "config": {
            "network": {"ingress-class": "kourier.ingress.networking.knative.dev"},
            "defaults": {"max-revision-timeout-seconds": "3600"},
            "features": {f"kubernetes.podspec-{switch}": "enabled" for switch in SWITCHES},
        },
    },
}
ACCOUNT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "models", "namespace": "team-a"},
}
KNATIVE_MODEL: dict[str, Any] = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {
        "name": "assistant",
        "namespace": "team-a",
        "annotations": {"serving.kserve.io/deploymentMode": "Knative"},
    },
    "spec": {
        "predictor": {
            "minReplicas": 0,
            "maxReplicas": 2,
            "timeout": 3600,
            "containerConcurrency": 16,
            "scaleMetric": "concurrency",
            "scaleTarget": 12,
            "serviceAccountName": "models",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "priorityClassName": "models",
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "containers": [
                {
                    "name": "kserve-container",
                    "image": "vllm/vllm-openai:v0.33.0",
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": "HF_HUB_OFFLINE", "value": "1"}],
                    "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108
                }
            ],
            "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}],
        }
    },
}
STANDARD_MODEL = changed(
    changed(
        changed(KNATIVE_MODEL, "metadata.annotations", {"serving.kserve.io/deploymentMode": "Standard"}),
        "spec.predictor.scaleMetric",
        None,
    ),
    "spec.predictor.terminationGracePeriodSeconds",
    600,
)


def token_of(value: dict[str, Any]) -> str:
    """The resource token under which the engine hands over an object."""
    api_version = value["apiVersion"] if "/" in value["apiVersion"] else f"core/{value['apiVersion']}"
    return f"kubernetes:{api_version}:{value['kind']}"


def make_namespace(cluster: KubernetesApi, name: str) -> None:
    """Makes a namespace unless it is there."""
    if cluster.read(NAMESPACE, name) is None:
        cluster.create(NAMESPACE, changed(TEAM, "metadata.name", name))


def install(cluster: KubernetesApi, *charts: str) -> dict[str, str]:
    """Installs these releases in the order that they need, with their namespaces; id by chart."""
    ids: dict[str, str] = {}
    for name, inputs in RELEASES.items():
        if name in charts:
            make_namespace(cluster, inputs["namespace"])
            ids[name], _ = cluster.create(RELEASE, copy.deepcopy(inputs))
    return ids


def create(cluster: KubernetesApi, value: dict[str, Any]) -> str:
    """Makes an object, and its namespace when that is missing; its id."""
    if namespace := value["metadata"].get("namespace"):
        make_namespace(cluster, namespace)
    return cluster.create(token_of(value), copy.deepcopy(value))[0]


def install_stack(cluster: KubernetesApi) -> None:
    """The whole stack in the order that it needs, and the team's service account."""
    install(cluster, "cert-manager", "keda", "knative-operator")
    create(cluster, KNATIVE)
    install(cluster, "kserve-crd", "kserve-resources", "kserve-runtime-configs", "kyverno")
    create(cluster, ACCOUNT)
