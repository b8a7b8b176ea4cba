"""The package: the components that other teams' programs may use, and the schema that describes them in every language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.provider.experimental.component import ComponentProvider

from components.caller_terms import in_callers_terms, names_in
from components.deprecation import mark
from components.google.cloud_run_model import CloudRunModel
from components.google.gpu_node_pool import GpuNodePool
from components.google.model_bucket import ModelBucket
from components.kubernetes.cost_monitoring import CostMonitoring
from components.kubernetes.gemma_deployment import GemmaDeployment
from components.kubernetes.governance import Governance
from components.kubernetes.serving_stack import ServingStack
from components.kubernetes.team import Team
from components.package import PACKAGE
from components.version import VERSION

#: What is added here is promised to its callers.
PACKAGED = (
    CloudRunModel,
    CostMonitoring,
    GemmaDeployment,
    Governance,
    GpuNodePool,
    ModelBucket,
    ServingStack,
    Team,
)

DESCRIPTION = "Components that serve Google's Gemma 4 models on GKE and Cloud Run, sized from what is wished for."


def package_schema(components: Sequence[type[pulumi.ComponentResource]] = PACKAGED) -> dict[str, Any]:
    """The Pulumi package schema of components. Raises what Pulumi raises for arguments it cannot describe."""
    described = ComponentProvider(list(components), PACKAGE, version=VERSION).schema
    if described is None:
        raise AssertionError("Pulumi described no schema")
    return finished(described)


def finished(described: str) -> dict[str, Any]:
    """What Pulumi has read off the classes, with what it cannot see in them, and in its callers' words."""
    schema = _with_short_type_names(json.loads(described))
    schema |= {"description": DESCRIPTION, "license": "Apache-2.0"}
    # without it Pulumi's generator for Go (3.259.0) uses input types that it leaves out, where they stand in plain lists alone
    schema["language"]["go"]["generateExtraInputTypes"] = True
    mark(schema)
    return _in_words_of_callers(schema, names_in(schema))


def _with_short_type_names(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with `Wish` for `WishArgs`: generators put Args behind the names of input types themselves."""
    text, taken = json.dumps(schema), {*schema["types"], *schema["resources"]}
    for token in schema["types"]:
        if (short := token.removesuffix("Args")) not in taken:
            text = text.replace(f'{token}"', f'{short}"')
    return json.loads(text)


def _in_words_of_callers(part: Any, names: frozenset[str]) -> Any:
    """The schema with its descriptions as texts, which have no lines and indents of a source file, in its own spelling."""
    if isinstance(part, list):
        return [_in_words_of_callers(one, names) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: in_callers_terms(" ".join(value.split()), names)
        if key == "description" and isinstance(value, str)
        else _in_words_of_callers(value, names)
        for key, value in part.items()
    }
