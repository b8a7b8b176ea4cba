"""What a stand-in tells of its package: the provider's own settings, as its SDK has them.

That is all that a program in YAML needs to name a provider, such as that of a cluster which exists already. Resources are not
described: such a program uses those of this project's components, which declare theirs in Python.
"""

from __future__ import annotations

import json

from sandbox.providers.sdk_arguments import arguments_at

#: The schema's words for kinds of values; all others are anything.
_KINDS = {"str": "string", "bool": "boolean", "int": "integer", "float": "number"}


def provider_schema(package: str, version: str) -> str:
    """The package schema of `kubernetes` or `gcp`, with the provider alone in it."""
    settings = {
        name: {"type": _KINDS[shape.kind]} if shape.kind in _KINDS else {"$ref": "pulumi.json#/Any"}
        for name, shape in arguments_at(f"pulumi_{package}:ProviderArgs").fields.items()
    }
    return json.dumps(
        {"name": package, "version": version, "provider": {"type": "object", "inputProperties": settings}}
    )
