"""What a Pod asks of the machine that runs it: program, arguments, environment, files. Pure: objects are looked up by the caller.

Only one container of a pod runs, the first whose program was built here. Init containers do not: Kyverno's would remove what an
older Kyverno left behind, and there is none. A sidecar such as kube-rbac-proxy only guards the port of the metrics.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.cluster.api_server import Object
from sandbox.cluster.controller_programs import ControllerProgram, controller_program

_REFERENCE = re.compile(r"\$(\$|\(([^()\s]+)\))")
_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
#: Every program's own variables; what else this machine's user has set is none of its business.
BASE_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp"}  # noqa: S108 - the pod's own


class NotYetError(Exception):
    """The pod cannot start yet; the text says what is missing, as a kubelet's message does."""


class Sources(Protocol):
    """Where the values come from that are not in the Pod itself; all in the pod's namespace."""

    def find(self, kind: str, name: str) -> Object | None:
        """A ConfigMap or Secret."""
        ...

    def token(self, audience: str | None) -> str:
        """A token of the pod's service account."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses of a pod."""

    pod_ip: str
    host_ip: str
    api_port: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume's place in a container."""

    volume: str
    path: str
    sub_path: str


def run_container(pod: Object) -> tuple[Object, ControllerProgram] | None:
    """The container that runs here, and its program; None when the pod is only marked as running."""
    for container in pod["spec"]["containers"]:
        if program := controller_program(container["image"]):
            return container, program
    return None


def is_of_job(pod: Object) -> bool:
    """True for the pod of a Job."""
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))


def arguments(container: Object, env: Mapping[str, str]) -> list[str]:
    """What follows the program: the first word of `command` names it, in an image that is not there."""
    words = [*container.get("command", ())[1:], *container.get("args", ())]
    return [expanded(word, env) for word in words]


def environment(
    pod: Object, container: Object, program: ControllerProgram, place: Place, sources: Sources
) -> dict[str, str]:
    """All variables of the program. Raises NotYetError for a missing ConfigMap, Secret or key."""
    env = {
        **BASE_ENV,
        "HOSTNAME": pod["metadata"]["name"],
        "KUBERNETES_SERVICE_HOST": place.host_ip,
        "KUBERNETES_SERVICE_PORT": str(place.api_port),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(place.api_port),
        **program.env,
    }
    for source in container.get("envFrom", ()):
        env.update(_env_from(source, sources))
    for variable in container.get("env", ()):
        value = _env_value(variable, env, pod, place, sources)
        if value is not None:
            env[variable["name"]] = value
    return env


def expanded(text: str, env: Mapping[str, str]) -> str:
    """`$(NAME)` replaced by variables that there are, `$$` by a dollar sign."""

    def one(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else env.get(found[2], found[0])

    return _REFERENCE.sub(one, text)


def mounts(container: Object) -> list[Mount]:
    """Places of the volumes, outer ones first."""
    found = [Mount(one["name"], one["mountPath"], one.get("subPath", "")) for one in container.get("volumeMounts", ())]
    return sorted(found, key=lambda mount: mount.path.count("/"))


def volume_files(pod: Object, volume: Object, place: Place, sources: Sources) -> dict[str, bytes] | None:
    """Files of a volume by their path in it; None for an emptyDir, whose files are the program's own.

    Raises NotYetError when an object or a key is missing, and for a volume of another kind.
    """
    if "emptyDir" in volume:
        return None
    # a volume of one kind is a projection of one source
    projected = volume["projected"].get("sources", ()) if "projected" in volume else [volume]
    files: dict[str, bytes] = {}
    for source in projected:
        files.update(_source_files(pod, volume["name"], source, place, sources))
    return files


def field_value(pod: Object, path: str, place: Place) -> str:
    """A field as `fieldRef` names it. Raises NotYetError for one that this kubelet does not know."""
    metadata, spec = pod["metadata"], pod["spec"]
    if keyed := _KEYED.fullmatch(path):
        return metadata.get(keyed[1], {}).get(keyed[2], "")
    if path in ("metadata.labels", "metadata.annotations"):
        return "\n".join(f'{key}="{value}"' for key, value in sorted(metadata.get(path[9:], {}).items()))
    known = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": place.pod_ip,
        "status.podIPs": place.pod_ip,
        "status.hostIP": place.host_ip,
        "status.hostIPs": place.host_ip,
    }
    if path not in known:
        raise NotYetError(f"the sandbox's kubelet does not know the field {path}")
    return known[path]


def _env_from(source: Object, sources: Sources) -> dict[str, str]:
    kind, reference = (
        ("ConfigMap", source["configMapRef"]) if "configMapRef" in source else ("Secret", source["secretRef"])
    )
    content = _content(kind, reference["name"], sources, optional=reference.get("optional", False))
    return {source.get("prefix", "") + key: value.decode() for key, value in content.items()}


def _env_value(variable: Object, env: Mapping[str, str], pod: Object, place: Place, sources: Sources) -> str | None:
    source: Mapping[str, Any] = variable.get("valueFrom") or {}
    if not source:
        return expanded(variable.get("value", ""), env)
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"], place)
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if key in source:
            return _key_value(kind, source[key], sources)
    raise NotYetError(f"the sandbox's kubelet does not know where {variable['name']} comes from: {', '.join(source)}")


def _key_value(kind: str, reference: Object, sources: Sources) -> str | None:
    optional = reference.get("optional", False)
    content = _content(kind, reference["name"], sources, optional=optional)
    if reference["key"] in content:
        return content[reference["key"]].decode()
    if optional:
        return None
    raise NotYetError(f"couldn't find key {reference['key']} in {kind} {reference['name']}")


def _source_files(pod: Object, volume: str, source: Object, place: Place, sources: Sources) -> dict[str, bytes]:
    if "serviceAccountToken" in source:
        wanted = source["serviceAccountToken"]
        return {wanted["path"]: sources.token(wanted.get("audience")).encode()}
    if "downwardAPI" in source:
        items = source["downwardAPI"].get("items", ())
        # what has a resourceFieldRef in place of a fieldRef is a field that is not known here
        return {
            one["path"]: field_value(pod, one.get("fieldRef", {}).get("fieldPath", "of resources"), place).encode()
            for one in items
        }
    for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if key in source:
            wanted = source[key]
            name = wanted.get("name") or wanted["secretName"]
            content = _content(kind, name, sources, optional=wanted.get("optional", False))
            return _items(kind, name, content, wanted.get("items"), optional=wanted.get("optional", False))
    kinds = ", ".join(key for key in source if key != "name")
    raise NotYetError(f'MountVolume.SetUp failed for volume "{volume}": the sandbox\'s kubelet has no {kinds}')


def _items(
    kind: str, name: str, content: Mapping[str, bytes], items: Sequence[Object] | None, *, optional: bool
) -> dict[str, bytes]:
    if items is None:
        return dict(content)
    missing = [one["key"] for one in items if one["key"] not in content]
    if missing and not optional:
        raise NotYetError(f"{kind} {name} references non-existent key: {', '.join(missing)}")
    return {one["path"]: content[one["key"]] for one in items if one["key"] in content}


def _content(kind: str, name: str, sources: Sources, *, optional: bool) -> dict[str, bytes]:
    found = sources.find(kind, name)
    if found is None:
        if optional:
            return {}
        raise NotYetError(f'{kind.lower()} "{name}" not found')
    decode: Callable[[str], bytes] = base64.b64decode
    if kind == "Secret":
        return {key: decode(value) for key, value in (found.get("data") or {}).items()}
    return {
        **{key: value.encode() for key, value in (found.get("data") or {}).items()},
        **{key: decode(value) for key, value in (found.get("binaryData") or {}).items()},
    }
