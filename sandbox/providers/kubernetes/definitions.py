"""Custom kinds: from the schema in a CustomResourceDefinition to one that refuses what the API server refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from sandbox.providers.kubernetes.core_schemas import reference, references_to_fields, validator
from sandbox.providers.kubernetes.notation import FIELDS_OF, TYPE, WITHOUT

Object = dict[str, Any]
#: What every object has beside what its definition says.
ALWAYS = ("apiVersion", "kind", "metadata")


def definition_of(definitions: Iterable[Object], api_version: str, kind: str) -> Object | None:
    """The definition of a kind among several; None when none defines it."""
    group = api_version.rpartition("/")[0]
    return next((one for one in definitions if defined_kind(one) == (group, kind)), None)


def defined_kind(definition: Object) -> tuple[Any, Any]:
    """(group, kind) that a definition defines."""
    spec = definition["spec"]
    return spec.get("group"), (spec.get("names") or {}).get("kind")


def served_validator(definition: Object, version: str) -> Draft202012Validator | None:
    """What holds an object against its definition; None for a version that is not served."""
    for one in definition["spec"].get("versions") or []:
        if one["name"] == version and one.get("served", True):
            schema = (one.get("schema") or {}).get("openAPIV3Schema") or {}
            return validator(strict_schema(schema, root=True))
    return None


def strict_schema(schema: Mapping[str, Any], root: bool = False) -> Object:
    """A structural schema of Kubernetes as JSON schema, closed: other fields are errors, as with server-side apply.

    Source: kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions (2026). The marks of
    `notation.py` stand for what Kubernetes' own types have.
    """
    if TYPE in schema:
        return reference(schema[TYPE])
    strict = {
        key: _inner(key, value) for key, value in schema.items() if not key.startswith("x-") and key != "nullable"
    }
    if FIELDS_OF in schema:
        embedded = references_to_fields(schema[FIELDS_OF])
        kept = {field: inner for field, inner in embedded.items() if field not in schema.get(WITHOUT, ())}
        strict["properties"] = {**kept, **strict.get("properties", {})}
    if schema.get("x-kubernetes-int-or-string"):
        strict["type"] = ["integer", "string"]
    free = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    if root:
        strict["properties"] = {**strict.get("properties", {}), **{key: {} for key in ALWAYS}}
    if "properties" in strict and "additionalProperties" not in strict and not free:
        strict["additionalProperties"] = False
    for limit in ("Minimum", "Maximum"):  # in OpenAPI 3.0 a flag beside the limit, in JSON schema the limit itself
        if strict.pop(f"exclusive{limit}", False):
            strict[f"exclusive{limit}"] = strict.pop(limit.lower())
    if schema.get("nullable") and "type" in strict:
        types = strict["type"]
        strict["type"] = [*([types] if isinstance(types, str) else types), "null"]
    return strict


def _inner(key: str, value: Any) -> Any:
    """The schemas inside a schema; other rules as they are. Alternatives only narrow and are not closed by themselves."""
    if key == "properties":
        return {name: strict_schema(member) for name, member in value.items()}
    if key in ("items", "additionalProperties") and isinstance(value, Mapping):
        return strict_schema(value)
    return value
