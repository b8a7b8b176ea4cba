"""Kubernetes objects that a cluster takes."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.providers.examples import check

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
RELEASE = "kubernetes:helm.sh/v3:Release"
WIDGET = "kubernetes:acme.example/v1:Widget"

TEAM = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}}
SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "team-a"},
    "data": {"url": "x"},
}
WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "team-a", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx",
                        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
                        "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
                        "ports": [{"containerPort": 80}],
                    }
                ]
            },
        },
    },
}
WIDGETS: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.acme.example"},
    "spec": {
        "group": "acme.example",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                                    "color": {"type": "string", "enum": ["red", "blue"]},
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "note": {"type": "string", "nullable": True},
                                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}
GADGET: dict[str, Any] = {
    "apiVersion": "acme.example/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "default"},
    "spec": {"size": 3, "color": "red", "port": "http", "note": None, "free": {"any": 1}},
}
CONTAINER = "spec.template.spec.containers.0"
AT_CONTAINER = "spec.template.spec.containers[0]"


def refusals(api: KubernetesApi, token: str, value: dict[str, Any]) -> dict[str, str]:
    """Reason by path of what Check refuses."""
    return dict(check(api, token, copy.deepcopy(value)))
