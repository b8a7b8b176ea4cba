"""What a stack leaves behind when nothing goes wrong: all objects of its cluster, and all resources of its state, without what is
another's at every start (ids, times, addresses, certificates) and without what comes and goes by itself."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.api_server import Object
from sandbox.providers.kubernetes.live.cluster_mark import MARK
from tests.cluster.conftest import INFERENCE_SERVICE, POLL_SECONDS, Stage, condition, eventually
from tests.cluster.inventory import objects, title

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
OWN_MARKS = re.compile(
    r"(revision|lastPinned|restartedAt|checksum|last-applied|routingStateModified|uid$|pod-template-hash|deployment-hash)",
    re.I,
)
#: Part of the names of a ReplicaSet and its pods that is made of the pods' template, where Knative writes a revision's uid.
TEMPLATE_HASH = "pod-template-hash"
#: In the name of Helm's record of a release: how often it has been installed or upgraded.
RELEASE_NUMBER = re.compile(r"(sh\.helm\.release\.v1\.\S+\.v)\d+$")
#: What is in a certificate or a key, wherever it stands.
SECRET_TEXT = re.compile(r"-----BEGIN |LS0tLS1CRUdJTi")


@dataclass(frozen=True)
class Seen:
    """What there is: the cluster's objects and the state's resources, as JSON can hold them."""

    cluster: dict[str, Any]
    state: dict[str, Any]


def normalised(made: Object) -> Object:
    """The object without what is another's at every start; of a Secret only which keys it has."""
    found = _plain(made)
    found["metadata"]["name"] = _without_count(made, made["metadata"]["name"])
    if made["kind"] == "Secret":
        found["data"] = sorted(made.get("data") or {})
        if RELEASE_NUMBER.search(made["metadata"]["name"]):
            found["metadata"]["labels"].pop("version")
    return found


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is lost, what is more, and what is otherwise."""
    lost = [f"lost: {name}" for name in expected.keys() - found.keys()]
    more = [f"more: {name}" for name in found.keys() - expected.keys()]
    both = expected.keys() & found.keys()
    other = [f"{name}: {expected[name]} became {found[name]}" for name in both if expected[name] != found[name]]
    return sorted([*lost, *more, *other])


def settled(stage: Stage) -> bool:
    """True once every model is ready and no namespace is going."""
    models = stage.api.list(*INFERENCE_SERVICE)
    spaces = [one for one in stage.api.list("v1", "Namespace") if "deletionTimestamp" in one["metadata"]]
    return not spaces and all(condition(one, "Ready").get("status") == "True" for one in models)


def seen(stage: Stage) -> Seen:
    """What there is once controllers have done their part: twice the same."""
    eventually(lambda: settled(stage), "every model is ready, and no namespace is going")
    last: dict[str, Any] = {}

    def steady() -> bool:
        nonlocal last
        before, last = last, cluster_of(stage)
        return before == last

    eventually(steady, "nothing changes any more")
    return Seen(last, state_of(stage))


def write_record(factory: pytest.TempPathFactory, found: Seen) -> None:
    """Leaves what was seen to whoever else runs tests in this session."""
    file = _record(factory)
    whole = file.with_suffix(f".{os.getpid()}")
    whole.write_text(json.dumps(asdict(found)), encoding="utf-8")
    whole.rename(file)


def read_record(factory: pytest.TempPathFactory, seconds: float) -> Seen | None:
    """What somebody has left; None where nobody has within so many seconds."""
    file, end = _record(factory), time.monotonic() + seconds
    while not file.exists():
        if time.monotonic() >= end:
            return None
        time.sleep(POLL_SECONDS)
    return Seen(**json.loads(file.read_text(encoding="utf-8")))


def state_of(stage: Stage) -> dict[str, Any]:
    """The stack's resources, by URN: how often the state has each, and its id."""
    resources = stage.sandbox.resources(stage.env)
    counts = Counter(one["urn"] for one in resources)
    return {one["urn"]: [counts[one["urn"]], _id(one), one.get("delete", False)] for one in resources}


def cluster_of(stage: Stage) -> dict[str, Any]:
    """The cluster's objects by their titles, and the number of pods of each owner."""
    found = objects(stage.api)
    kept = {
        _without_count(one, f"{one['apiVersion']} {title(one)}"): normalised(one)
        for one in found
        if one["kind"] not in (*BY_THEMSELVES, "Pod")
        and one["metadata"]["name"] != MARK["metadata"]["name"]
        and not _is_history(one)
    }
    pods = Counter(_owner(one) for one in found if one["kind"] == "Pod" and _stays(one))
    return {**kept, **{f"pods of {owner}": count for owner, count in pods.items()}}


def _record(factory: pytest.TempPathFactory) -> Path:
    """A file that all workers of a session know (pytest-xdist, how-to: one fixture for all workers)."""
    folder = factory.getbasetemp()
    return (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "undisturbed.json"


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
    return _without_count(pod, f"{pod['metadata']['namespace']} {', '.join(owners) or pod['metadata']['name']}")


def _without_count(made: Object, name: str) -> str:
    """The name without what tells by how many steps, or with which uids in it, the object came to be what it is."""
    found = (made["metadata"].get("labels") or {}).get(TEMPLATE_HASH)
    return RELEASE_NUMBER.sub(r"\1*", name.replace(found, "*") if found else name)


def _is_history(made: Object) -> bool:
    """True for a ReplicaSet that a Deployment keeps of a template of before."""
    return made["kind"] == "ReplicaSet" and made["spec"].get("replicas") == 0


def _stays(pod: Object) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    return "deletionTimestamp" not in pod["metadata"] and not any(one["kind"] == "Job" for one in owners)
