"""What a stack leaves behind when nothing goes wrong: all objects of its cluster, and all resources of its state, without what is
another's at every start (ids, times, addresses, certificates) and without what comes and goes by itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from sandbox.cluster.api_server import Object
from sandbox.providers.kubernetes.live.cluster_mark import MARK
from tests.cluster.inventory import objects, title

if TYPE_CHECKING:
    from tests.cluster.conftest import Stage

#: Kinds that controllers make anew under names or numbers of their own. Pods are counted by what they are of.
BY_THEMSELVES = (
    *("Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision", "Job", "Node", "CSINode", "IPAddress"),
    *(
        "PolicyReport",
        "ClusterPolicyReport",
        "EphemeralReport",
        "ClusterEphemeralReport",
        "UpdateRequest",
        "PodMetrics",
    ),
)
#: Fields of any object that differ from one start to the next.
OWN = (
    *("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink", "status"),
    *("caBundle", "clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "nodeName", "podCIDR", "podCIDRs"),
)
#: Annotations and labels that hold a time, a count or who did it last.
OWN_MARKS = re.compile(r"(revision|lastPinned|restartedAt|checksum|last-applied|routingStateModified|uid$)", re.I)
#: What is in a certificate or a key, wherever it stands.
SECRET_TEXT = re.compile(r"-----BEGIN |LS0tLS1CRUdJTi")


def normalised(made: Object) -> Object:
    """The object without what is another's at every start; of a Secret only which keys it has."""
    found = _plain(made)
    if made["kind"] == "Secret":
        found["data"] = sorted(made.get("data") or {})
    return found


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is lost, what is more, and what is otherwise."""
    lost = [f"lost: {name}" for name in expected.keys() - found.keys()]
    more = [f"more: {name}" for name in found.keys() - expected.keys()]
    both = expected.keys() & found.keys()
    other = [f"{name}: {expected[name]} became {found[name]}" for name in both if expected[name] != found[name]]
    return sorted([*lost, *more, *other])


def state_of(stage: Stage) -> dict[str, Any]:
    """The stack's resources, by URN: how often the state has each, and its id."""
    resources = stage.sandbox.resources(stage.env)
    counts = Counter(one["urn"] for one in resources)
    return {one["urn"]: [counts[one["urn"]], _id(one), one.get("delete", False)] for one in resources}


def cluster_of(stage: Stage) -> dict[str, Any]:
    """The cluster's objects by their titles, and the number of pods of each owner."""
    found = objects(stage.api)
    kept = {
        f"{one['apiVersion']} {title(one)}": normalised(one)
        for one in found
        if one["kind"] not in (*BY_THEMSELVES, "Pod") and one["metadata"]["name"] != MARK["metadata"]["name"]
    }
    pods = Counter(_owner(one) for one in found if one["kind"] == "Pod" and _stays(one))
    return {**kept, **{f"pods of {owner}": count for owner, count in pods.items()}}


def _id(resource: dict[str, Any]) -> str | None:
    """Its id; that of a provider is made at random."""
    return None if resource["type"].startswith("pulumi:providers:") else resource.get("id")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return "(a certificate or key)" if SECRET_TEXT.search(value) else value
    if not isinstance(value, dict):
        return value
    return {key: _plain(one) for key, one in value.items() if key not in OWN and not OWN_MARKS.search(key)}


def _owner(pod: Object) -> str:
    owners = [f"{one['kind']} {one['name']}" for one in pod["metadata"].get("ownerReferences") or []]
    return f"{pod['metadata']['namespace']} {', '.join(owners) or pod['metadata']['name']}"


def _stays(pod: Object) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    return "deletionTimestamp" not in pod["metadata"] and not any(one["kind"] == "Job" for one in owners)
