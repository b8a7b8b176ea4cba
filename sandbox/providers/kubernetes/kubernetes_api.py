"""A Kubernetes API as the stand-in knows it: validates objects, needs their namespaces and kinds, keeps them in the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties, Replacement
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.kubernetes import identity
from sandbox.providers.kubernetes.cluster import DEFINITION, RELEASE, Cluster
from sandbox.providers.kubernetes.definitions import definition_of
from sandbox.providers.kubernetes.object_rules import (
    CLUSTER_SCOPED,
    SECRET,
    metadata_failures,
    secret_failures,
)
from sandbox.providers.kubernetes.releases import brought, missing_kinds, release_failures, release_outputs
from sandbox.providers.kubernetes.schemas import failures
from sandbox.providers.kubernetes.serving_stack import ServingStack
from sandbox.providers.servicer import has_unknown


class KubernetesApi:
    """One cluster's API; which cluster is told by the kubeconfig."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.cluster = Cluster(cloud, "none")
        self.stack = ServingStack(self.cluster)
        self.mutable: frozenset[str] = frozenset()
        #: Definitions that this run of the engine has checked: in a preview nothing of the stack exists yet.
        self.promised: list[Properties] = []

    def configure(self, variables: Mapping[str, str]) -> None:
        """Objects of different clusters do not meet: the kubeconfig names the cluster."""
        self.cluster = Cluster.of(self.cloud, variables.get("kubeconfig", ""))
        self.stack = ServingStack(self.cluster)
        self.mutable = identity.mutable_tokens(variables)

    def moved(self, old: Properties, config: Properties) -> list[str]:
        """Another cluster, or one that is not known yet."""
        return identity.moved(old, config)

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Names what has no name, then validates."""
        auto_name = identity.automatic_name(name, seed)
        if token == RELEASE:
            return self._check_release(inputs, old, auto_name)
        if token.endswith("Patch"):
            return [("", "the sandbox knows no patches of objects that others own")]
        metadata = inputs.setdefault("metadata", {})
        if metadata == UNKNOWN:
            return failures(inputs, self._definition(inputs))
        if not isinstance(metadata, dict):
            return [("metadata", "must be an object")]
        identity.give_name(metadata, old, auto_name)
        found = [*failures(inputs, self._definition(inputs)), *metadata_failures(str(inputs.get("kind")), metadata)]
        if token == SECRET:
            found += secret_failures(inputs)
        found = found or self.stack.failures(inputs, old)
        if not found:
            self.promised += [inputs] if token == DEFINITION else self.stack.promises(inputs)
        return found

    def replacement(self, token: str, old: Properties, inputs: Properties) -> Replacement:
        """Kind, name and namespace make the object; the rest is the kind's immutable fields."""
        return identity.replacement(token, old, inputs, self.mutable)

    def preview(self, token: str, inputs: Properties) -> Properties:
        """The object as given, and what the server adds as not known."""
        return identity.previewed(token, inputs)

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Refuses an object whose namespace or kind the cluster does not have, and what it needs beside."""
        if has_unknown(inputs):
            raise CloudError("an object with unknown values cannot be created")
        # from here on only what the cluster has counts
        self.promised.clear()
        self.stack.forget()
        object_id = self._needed_place(token, inputs)
        if token == RELEASE:
            self._needed_kinds(inputs)
            self.stack.refuse_foreign_definitions(inputs, object_id)
        elif found := failures(inputs, self._definition(inputs)) or self.stack.failures(inputs, {}):
            path, reason = found[0]
            raise CloudError(f"{inputs.get('kind')} is invalid: {path}: {reason}")
        else:
            self.stack.refuse(inputs)
        outputs = self._outputs(token, object_id, inputs, generation=1)
        self.cluster.create(token, object_id, inputs, outputs)
        self.stack.follow(token, object_id, inputs)
        return object_id, outputs

    def update(self, token: str, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Applies the object; its generation counts up."""
        record = self.cluster.get(token, resource_id)
        if record is None:
            raise CloudError(f"{resource_id} not found")
        if token == RELEASE:
            self._needed_kinds(inputs)
            generation = int(record["outputs"]["status"]["revision"]) + 1
        else:
            self.stack.refuse(inputs)
            generation = int((record["outputs"].get("metadata") or {}).get("generation", 1)) + 1
        outputs = self._outputs(token, resource_id, inputs, generation)
        self.cluster.put(token, resource_id, inputs, outputs)
        self.stack.follow(token, resource_id, inputs)
        return outputs

    def read(self, token: str, resource_id: str) -> tuple[Properties, Properties] | None:
        """What the cloud's file says, also when somebody has edited it."""
        record = self.cluster.get(token, resource_id)
        if record is None:
            return None
        inputs, outputs = record["inputs"], record["outputs"]
        if token == RELEASE:
            return inputs, {**outputs, **inputs}
        metadata = {**(outputs.get("metadata") or {}), **(inputs.get("metadata") or {})}
        return inputs, {**outputs, **inputs, "metadata": metadata}

    def delete(self, token: str, resource_id: str) -> None:
        """Deletes; a namespace takes along everything in it, a definition all objects of its kind, as in a real cluster."""
        record = self.cluster.get(token, resource_id)
        if record is not None:
            self.stack.unfollow(token, resource_id, record["inputs"])
        self.cluster.delete(token, resource_id)

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Charts and manifests are rendered inside the real provider; the stand-in cannot."""
        raise CloudError(f"the sandbox has no answer to {token}")

    def _check_release(self, inputs: Properties, old: Properties, auto_name: str) -> list[Failure]:
        found = release_failures(inputs, old, auto_name)
        if not found and (reason := missing_kinds(inputs, self._has_kind)) is not None:
            found = [("", reason)]
        if not found:
            self.promised += brought(inputs)
        return found

    def _needed_kinds(self, inputs: Properties) -> None:
        if (reason := missing_kinds(inputs, self._has_kind)) is not None:
            raise CloudError(reason)

    def _has_kind(self, api_version: str, kind: str) -> bool:
        return self._definition({"apiVersion": api_version, "kind": kind}) is not None

    def _definition(self, inputs: Properties) -> dict[str, Any] | None:
        """The CustomResourceDefinition of a custom object, in the cluster or in what this run will create; None without one."""
        api_version, kind = str(inputs.get("apiVersion")), str(inputs.get("kind"))
        return self.cluster.definition(api_version, kind) or definition_of(self.promised, api_version, kind)

    def _needed_place(self, token: str, inputs: Properties) -> str:
        """The object's id. Raises CloudError when its namespace does not exist."""
        metadata = inputs.get("metadata") or {}
        name = str(metadata.get("name") or inputs.get("name"))
        definition = self._definition(inputs)
        scoped = definition["spec"].get("scope") == "Cluster" if definition else inputs.get("kind") in CLUSTER_SCOPED
        if scoped:
            return name
        namespace = str(metadata.get("namespace") or inputs.get("namespace") or "default")
        if token == RELEASE and inputs.get("createNamespace"):
            self.cluster.make_namespace(namespace)
        if not self.cluster.has_namespace(namespace):
            raise CloudError(f'namespaces "{namespace}" not found')
        return f"{namespace}/{name}"

    def _outputs(self, token: str, object_id: str, inputs: Properties, generation: int) -> Properties:
        if token == RELEASE:
            return release_outputs(inputs, generation)
        return self.cluster.outputs(token, object_id, inputs, generation)
