"""Checks Kubernetes objects against the schemas of their kinds, down to the leaves. Unknown values pass; what stands around them
is checked."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from sandbox.providers.api import Failure
from sandbox.providers.kubernetes.core_schemas import (
    METADATA,
    VERSION,
    is_custom,
    kind_validator,
    reference,
    validator,
)
from sandbox.providers.kubernetes.definitions import served_validator
from sandbox.providers.kubernetes.kind_tables import known_definition
from sandbox.providers.kubernetes.schema_errors import schema_failures

Object = dict[str, Any]


def failures(value: Object, definition: Object | None) -> list[Failure]:
    """(path, reason) of everything in the object that the API would refuse.

    `definition` is that of a custom kind; None when the cluster does not have it.
    """
    api_version, kind = str(value.get("apiVersion")), str(value.get("kind"))
    if is_custom(api_version):
        return _custom_failures(value, api_version, kind, definition)
    built_in = kind_validator(api_version, kind)
    if built_in is None:
        return [("kind", f"{no_matches(api_version, kind)} (Kubernetes {VERSION})")]
    return list(schema_failures(built_in, value))


def no_matches(api_version: str, kind: str) -> str:
    """The API server's words for a kind that it does not have."""
    return f'no matches for kind "{kind}" in version "{api_version}"'


def _custom_failures(value: Object, api_version: str, kind: str, definition: Object | None) -> list[Failure]:
    if definition is None:
        return [("kind", f"{no_matches(api_version, kind)}: ensure CRDs are installed first")]
    found = list(schema_failures(validator(reference(METADATA)), value.get("metadata") or {}, "metadata"))
    group, _, version = api_version.rpartition("/")
    # the tables' own definitions are the same each time
    is_known = definition is known_definition(group, kind)
    fields = _known_validator(group, kind, version) if is_known else served_validator(definition, version)
    if fields is None:
        return [*found, ("apiVersion", f"{version} is not served by {(definition.get('metadata') or {}).get('name')}")]
    return [*found, *schema_failures(fields, value)]


@cache
def _known_validator(group: str, kind: str, version: str) -> Draft202012Validator | None:
    definition = known_definition(group, kind)
    return None if definition is None else served_validator(definition, version)
