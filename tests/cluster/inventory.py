"""Everything that a cluster holds, by the kinds that its API server tells of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sandbox.cluster.api_server import ApiError, ApiServer, Kind, Object

#: Kinds that come and go by themselves and belong to nobody's stack.
FLEETING = ("Event",)
#: Writers of managed fields that are the control plane, or stand for GKE's: what they alone have written is nobody's stack's.
CONTROL_PLANE = re.compile(
    r"(kube-apiserver|kube-controller-manager|kube-scheduler|kwok)(-[0-9a-f]{12})?|sandbox.*|OpenAPI-Generator"
    r"|api-priority-and-fairness-config-.*|clusterrole-aggregation-controller|(kubernetes-)?service-cidr-controller"
    r"|validatingadmissionpolicy-status"
)


def kinds(api: ApiServer) -> Iterator[Kind]:
    """Every kind whose objects can be listed and deleted, in its preferred version."""
    groups = api.request("GET", "/apis")["groups"]
    for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            offered = api.request("GET", path)["resources"]
        except ApiError as error:
            if error.status in (404, 503):
                continue  # a group that is just going, or whose own server does not answer
            raise
        for one in offered:
            if "/" not in one["name"] and {"list", "delete"} <= set(one["verbs"]):
                yield Kind(version, one["kind"], one["name"], one["namespaced"])


def objects(api: ApiServer, namespace: str | None = None, *, namespaced: bool | None = None) -> list[Object]:
    """All objects: of a namespace, which need not be there any more, or of all; with `namespaced` only of such kinds."""
    wanted = True if namespace else namespaced
    found = []
    for kind in kinds(api):
        if kind.name in FLEETING or wanted not in (None, kind.namespaced):
            continue
        try:
            items = api.request("GET", kind.path(namespace))["items"]
        except ApiError as error:
            if error.status == 404:
                continue  # its definition has just gone
            raise
        found += [{"apiVersion": kind.api_version, "kind": kind.name, **one} for one in items]
    return found


def title(made: Object) -> str:
    """KIND NAMESPACE/NAME, or KIND NAME."""
    place = f"{made['metadata']['namespace']}/" if made["metadata"].get("namespace") else ""
    return f"{made['kind']} {place}{made['metadata']['name']}"


def names_of(made: list[Object]) -> list[str]:
    """Their titles in order."""
    return sorted(map(title, made))


def mentioning(made: list[Object], word: str) -> list[str]:
    """Titles of the objects that have a word anywhere in them."""
    return names_of([one for one in made if word in json.dumps(one)])


def of_others(made: list[Object]) -> list[Object]:
    """Those that somebody else than the control plane has written to."""
    return [one for one in made if not all(CONTROL_PLANE.fullmatch(writer) for writer in _writers(one))]


def leaving(made: list[Object]) -> list[str]:
    """Objects that are being deleted and are still there, with what holds them."""
    return [
        f"{title(one)}: {', '.join(one['metadata'].get('finalizers') or []) or 'no finalizer'}"
        for one in made
        if "deletionTimestamp" in one["metadata"]
    ]


def _writers(made: Object) -> Iterator[str]:
    yield from (entry.get("manager", "") for entry in made["metadata"].get("managedFields") or [])
