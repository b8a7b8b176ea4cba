"""The schemas of the kinds that Kubernetes itself has, and of the types inside them that custom kinds embed.

They are those of `kubernetes-validate` for the targeted version, strict: a field that the API does not have is an error.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

#: The Kubernetes version that the platform targets (default of GKE's Regular channel in 2026-09).
VERSION = "1.35"

#: Where a schema says which kinds it is for.
KINDS = "x-kubernetes-group-version-kind"
METADATA = "meta.v1.ObjectMeta"


@cache
def _definitions() -> Resource[Any]:
    return Resource.from_contents(schema_contents(f"kubernetes-json-schema/{_folder()}/_definitions.json", VERSION))


def _folder() -> str:
    return f"v{VERSION}.0-local-strict"


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Validator of a schema that may refer to built-in types."""
    return Draft202012Validator(schema, registry=_definitions() @ Registry())


@cache
def kind_validator(api_version: str, kind: str) -> Draft202012Validator | None:
    """Validator of a built-in kind; None when the version has no such kind."""
    group, _, version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    try:
        return validator(schema_contents(f"kubernetes-json-schema/{_folder()}/{name}.json", VERSION))
    except (FileNotFoundError, kubernetes_validate.utils.InvalidSchemaError):
        return None


def reference(type_name: str) -> dict[str, Any]:
    """The schema of a built-in type by its short name, as `core.v1.PodSpec` or `meta.v1.ObjectMeta`."""
    return {"$ref": f"{_definitions().id()}#/$defs/{_full(type_name)}"}


def references_to_fields(type_name: str) -> dict[str, Any]:
    """The schema of each field of a built-in type."""
    base = reference(type_name)["$ref"]
    fields = _definitions().contents["$defs"][_full(type_name)]["properties"]
    return {field: {"$ref": f"{base}/properties/{field}"} for field in fields}


def is_custom(api_version: str) -> bool:
    """True for groups that are not built in; many of those end with k8s.io too (gateway.networking.k8s.io)."""
    return api_version.rpartition("/")[0] not in _built_in_groups()


@cache
def _built_in_groups() -> frozenset[str]:
    """The groups that the schemas themselves name."""
    kinds = (kind for schema in _definitions().contents["$defs"].values() for kind in schema.get(KINDS, ()))
    return frozenset(kind["group"] for kind in kinds)


def _full(type_name: str) -> str:
    package = "io.k8s.apimachinery.pkg.apis" if type_name.startswith("meta.") else "io.k8s.api"
    return f"{package}.{type_name}"
