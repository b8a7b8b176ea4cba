"""Checks Kubernetes objects against the API's own schemas, down to the leaves. Unknown values pass; what stands around them is
checked.

The schemas are those of `kubernetes-validate` for the targeted version, strict: a field that the API does not have is an error.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from pulumi.runtime.rpc import UNKNOWN
from referencing import Registry, Resource

from sandbox.providers.api import Failure
from sandbox.providers.kubernetes.definitions import defined_failures
from sandbox.providers.kubernetes.preinstalled import CUSTOM_KINDS, PREDICTOR_FIELDS, PREDICTOR_NUMBERS
from sandbox.providers.kubernetes.schema_errors import schema_failures, word

#: The Kubernetes version that the platform targets (default of GKE's Regular channel in 2026-09).
VERSION = "1.35"

#: Where a schema says which kinds it is for.
KINDS = "x-kubernetes-group-version-kind"

Object = dict[str, Any]


@cache
def _definitions() -> Resource[Any]:
    return Resource.from_contents(schema_contents(f"kubernetes-json-schema/{_folder()}/_definitions.json", VERSION))


def _folder() -> str:
    return f"v{VERSION}.0-local-strict"


@cache
def _validator(schema_name: str) -> Draft202012Validator | None:
    """Validator of a built-in kind; None when the version has no such kind."""
    try:
        schema = schema_contents(f"kubernetes-json-schema/{_folder()}/{schema_name}.json", VERSION)
    except (FileNotFoundError, kubernetes_validate.utils.InvalidSchemaError):
        return None
    return Draft202012Validator(schema, registry=_definitions() @ Registry())


@cache
def _definition_validator(definition: str) -> Draft202012Validator:
    identity = _definitions().id()
    return Draft202012Validator({"$ref": f"{identity}#/$defs/{definition}"}, registry=_definitions() @ Registry())


@cache
def _built_in_groups() -> frozenset[str]:
    """The groups that the schemas themselves name."""
    kinds = (kind for schema in _definitions().contents["$defs"].values() for kind in schema.get(KINDS, ()))
    return frozenset(kind["group"] for kind in kinds)


def is_custom(api_version: str) -> bool:
    """True for groups that are not built in; many of those end with k8s.io too (gateway.networking.k8s.io)."""
    return api_version.rpartition("/")[0] not in _built_in_groups()


def failures(value: Object, definition: Object | None) -> list[Failure]:
    """(path, reason) of everything in the object that the API would refuse.

    `definition` is the CustomResourceDefinition of a custom kind when the stack has one.
    """
    api_version, kind = str(value.get("apiVersion")), str(value.get("kind"))
    if is_custom(api_version):
        return _custom_failures(value, api_version, kind, definition)
    group, _, version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    validator = _validator(name)
    if validator is None:
        return [("kind", f'no matches for kind "{kind}" in version "{api_version}" (Kubernetes {VERSION})')]
    return list(schema_failures(validator, value))


def _custom_failures(value: Object, api_version: str, kind: str, definition: Object | None) -> list[Failure]:
    found = list(
        schema_failures(
            _definition_validator("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
            value.get("metadata") or {},
            "metadata",
        )
    )
    if definition is not None:
        return found + defined_failures(value, definition)
    if (api_version, kind) not in CUSTOM_KINDS:
        return [("kind", f'no matches for kind "{kind}" in version "{api_version}": ensure CRDs are installed first')]
    return found + _inference_service_failures(value)


def _inference_service_failures(value: Object) -> list[Failure]:
    """An InferenceService by its predictor: KServe's own fields, and a PodSpec for the others."""
    spec = value.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("predictor"), dict):
        return [("spec.predictor", "is missing: an InferenceService needs a predictor")]
    found = [
        (f"spec.{key}", "field not declared in schema")
        for key in spec
        if key not in ("predictor", "transformer", "explainer")
    ]
    predictor = spec["predictor"]
    for key in PREDICTOR_NUMBERS:
        number = predictor.get(key)
        if number not in (None, UNKNOWN) and (isinstance(number, bool) or not isinstance(number, int)):
            found.append((f"spec.predictor.{key}", f"must be a whole number, found {word(number)}"))
    pod = {key: member for key, member in predictor.items() if key not in PREDICTOR_FIELDS}
    if "model" in predictor:
        pod.setdefault("containers", [])
    return found + list(schema_failures(_definition_validator("io.k8s.api.core.v1.PodSpec"), pod, "spec.predictor"))
