"""What tests ask of rendered objects: their pods and images, and the ports that the API server calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]


def of_kind(objects: Iterable[Object], kind: str) -> list[Object]:
    """The objects of a kind; fails when there is none, so that no loop over them passes unseen."""
    found = [made for made in objects if made["kind"] == kind]
    assert found, f"no {kind}"
    return found


def pods(objects: Iterable[Object]) -> Iterator[tuple[str, Object]]:
    """(name, PodSpec) of everything that runs."""
    for made in objects:
        if made["kind"] in ("Deployment", "DaemonSet", "Job", "StatefulSet"):
            metadata = made["metadata"]
            yield metadata.get("name") or metadata["generateName"], made["spec"]["template"]["spec"]


def not_restricted(pod: Object) -> list[str]:
    """What Pod Security `restricted` refuses of a pod, in words.

    Source: kubernetes.io/docs/concepts/security/pod-security-standards (2026).
    """
    found = [field for field in ("hostNetwork", "hostPID", "hostIPC") if pod.get(field)]
    found += [volume["name"] for volume in pod.get("volumes", []) if "hostPath" in volume]
    of_pod = pod.get("securityContext") or {}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        own = container.get("securityContext") or {}
        needed = {
            "runAsNonRoot": own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is True,
            "seccompProfile": (own.get("seccompProfile") or of_pod.get("seccompProfile") or {}).get("type")
            == "RuntimeDefault",
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": "ALL" in own.get("capabilities", {}).get("drop", ()),
            "privileged": not own.get("privileged", False),
        }
        found += [f"{container['name']}: {rule}" for rule, kept in needed.items() if not kept]
    return found


def without_size(pod: Object) -> list[str]:
    """Containers that lack a request or a limit of CPU or memory."""
    return [
        container["name"]
        for container in pod["containers"]
        if any(set(container.get("resources", {}).get(kind, ())) < {"cpu", "memory"} for kind in ("requests", "limits"))
    ]


def images(objects: Iterable[Object]) -> set[str]:
    """Every reference of an image that somebody will pull: of pods, of runtimes that are on, and in config maps."""
    found: set[str] = set()
    for made in objects:
        if made["kind"] == "ClusterServingRuntime" and made["spec"].get("disabled"):
            continue
        if made["kind"] == "CustomResourceDefinition":
            continue
        if made["kind"] == "ConfigMap":
            for key, text in made.get("data", {}).items():
                if key != "_example" and text.lstrip().startswith("{"):
                    found |= set(_images(json.loads(text)))
        else:
            found |= set(_images(made))
    return found


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for member in value:
            if isinstance(member, str) and member.startswith("--acme-http01-solver-image="):
                yield member.partition("=")[2]
            yield from _images(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key in ("image", "defaultJobImage") and isinstance(member, str):
                # KServe joins the two itself
                version = value.get("defaultImageVersion")
                yield f"{member}:{version}" if version else member
            else:
                yield from _images(member)


def called_ports(objects: list[Object]) -> set[int]:
    """Ports of pods that the API server calls for webhooks."""
    services = {made["metadata"]["name"]: made for made in objects if made["kind"] == "Service"}
    named = {
        port["name"]: port["containerPort"]
        for _, pod in pods(objects)
        for container in pod["containers"]
        for port in container.get("ports", [])
        if "name" in port
    }
    found = set()
    for made in objects:
        for webhook in made.get("webhooks", []):
            asked = webhook["clientConfig"]["service"]
            for port in services[asked["name"]]["spec"]["ports"]:
                if port["port"] == asked.get("port", 443):
                    target = port.get("targetPort", port["port"])
                    found.add(named[target] if isinstance(target, str) else target)
    return found
