"""Google Cloud as the stand-in knows it: applies what the tables of `types/` say about each resource type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties, Replacement
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.functions import FUNCTIONS
from sandbox.providers.gcp.limits import label_failures, one_of
from sandbox.providers.gcp.resource_type import ResourceType, World, letters
from sandbox.providers.gcp.types import RESOURCE_TYPES
from sandbox.providers.sdk_arguments import arguments_of
from sandbox.providers.strict_inputs import failures

#: Where the real provider notes which inputs it has filled in itself.
DEFAULTS = "__defaults"
DELETION_POLICIES = ("DELETE", "ABANDON", "PREVENT")


class GoogleApi:
    """All resource types of the tables over one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.world = World(cloud, project="", region="")

    def configure(self, variables: Mapping[str, str]) -> None:
        """Takes project and region."""
        self.world = replace(self.world, project=variables.get("project", ""), region=variables.get("region", ""))

    def moved(self, old: Properties, config: Properties) -> list[str]:
        """None: where a resource lies is said by the resource, which is replaced when that changes."""
        return []

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Names what has no name, then checks names, types, labels and the type's limits."""
        kind = RESOURCE_TYPES.get(token)
        arguments = arguments_of(token)
        if kind is None or arguments is None:
            return [("", f"the sandbox does not know {token}: add it to sandbox/providers/gcp/types/")]
        if kind.auto_name is not None and not inputs.get(kind.auto_name):
            kept = old.get(kind.auto_name) if kind.auto_name in old.get(DEFAULTS, ()) else None
            inputs |= {kind.auto_name: kept or f"{name}-{letters(name + seed.hex(), 7)}", DEFAULTS: [kind.auto_name]}
        found = failures(arguments, inputs)
        if found:
            return found
        if kind.labels is not None:
            found += label_failures(kind.labels, inputs.get(kind.labels))
        found += one_of("deletionPolicy", inputs.get("deletionPolicy"), DELETION_POLICIES)
        if old:
            found += kind.changes(old, inputs)
        return found + kind.limits(self.world, inputs)

    def replacement(self, token: str, old: Properties, inputs: Properties) -> Replacement:
        """The table's paths; a change of project replaces everything.

        A name that the user chose and keeps is free only when the old resource is gone. With a name of the provider's own the
        new resource comes first, under another name.
        """
        kind = self._kind(token)
        name = kind.auto_name
        keeps = name is not None and name not in inputs.get(DEFAULTS, ()) and old.get(name) == inputs.get(name)
        paths = (*kind.replace, *kind.replace_when(old, inputs), "project")
        return Replacement(paths, delete_first=keeps)

    def preview(self, token: str, inputs: Properties) -> Properties:
        """Inputs, and UNKNOWN for each computed output."""
        kind = self._kind(token)
        computed = _unknown_beside(kind.computed(self.world, inputs), self._placed(kind, inputs))
        return {**computed, **_labels_in_effect(kind, inputs)}

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Refuses what the real API refuses, else writes the resource."""
        kind = self._kind(token)
        if (reason := kind.refuses(self.world, inputs) or kind.enforces(self.world, inputs)) is not None:
            raise CloudError(reason)
        resource_id = kind.identity(self.world, inputs)
        outputs = self._outputs(kind, inputs)
        write = self.world.cloud.put if kind.adopts else self.world.cloud.create
        write(token, resource_id, inputs, outputs)
        return resource_id, outputs

    def update(self, token: str, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Writes the new inputs; what is gone from the cloud cannot be updated."""
        kind = self._kind(token)
        record = self.world.find(token, resource_id)
        if record is None:
            raise CloudError(f"Error 404: {resource_id} was not found, notFound")
        if (reason := kind.enforces(self.world, inputs)) is not None:
            raise CloudError(reason)
        outputs = self._outputs(kind, inputs)
        for path in kind.kept:
            _keep(outputs, record["outputs"], path.split("."))
        self.world.cloud.put(token, resource_id, inputs, outputs)
        return outputs

    def read(self, token: str, resource_id: str) -> tuple[Properties, Properties] | None:
        """What the cloud's file says, also when somebody has edited it."""
        kind, record = self._kind(token), self.world.find(token, resource_id)
        if record is None:
            return None
        inputs = record["inputs"]
        # an input object may have members that the API computes (a cluster's endpoints): there the outputs hold more
        computed = kind.computed(self.world, inputs)
        plain = {key: value for key, value in inputs.items() if key not in computed}
        return inputs, {**record["outputs"], **plain, **_labels_in_effect(kind, inputs)}

    def delete(self, token: str, resource_id: str) -> None:
        """Deletes, with what is inside, unless deletion protection or content forbids it."""
        kind, record = self._kind(token), self.world.find(token, resource_id)
        if record is None:
            return
        inputs, outputs = record["inputs"], record["outputs"]
        if (policy := inputs.get("deletionPolicy")) == "PREVENT":
            raise CloudError(
                f"cannot destroy {resource_id} without setting deletion_policy=DELETE and applying that first"
            )
        if policy == "ABANDON":
            return  # only the state forgets it
        if (reason := kind.protected(self.world, inputs)) is not None:
            raise CloudError(reason)
        for content in list(kind.contents(self.world, inputs)):
            self.world.cloud.delete(*content)
        if (remains := kind.stays(inputs, outputs)) is None:
            self.world.cloud.delete(token, resource_id)
        else:
            self.world.cloud.put(token, resource_id, inputs, remains)

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """The functions that `functions.py` answers; any other answer would have to be invented."""
        if token not in FUNCTIONS:
            raise CloudError(f"the sandbox has no answer to {token}")
        return FUNCTIONS[token](self.world, arguments)

    def _kind(self, token: str) -> ResourceType:
        if token not in RESOURCE_TYPES:
            raise CloudError(f"the sandbox does not know {token}: add it to sandbox/providers/gcp/types/")
        return RESOURCE_TYPES[token]

    def _outputs(self, kind: ResourceType, inputs: Properties) -> Properties:
        computed = kind.computed(self.world, inputs)
        return {**self._placed(kind, inputs), **computed, **_labels_in_effect(kind, inputs)}

    def _placed(self, kind: ResourceType, inputs: Properties) -> Properties:
        """The inputs, and the provider's project and region where the resource leaves them out, as the real one says them."""
        arguments = arguments_of(kind.token)
        taken = arguments.fields if arguments else {}
        places = {"project": self.world.project, "region": self.world.region}
        return {**{name: place for name, place in places.items() if place and name in taken}, **inputs}


def _keep(outputs: Properties, old: Properties, path: list[str]) -> None:
    """Puts the old value at a path where both sides have one."""
    *way, last = path
    for name in way:
        outputs, old = outputs.get(name) or {}, old.get(name) or {}
    if last in outputs and last in old:
        outputs[last] = old[last]


def _labels_in_effect(kind: ResourceType, inputs: Properties) -> Properties:
    """The real provider says again which labels a resource has; the sandbox adds none."""
    if kind.labels is None:
        return {}
    labels = inputs.get(kind.labels) or {}
    return {"effectiveLabels": labels, "pulumiLabels": labels}


def _unknown_beside(computed: Any, inputs: Any) -> Any:
    """The inputs, and UNKNOWN for every computed value that they do not give already, down to the leaves."""
    if isinstance(computed, Mapping) and isinstance(inputs, Mapping):
        return {**inputs, **{key: _unknown_beside(value, inputs.get(key)) for key, value in computed.items()}}
    return inputs if inputs is not None and inputs == computed else UNKNOWN
