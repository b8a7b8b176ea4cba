"""Objects of a team beside its model, for examples: a pod, a claim of storage, and Google resources. Each call gives copies."""

from __future__ import annotations

import copy
from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.labels import make_labels
from policy.examples.engine_objects import NAME, NAMESPACE_NAME, TEAM, Change, Content, container, service
from policy.rules.resource_types import CLOUD_RUN_SERVICE
from policy.rules.rule import Resource

OWNER, COST_CENTER = TEAM, "cc-7"
#: What a resource carries that serves no single model.
SHARED = make_labels(OWNER, COST_CENTER, TEAM)
DIGEST = "sha256:5b3c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c"


def pod(*changes: Change) -> Resource:
    """A pod as the controllers make it of the model: with its labels, and one container."""
    labels = {**service()["spec"]["predictor"]["labels"], INFERENCE_SERVICE_LABEL: NAME}
    image = container(service())["image"]
    content = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "ranker-predictor-00001-0", "namespace": NAMESPACE_NAME, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": service()["spec"]["predictor"]["securityContext"],
            "containers": [_container("engine", image)],
        },
    }
    return Resource.of_object(_changed(content, changes))


def add_container(kind: str, image: str) -> Change:
    """Adds one to a list of containers of a pod: `containers`, `initContainers`."""

    def change(content: Content) -> None:
        content["spec"].setdefault(kind, []).append(_container("beside", image))

    return change


def claim(*changes: Change) -> Resource:
    """A claim of storage of the team."""
    content = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "cache", "namespace": NAMESPACE_NAME, "labels": SHARED.kubernetes()},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
    }
    return Resource.of_object(_changed(content, changes))


def bucket(*changes: Change) -> Resource:
    """A bucket of the team."""
    return Resource(
        "gcp:storage/bucket:Bucket", "documents", _changed({"name": "documents", "labels": SHARED.google()}, changes)
    )


def on_cloud_run(*changes: Change) -> Resource:
    """The same model on Cloud Run, which has no admission. `changes` are of the service's properties."""
    kubernetes = service()["metadata"]["labels"]
    labels = {key.removeprefix("app.kubernetes.io/"): value for key, value in kubernetes.items()}
    engine = container(service())
    properties = {
        "labels": labels,
        "annotations": dict(service()["metadata"]["annotations"]),
        "template": {
            "labels": labels,
            "nodeSelector": {"accelerator": "nvidia-l4"},
            "containers": [
                {
                    "image": engine["image"],
                    "commands": engine["command"],
                    "args": engine["args"],
                    "resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}},
                }
            ],
        },
    }
    return Resource(CLOUD_RUN_SERVICE, f"{TEAM}/{NAME}", _changed(properties, changes))


def _container(name: str, image: str) -> Content:
    rights = copy.deepcopy(container(service())["securityContext"])
    amounts = {"cpu": "1", "memory": "1Gi"}
    return {
        "name": name,
        "image": image,
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": rights,
    }


def _changed(content: Any, changes: tuple[Change, ...]) -> Any:
    made = copy.deepcopy(content)
    for change in changes:
        change(made)
    return made
