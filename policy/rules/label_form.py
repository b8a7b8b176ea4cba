"""Where resources carry labels, and whether one set of labels is complete and well formed.

The list of Google resources that can carry them is generated from the installed SDK (`google_label_fields.yaml`); Kubernetes
objects all can. A value that the preview does not know counts as missing: labels are static by design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import yaml

from components.labels import GOOGLE_KEYS, KUBERNETES_KEYS, VALUE_PATTERN, is_label_value
from policy.rules.resource_types import CLOUD_RUN_JOB, CLOUD_RUN_SERVICE, INFERENCE_SERVICE, NODE_POOL
from policy.rules.rule import UNKNOWN

#: Kubernetes types of the provider that are no single API object.
NOT_OBJECTS = (
    "kubernetes:helm.sh/",
    "kubernetes:yaml:",
    "kubernetes:yaml/",
    "kubernetes:kustomize:",
    "kubernetes:kustomize/",
)

Place = tuple[tuple[str, ...], Sequence[str]]

#: Further places inside a resource that carry labels of their own: what the resource creates is billed by them.
INNER_PLACES: dict[str, tuple[Place, ...]] = {
    NODE_POOL: ((("nodeConfig", "resourceLabels"), GOOGLE_KEYS), (("nodeConfig", "labels"), GOOGLE_KEYS)),
    CLOUD_RUN_SERVICE: ((("template", "labels"), GOOGLE_KEYS),),
    CLOUD_RUN_JOB: ((("template", "labels"), GOOGLE_KEYS),),
    INFERENCE_SERVICE: ((("spec", "predictor", "labels"), KUBERNETES_KEYS),),
}


@cache
def google_label_fields() -> Mapping[str, str]:
    """The property that holds a Google resource's labels, by type token."""
    path = Path(__file__).with_name("google_label_fields.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def places(resource_type: str) -> tuple[Place, ...]:
    """Where a resource of that type carries labels, and which keys belong there. Empty when it cannot carry any."""
    found: list[Place] = []
    if resource_type in (fields := google_label_fields()):
        found.append(((fields[resource_type],), GOOGLE_KEYS))
    elif resource_type.startswith("kubernetes:") and not resource_type.startswith(NOT_OBJECTS):
        found.append((("metadata", "labels"), KUBERNETES_KEYS))
    return (*found, *INNER_PLACES.get(resource_type, ()))


def wrong_labels(labels: object, keys: Sequence[str]) -> list[str]:
    """What is wrong with one set of labels, in half sentences; empty when it is complete."""
    if labels is UNKNOWN:
        return ["are not known before the update; write them as plain values"]
    present = labels if isinstance(labels, Mapping) else {}
    wrong = []
    for key in keys:
        value = present.get(key)
        if value is None:
            near = get_close_matches(key.lower(), [k for k in present if k not in keys], n=1)
            wrong.append(f"lack '{key}'" + (f" (found '{near[0]}')" if near else ""))
        elif value is UNKNOWN:
            wrong.append(f"hold '{key}' with a value that is not known before the update; write it as a plain value")
        elif not is_label_value(value):
            wrong.append(f"hold '{key}' with the value '{value}', which must match {VALUE_PATTERN}")
    return wrong
