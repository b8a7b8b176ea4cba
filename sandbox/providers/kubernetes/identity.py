"""What makes an object the one that it is, as the provider judges it: its cluster, its name, and what replaces it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Properties, Replacement
from sandbox.providers.cluster_link import cluster_of_kubeconfig
from sandbox.providers.kubernetes.cluster import RELEASE
from sandbox.providers.kubernetes.object_rules import IMMUTABLE, MUTABLE_BY

#: What of the provider's configuration says which cluster it reaches.
REACHING = ("kubeconfig", "context", "cluster")
#: The provider's own mark of a name that it chose.
AUTONAMED = "pulumi.com/autonamed"


def moved(old: Properties, config: Properties) -> list[str]:
    """Another cluster, or one that is not known yet, as the real provider judges it.

    Source: pulumi/pulumi-kubernetes provider/pkg/provider/provider.go, DiffConfig @010f5d8e (2026).
    """
    unknown = [key for key in REACHING if config.get(key) == UNKNOWN]
    if unknown:
        return unknown[:1]
    before, after = (cluster_of_kubeconfig(str(side.get("kubeconfig", ""))) for side in (old, config))
    return [key for key in REACHING if old.get(key) != config.get(key)] if before != after else []


def automatic_name(name: str, seed: bytes) -> str:
    """The name of what is called `name` in the program and is given none; another one for each replacement."""
    return f"{name}-{hashlib.sha256(name.encode() + seed).hexdigest()[:8]}"


def give_name(metadata: Properties, old: Properties, auto_name: str) -> None:
    """Names an object that has no name: as before, when its name was chosen then, too."""
    if metadata.get("name") or metadata.get("generateName"):
        return
    metadata["name"] = (old["metadata"]["name"] if is_autonamed(old) else None) or auto_name
    metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}


def mutable_tokens(variables: Mapping[str, str]) -> frozenset[str]:
    """The types whose content the provider's configuration lets change in place."""
    return frozenset(token for name, token in MUTABLE_BY.items() if variables.get(name, "").lower() == "true")


def replacement(token: str, old: Properties, inputs: Properties, mutable: frozenset[str]) -> Replacement:
    """Kind, name and namespace make the object; the rest is the kind's immutable fields.

    An object that keeps a name of its own can only come when the old one is gone.
    """
    if token == RELEASE:
        return Replacement(("name", "namespace"), delete_first=False)
    fields = () if token in mutable else IMMUTABLE.get(token, ())
    before, after = old.get("metadata") or {}, inputs.get("metadata") or {}
    same = before == UNKNOWN or after == UNKNOWN or _place(before) == _place(after)
    paths = ("apiVersion", "kind", "metadata.name", "metadata.namespace", *fields)
    return Replacement(paths, delete_first=same and not is_autonamed(inputs))


def previewed(token: str, inputs: Properties) -> Properties:
    """The object as given, since names are known; what the server adds (`status`, the rest of the metadata) is not."""
    if token == RELEASE:
        return {**inputs, "status": UNKNOWN}
    added = dict.fromkeys(("uid", "resourceVersion", "generation", "creationTimestamp"), UNKNOWN)
    metadata = inputs.get("metadata") or {}
    return {**inputs, "metadata": metadata if metadata == UNKNOWN else {**added, **metadata}, "status": UNKNOWN}


def is_autonamed(inputs: Properties) -> bool:
    """True for an object whose name the provider chose."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return isinstance(annotations, dict) and annotations.get(AUTONAMED) == "true"


def _place(metadata: Properties) -> tuple[Any, Any]:
    return metadata.get("namespace"), metadata.get("name")
