"""Where resources name container images: containers of every kind, runtimes, Knative's own list, values of Helm releases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from policy.rules.resource_types import (
    CLOUD_RUN_JOB,
    CLOUD_RUN_SERVICE,
    CLOUD_RUN_WORKER_POOL,
    HELM_RELEASE,
    INFERENCE_SERVICE,
    KNATIVE_SERVING,
)
from policy.rules.rule import UNKNOWN, Resource
from policy.rules.workload import PARTS, Path


class Named(NamedTuple):
    """An image and where it stands. `value` is whatever stands there, UNKNOWN included; None where a container names none."""

    where: str
    value: Any
    #: `reference` is whole; of a chart's `name` tag and digest, and of a `registry` all that follows, are the chart's own.
    part: Literal["reference", "name", "registry"] = "reference"
    #: The tag that stands beside a `registry`, with the digest that may follow it; empty where there is none.
    beside: str = ""


#: Lists of containers of a pod.
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
TEMPLATE = ("spec", "template", "spec")
#: Where the pod's spec stands, by group and kind of an object.
POD_SPECS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "ReplicationController"): TEMPLATE,
    ("apps", "Deployment"): TEMPLATE,
    ("apps", "DaemonSet"): TEMPLATE,
    ("apps", "ReplicaSet"): TEMPLATE,
    ("apps", "StatefulSet"): TEMPLATE,
    ("batch", "Job"): TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *TEMPLATE),
    ("serving.knative.dev", "Service"): TEMPLATE,
}
CLOUD_RUN_SPECS: dict[str, tuple[str, ...]] = {
    CLOUD_RUN_SERVICE: ("template",),
    CLOUD_RUN_WORKER_POOL: ("template",),
    CLOUD_RUN_JOB: ("template", "template"),
}
RUNTIMES = ("ServingRuntime", "ClusterServingRuntime")
KSERVE = "serving.kserve.io"
#: Knative's images by the operator's keys, and the one that it puts into every pod.
KNATIVE_IMAGES = ("spec", "registry", "override")
QUEUE_PROXY = ("spec", "config", "deployment", "queue-sidecar-image")
#: Keys under which charts name an image, or the registry of images, beside those that end with `Image` or `Registry`; and its
#: tag, which for `<x>Image` is `<x>Tag`.
IMAGE_KEYS, REGISTRY_KEYS, TAG_KEYS = ("image", "repository"), ("registry",), ("tag", "defaultVersion")


def names_images(resource_type: str) -> bool:
    """True for types whose resources may name images."""
    group, kind = _kind(Resource(resource_type, "", {}))
    return (
        resource_type in (*CLOUD_RUN_SPECS, HELM_RELEASE, KNATIVE_SERVING, INFERENCE_SERVICE)
        or (group, kind) in POD_SPECS
        or (group == KSERVE and kind in RUNTIMES)
    )


def images_of(resource: Resource) -> list[Named]:
    """The images that a resource names, in its own order."""
    if resource.type == HELM_RELEASE:
        return list(_of_values(resource.at("values"), "values"))
    if resource.type == KNATIVE_SERVING:
        return list(_of_knative(resource))
    if resource.type == INFERENCE_SERVICE:
        return [named for part in PARTS for named in _of_part(resource, ("spec", part))]
    group, kind = _kind(resource)
    if group == KSERVE and kind in RUNTIMES:
        # a runtime that is off is chosen by nothing; the chart brings a dozen of them
        return [] if resource.at("spec", "disabled") is True else list(_of_pods(resource, ("spec",)))
    path = CLOUD_RUN_SPECS.get(resource.type) or POD_SPECS.get((group, kind))
    return list(_of_pod(resource, path)) if path else []


def _kind(resource: Resource) -> tuple[str, str]:
    version, kind = resource.api or ("", "")
    return version.rpartition("/")[0], kind


def _of_pod(resource: Resource, path: Path) -> Iterable[Named]:
    if resource.at(*path) is UNKNOWN:
        yield Named(_dotted(path), UNKNOWN)
        return
    for kind in CONTAINERS:
        listed = resource.at(*path, kind)
        if listed is UNKNOWN:
            yield Named(_dotted((*path, kind)), UNKNOWN)
        for index in range(len(listed) if isinstance(listed, list) else 0):
            yield Named(_dotted((*path, kind, index)), resource.at(*path, kind, index, "image"))


def _of_pods(resource: Resource, path: Path) -> Iterable[Named]:
    """Those of a pod, and of the workers beside it (KServe 0.20.0)."""
    yield from _of_pod(resource, path)
    if resource.at(*path) is not UNKNOWN:
        yield from _of_pod(resource, (*path, "workerSpec"))


def _of_part(resource: Resource, path: Path) -> Iterable[Named]:
    """Those of a part of an InferenceService: `model`, and the frameworks before it, are a container of their own."""
    yield from _of_pods(resource, path)
    part = resource.at(*path)
    for key in part if isinstance(part, Mapping) else ():
        framework = part[key]
        if isinstance(framework, Mapping) and "image" in framework:
            yield Named(_dotted((*path, key)), framework["image"])


def _of_knative(resource: Resource) -> Iterable[Named]:
    overrides = resource.at(*KNATIVE_IMAGES)
    if overrides is UNKNOWN:
        yield Named(_dotted(KNATIVE_IMAGES), UNKNOWN)
    for key in overrides if isinstance(overrides, Mapping) else ():
        yield Named(_dotted((*KNATIVE_IMAGES, key)), overrides[key])
    if (proxy := resource.at(*QUEUE_PROXY)) is not None:
        yield Named(_dotted(QUEUE_PROXY), proxy)


def _of_values(values: Any, where: str) -> Iterable[Named]:
    """Those of a chart's values, put together from the keys by which charts part a reference."""
    if values is UNKNOWN:
        yield Named(where, UNKNOWN)
    elif isinstance(values, list):
        for index, member in enumerate(values):
            if isinstance(member, Mapping | list):
                yield from _of_values(member, f"{where}.{index}")
    elif isinstance(values, Mapping):
        for key, member in values.items():
            if isinstance(member, Mapping | list):
                yield from _of_values(member, f"{where}.{key}")
            elif key in IMAGE_KEYS or key.endswith("Image"):
                yield _joined(values, key, f"{where}.{key}")
            elif (key in REGISTRY_KEYS or key.endswith("Registry")) and not any(k in values for k in IMAGE_KEYS):
                tag, digest = _tag(values), values.get("digest")
                parts = (member, tag, digest)
                beside = f"{tag or ''}@{digest}" if digest else str(tag or "")
                yield Named(f"{where}.{key}", UNKNOWN if UNKNOWN in parts else member, "registry", beside)


def _joined(values: Mapping[str, Any], key: str, where: str) -> Named:
    """Registry, repository, tag and digest stand beside each other; what is not named is the chart's own."""
    own = key in IMAGE_KEYS
    name, tag = values[key], _tag(values) if own else values.get(f"{key.removesuffix('Image')}Tag")
    registry, digest = (values.get("registry"), values.get("digest")) if own else (None, None)
    if UNKNOWN in (name, registry, tag, digest):
        return Named(where, UNKNOWN)
    reference = f"{registry}/{name}" if registry else str(name)
    reference += (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    whole = digest or tag or ":" in reference.rpartition("/")[2]
    return Named(where, reference, "reference" if whole else "name")


def _tag(values: Mapping[str, Any]) -> Any:
    return next((values[key] for key in TAG_KEYS if values.get(key)), None)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
