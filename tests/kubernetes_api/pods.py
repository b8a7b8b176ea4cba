"""The pods that come of an environment's objects, so that tools which know built-in kinds only can judge them as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.providers.kubernetes.core_schemas import is_custom
from tests.kubernetes_api.schemas import built_in_types

Manifest = dict[str, Any]

#: Where a custom kind holds what becomes a pod: the pod's fields, among others of the kind's own.
CUSTOM_PODS = {"InferenceService": ("spec", "predictor")}
POD_FIELDS = frozenset(built_in_types()["io.k8s.api.core.v1.PodSpec"]["properties"])


def with_pods(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The same objects, with a Pod for each custom object that stands for pods."""
    return [pod_of(manifest) if manifest["kind"] in CUSTOM_PODS else _without_pods(manifest) for manifest in manifests]


def pod_of(manifest: Manifest) -> Manifest:
    """The pod of a custom object, with its name. Mutations on the way, as Knative's, are not in it."""
    source = manifest
    for step in CUSTOM_PODS[manifest["kind"]]:
        source = source[step]
    labels = {**manifest["metadata"].get("labels", {}), **source.get("labels", {})}
    spec = {key: value for key, value in source.items() if key in POD_FIELDS}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**manifest["metadata"], "labels": labels}, "spec": spec}


def _without_pods(manifest: Manifest) -> Manifest:
    """The object itself; AssertionError for a custom one that holds containers, which would go unseen."""
    custom = is_custom(manifest["apiVersion"])
    assert not (custom and any(_containers(manifest))), f"{manifest['kind']} holds containers: add it to CUSTOM_PODS"
    return manifest


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == "containers" and isinstance(member, list):
                yield member
            yield from _containers(member)
    elif isinstance(value, list):
        for member in value:
            yield from _containers(member)
