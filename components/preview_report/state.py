"""The deployed stack, read from its exported state: what it published, and a digest that is the same for the same state. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

STACK = "pulumi:pulumi:Stack"
#: By this key and value the engine marks a secret in a state (sdk/go/common/resource/sig of v3.259.0).
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
#: What is shown of one, by the engine as well.
SHOWN_SECRET = "[secret]"  # noqa: S105
#: Of a resource what is written anew by an update that changes nothing.
TIMES = frozenset({"created", "modified", "sourcePosition", "stackTrace"})
#: Of its outputs what the cloud gives to everything that it makes: two that are made alike have others.
GIVEN = frozenset(
    {
        "uid",
        "uniqueId",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "etag",
        "fingerprint",
        "dnsEndpointConfig",
    }
)
#: Types whose resources get their names from the cloud, which others then refer to by them.
NAMED_BY_CLOUD = frozenset(
    {
        "gcp:billing/budget:Budget",
        "gcp:monitoring/alertPolicy:AlertPolicy",
        "gcp:monitoring/notificationChannel:NotificationChannel",
    }
)
PROVIDER = "pulumi:providers:"


def outputs_of(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """What the stack published when it was last updated; empty before the first update."""
    for resource in _resources(deployment):
        if resource.get("type") == STACK:
            return without_secrets(resource.get("outputs") or {})
    return {}


def is_deployed(deployment: Mapping[str, Any]) -> bool:
    """True once an update has brought up anything."""
    return any(resource.get("type") != STACK for resource in _resources(deployment))


def state_digest(deployment: Mapping[str, Any]) -> str:
    """A digest of what the state says of the resources. When it was written, by which key, and which names the cloud gave to what
    it made, makes no difference: a stack that is brought up twice from the same files has the same digest.
    """
    content = {
        "resources": sorted(
            (_normal(resource) for resource in _resources(deployment)),
            key=lambda one: (str(one.get("urn")), bool(one.get("delete"))),
        ),
        "pending": without_secrets(deployment.get("pending_operations") or []),
    }
    text = json.dumps(content, sort_keys=True)
    for name, stands_for in _names_of_the_cloud(deployment):
        text = text.replace(name, stands_for)
    return hashlib.sha256(text.encode()).hexdigest()


def _names_of_the_cloud(deployment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(a name that the cloud made up, the resource that it is of), whole ids before their last parts."""
    found = []
    for resource in _resources(deployment):
        if resource.get("type") in NAMED_BY_CLOUD and (made_up := str(resource.get("id") or "")):
            found += [(name, f"name of {resource['urn']}") for name in {made_up, made_up.rpartition("/")[2]}]
    return sorted(found, key=lambda one: (-len(one[0]), one))


def _normal(resource: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: without_secrets(value) for name, value in resource.items() if name not in TIMES}
    if str(resource.get("type")).startswith(PROVIDER):
        found.pop("id", None)
    if "provider" in found:
        # a reference is the URN of a provider and an id that is made up for it
        found["provider"] = str(found["provider"]).rpartition("::")[0]
    if "outputs" in found:
        found["outputs"] = _without_given(found["outputs"])
    found["dependencies"] = sorted(found.get("dependencies") or [])
    by_property = found.get("propertyDependencies") or {}
    found["propertyDependencies"] = {name: sorted(urns or []) for name, urns in by_property.items()}
    return found


def _without_given(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_given(inner) for name, inner in value.items() if name not in GIVEN}
    return [_without_given(inner) for inner in value] if isinstance(value, list) else value


def without_secrets(value: Any) -> Any:
    """The same without ciphertexts, which are others each time, and which nobody should print."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return SHOWN_SECRET
        return {str(name): without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_secrets(inner) for inner in value]
    return value


def _resources(deployment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(deployment.get("resources") or [])
