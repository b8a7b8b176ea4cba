"""A live object in the terms of the inputs that made it: what a diff compares and what a refresh keeps. Pure.

Like the real provider (provider/pkg/provider/util.go, pruneMap): fields that the inputs do not name are dropped, and lists are
matched by position. Unlike it, nothing is normalised before (it writes "1000m" of a built-in kind as "1"), so that every value
that the server writes otherwise than we declare it shows as a difference.
"""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Mapping
from typing import Any

from sandbox.providers.api import Properties

#: What the server alone writes.
SERVERS_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")


def pruned(live: Any, inputs: Any) -> Any:
    """The part of `live` that `inputs` name; a value of another shape is there whole."""
    if isinstance(live, Mapping) and isinstance(inputs, Mapping):
        return {key: pruned(live[key], value) for key, value in inputs.items() if key in live}
    if isinstance(live, list) and isinstance(inputs, list):
        # what the server has added at the end is not ours
        return [pruned(one, wanted) for one, wanted in zip(live, inputs, strict=False)]
    return live


def as_inputs(live: Properties, inputs: Properties) -> Properties:
    """`live` in the terms of `inputs`; a Secret's plain text too, which the server keeps under `data`."""
    found = pruned(live, inputs)
    if isinstance(inputs.get("stringData"), Mapping):
        data = live.get("data") or {}
        found["stringData"] = {key: _plain(data[key]) for key in inputs["stringData"] if key in data}
    return found


def without_defaults(inputs: Properties) -> Properties:
    """The same without the namespace that is meant anyway."""
    metadata = inputs.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("namespace") != "default":
        return inputs
    return {**inputs, "metadata": {key: value for key, value in metadata.items() if key != "namespace"}}


def as_outputs(live: Properties) -> Properties:
    """What the state keeps: all but the record of who wrote which field, which changes at every write."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def as_declared(live: Properties) -> Properties:
    """Inputs of an object that somebody else has made, for an import."""
    declared = copy.deepcopy({key: value for key, value in live.items() if key != "status"})
    for key in SERVERS_METADATA:
        declared["metadata"].pop(key, None)
    return declared


def _plain(encoded: Any) -> Any:
    try:
        return base64.b64decode(str(encoded), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded
