"""What Helm does with the objects of a chart before it sends them: order, marks of its ownership, hooks. Pure.

Source: helm.sh/helm v3 pkg/releaseutil/kind_sorter.go, pkg/action/validate.go, pkg/action/hooks.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sandbox.cluster.api_server import Object
from sandbox.providers.kubernetes.cluster import KEEP, POLICY, RELEASE_NAME, RELEASE_NAMESPACE
from sandbox.providers.kubernetes.object_rules import CLUSTER_SCOPED

MANAGED_BY = "app.kubernetes.io/managed-by"
HOOK, WEIGHT, HOOK_DELETION = "helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy"
#: Kinds in the order of an installation; others come behind them, and a deletion goes backwards.
INSTALL_ORDER = (
    *("CustomResourceDefinition", "PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange"),
    *("PodDisruptionBudget", "ServiceAccount", "Secret", "ConfigMap", "StorageClass", "PersistentVolume"),
    *("PersistentVolumeClaim", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet"),
    *("Pod", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass"),
    *("Ingress", "APIService"),
)
#: Helm puts these behind all that it does not know.
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def flat(rendered: Iterable[Object]) -> Iterator[Object]:
    """The objects themselves, where a chart wraps them in a List."""
    for made in rendered:
        if made["kind"] == "List":
            yield from flat(made.get("items") or [])
        else:
            yield made


def completed(made: Object, release: str, namespace: str, is_namespaced: Callable[[str, str], bool]) -> Object:
    """The object with its namespace and Helm's marks, and without empty values, which a server-side apply would own."""
    made = {**_without_nulls(made)}
    metadata = dict(made.get("metadata") or {})
    if made["kind"] in CLUSTER_SCOPED:
        metadata.pop("namespace", None)
    elif is_namespaced(made["apiVersion"], made["kind"]):
        metadata["namespace"] = metadata.get("namespace") or namespace
    metadata["labels"] = {**(metadata.get("labels") or {}), MANAGED_BY: "Helm"}
    marks = {RELEASE_NAME: release, RELEASE_NAMESPACE: namespace}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    return {**made, "metadata": metadata}


def in_order(objects: Iterable[Object]) -> list[list[Object]]:
    """The objects in groups of one kind, in the order in which Helm installs them."""
    ordered = sorted(objects, key=lambda made: (_rank(made["kind"]), made["kind"], made["metadata"]["name"]))
    return [list(group) for _, group in groupby(ordered, key=lambda made: made["kind"])]


def hooks_of(made: Mapping[str, Any]) -> list[str]:
    """The moments at which an object is a hook; none for an object of the release itself."""
    return _words(made, HOOK)


def hooks_at(objects: Iterable[Object], moment: str) -> list[Object]:
    """The hooks of a moment, such as pre-install, by weight, kind and name."""
    found = [made for made in objects if moment in hooks_of(made)]
    return sorted(found, key=lambda made: (_weight(made), _rank(made["kind"]), made["metadata"]["name"]))


def deleted_when(hook: Object) -> list[str]:
    """When a hook's object goes: before-hook-creation, where it says nothing."""
    return _words(hook, HOOK_DELETION) or ["before-hook-creation"]


def reference(made: Object) -> Object:
    """What finds the object again, and whether it stays when the release goes."""
    metadata = made["metadata"]
    place = {"namespace": metadata["namespace"]} if metadata.get("namespace") else {}
    keep = (metadata.get("annotations") or {}).get(POLICY) == KEEP
    found = {"apiVersion": made["apiVersion"], "kind": made["kind"], "metadata": {"name": metadata["name"], **place}}
    return {**found, "keep": True} if keep else found


def vanished(before: Iterable[Object], after: Iterable[Object]) -> list[Object]:
    """References of what the release no longer has, but for what is to be kept."""
    there = {_identity(one) for one in after}
    return [one for one in before if _identity(one) not in there and not one.get("keep")]


def foreign(live: Mapping[str, Any], release: str, namespace: str) -> str | None:
    """Helm's refusal of an object that exists and is not the release's; None for its own."""
    metadata = live["metadata"]
    annotations, found = metadata.get("annotations") or {}, []
    expected = (("label", metadata.get("labels") or {}, MANAGED_BY, "Helm"),)
    expected += tuple(
        ("annotation", annotations, key, value)
        for key, value in ((RELEASE_NAME, release), (RELEASE_NAMESPACE, namespace))
    )
    for what, held, key, value in expected:
        if held.get(key) != value:
            current = f'key "{key}" must equal "{value}": current value is "{held[key]}"' if key in held else None
            missing = f'missing key "{key}": must be set to "{value}"'
            found.append(f"{what} validation error: {current or missing}")
    if not found:
        return None
    return (
        f'{live["kind"]} "{metadata["name"]}" in namespace "{metadata.get("namespace", "")}" exists and cannot be imported '
        f"into the current release: invalid ownership metadata; {'; '.join(found)}"
    )


def _words(made: Mapping[str, Any], annotation: str) -> list[str]:
    text = ((made.get("metadata") or {}).get("annotations") or {}).get(annotation, "")
    return [word.strip() for word in str(text).split(",") if word.strip()]


def _rank(kind: str) -> int:
    if kind in LAST:
        return len(INSTALL_ORDER) + 1
    return INSTALL_ORDER.index(kind) if kind in INSTALL_ORDER else len(INSTALL_ORDER)


def _weight(hook: Object) -> int:
    return int((hook["metadata"].get("annotations") or {}).get(WEIGHT, 0))


def _identity(made: Object) -> tuple[str, str, str, str]:
    metadata, group = made["metadata"], made["apiVersion"].rpartition("/")[0]
    return group, made["kind"], metadata.get("namespace", ""), metadata["name"]


def _without_nulls(value: Any) -> Any:
    """Values without nulls in maps; the schemas of definitions may mean theirs."""
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "CustomResourceDefinition":
        metadata = _without_nulls(value["metadata"])
        return {**{key: one for key, one in value.items() if key != "status"}, "metadata": metadata}
    return {key: _without_nulls(one) for key, one in value.items() if one is not None}
