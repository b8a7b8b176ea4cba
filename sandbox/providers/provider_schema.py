"""What a stand-in tells of its package: the provider's own settings, as its SDK has them.

That is all that a program in YAML needs to name a provider, such as that of a cluster which exists already. Resources are not
described: such a program uses those of this project's components, which declare theirs in Python.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from pulumi import _types

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def provider_schema(package: str, version: str) -> str:
    """The package schema of `kubernetes` or `gcp`, with the provider alone in it."""
    arguments: Any = importlib.import_module(f"pulumi_{package}").ProviderArgs
    types = _types.input_type_types(arguments)
    settings = {
        name: {"type": _KINDS[types[name]]} if types.get(name) in _KINDS else {"$ref": "pulumi.json#/Any"}
        for name in _types.input_type_py_to_pulumi_names(arguments).values()
    }
    return json.dumps(
        {"name": package, "version": version, "provider": {"type": "object", "inputProperties": settings}}
    )
