"""A Kubernetes API as the stand-in knows it: validates objects, needs their namespaces, keeps them in the cloud's folder."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties, Replacement
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.kubernetes.definitions import definition_of
from sandbox.providers.kubernetes.object_rules import (
    CLUSTER_SCOPED,
    IMMUTABLE,
    MUTABLE_BY,
    SECRET,
    metadata_failures,
    secret_failures,
)
from sandbox.providers.kubernetes.preinstalled import COMPUTE_CLASS, NAMESPACES
from sandbox.providers.kubernetes.schemas import failures, is_custom
from sandbox.providers.servicer import has_unknown
from sandbox.providers.strict_inputs import failures as argument_failures

NAMESPACE = "kubernetes:core/v1:Namespace"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
RELEASE = "kubernetes:helm.sh/v3:Release"

#: The provider's own mark of a name that it chose.
AUTONAMED = "pulumi.com/autonamed"


class KubernetesApi:
    """One cluster's API; which cluster is told by the kubeconfig."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.cluster = "none"
        self.mutable: frozenset[str] = frozenset()
        #: Definitions that this run of the engine has checked: in a preview nothing of the stack exists yet.
        self.promised: list[Properties] = []

    def configure(self, variables: Mapping[str, str]) -> None:
        """Objects of different clusters do not meet: the kubeconfig names the cluster."""
        self.cluster = hashlib.sha256(variables.get("kubeconfig", "").encode()).hexdigest()[:10]
        on = (token for name, token in MUTABLE_BY.items() if variables.get(name, "").lower() == "true")
        self.mutable = frozenset(on)

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Names what has no name, then validates."""
        digest = hashlib.sha256(name.encode() + seed).hexdigest()[:8]
        if token == RELEASE:
            return _release_failures(inputs, old, f"{name}-{digest}")
        if token.endswith("Patch"):
            return [("", "the sandbox knows no patches of objects that others own")]
        metadata = inputs.setdefault("metadata", {})
        if metadata == UNKNOWN:
            return failures(inputs, self._definition(inputs))
        if not isinstance(metadata, dict):
            return [("metadata", "must be an object")]
        if not metadata.get("name") and not metadata.get("generateName"):
            kept = old["metadata"]["name"] if _is_autonamed(old) else None
            metadata["name"] = kept or f"{name}-{digest}"
            metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
        found = [*failures(inputs, self._definition(inputs)), *metadata_failures(str(inputs.get("kind")), metadata)]
        if token == SECRET:
            found += secret_failures(inputs)
        if token == DEFINITION and not found:
            self.promised.append(inputs)
        return found

    def replacement(self, token: str, old: Properties, inputs: Properties) -> Replacement:
        """Kind, name and namespace make the object; the rest is the kind's immutable fields.

        An object that keeps a name of its own can only come when the old one is gone.
        """
        if token == RELEASE:
            return Replacement(("name", "namespace"), delete_first=False)
        fields = () if token in self.mutable else IMMUTABLE.get(token, ())
        before, after = old.get("metadata") or {}, inputs.get("metadata") or {}
        same = before == UNKNOWN or after == UNKNOWN or _place(before) == _place(after)
        paths = ("apiVersion", "kind", "metadata.name", "metadata.namespace", *fields)
        return Replacement(paths, delete_first=same and not _is_autonamed(inputs))

    def preview(self, token: str, inputs: Properties) -> Properties:
        """The object as given, since names are known; what the server adds (`status`, the rest of the metadata) is not."""
        if token == RELEASE:
            return {**inputs, "status": UNKNOWN}
        added = dict.fromkeys(("uid", "resourceVersion", "generation", "creationTimestamp"), UNKNOWN)
        return {**inputs, "metadata": {**added, **(inputs.get("metadata") or {})}, "status": UNKNOWN}

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Refuses an object whose namespace or kind the cluster does not have."""
        if has_unknown(inputs):
            raise CloudError("an object with unknown values cannot be created")
        self.promised.clear()  # from here on only what the cluster has counts
        if token != RELEASE and (found := failures(inputs, self._definition(inputs))):
            path, reason = found[0]
            raise CloudError(f"{inputs.get('kind')} is invalid: {path}: {reason}")
        object_id = self._needed_place(token, inputs)
        outputs = self._outputs(token, object_id, inputs, generation=1)
        self.cloud.create(self._folder(token), object_id, inputs, outputs)
        return object_id, outputs

    def update(self, token: str, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Applies the object; its generation counts up."""
        record = self.cloud.get(self._folder(token), resource_id)
        if record is None:
            raise CloudError(f"{resource_id} not found")
        generation = int((record["outputs"].get("metadata") or {}).get("generation", 1)) + 1
        outputs = self._outputs(token, resource_id, inputs, generation)
        self.cloud.put(self._folder(token), resource_id, inputs, outputs)
        return outputs

    def read(self, token: str, resource_id: str) -> tuple[Properties, Properties] | None:
        """What the cloud's file says, also when somebody has edited it."""
        record = self.cloud.get(self._folder(token), resource_id)
        if record is None:
            return None
        inputs, outputs = record["inputs"], record["outputs"]
        metadata = {**(outputs.get("metadata") or {}), **(inputs.get("metadata") or {})}
        return inputs, {**outputs, **inputs, "metadata": metadata}

    def delete(self, token: str, resource_id: str) -> None:
        """Deletes; a namespace takes along everything in it, a definition all objects of its kind, as in a real cluster."""
        for kind, object_id in list(self._contents(token, resource_id)):
            self.cloud.delete(kind, object_id)
        self.cloud.delete(self._folder(token), resource_id)

    def _contents(self, token: str, resource_id: str) -> Iterator[tuple[str, str]]:
        """(folder, id) of what goes with an object."""
        record = self.cloud.get(self._folder(token), resource_id)
        if record is None or token not in (NAMESPACE, DEFINITION):
            return
        spec = record["inputs"].get("spec") or {}
        for folder in self.cloud.folder.glob(f"kubernetes_{self.cluster}_*"):
            for held in self.cloud.all(folder.name):
                inside = token == NAMESPACE and held["id"].startswith(f"{resource_id}/")
                group, kind = str(held["inputs"].get("apiVersion")).partition("/")[0], held["inputs"].get("kind")
                defined = token == DEFINITION and (group, kind) == (spec["group"], spec["names"]["kind"])
                if inside or defined:
                    yield folder.name, held["id"]

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Charts and manifests are rendered inside the real provider; the stand-in cannot."""
        raise CloudError(f"the sandbox has no answer to {token}")

    def _folder(self, token: str) -> str:
        return f"kubernetes_{self.cluster}_{token.partition(':')[2]}".replace("/", "_").replace(":", "_")

    def _definition(self, inputs: Properties) -> dict[str, Any] | None:
        """The CustomResourceDefinition of a custom object, in the cluster or in what this run will create; None without one."""
        api_version = str(inputs.get("apiVersion"))
        if not is_custom(api_version):
            return None
        installed = [record["inputs"] for record in self.cloud.all(self._folder(DEFINITION))]
        return definition_of([*installed, *self.promised, COMPUTE_CLASS], api_version, str(inputs.get("kind")))

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
            self._make_namespace(namespace)
        if namespace not in NAMESPACES and self.cloud.get(self._folder(NAMESPACE), namespace) is None:
            raise CloudError(f'namespaces "{namespace}" not found')
        return f"{namespace}/{name}"

    def _make_namespace(self, namespace: str) -> None:
        """What `helm install --create-namespace` does: nothing when there is one already."""
        if namespace not in NAMESPACES and self.cloud.get(self._folder(NAMESPACE), namespace) is None:
            inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            outputs = self._outputs(NAMESPACE, namespace, inputs, generation=1)
            self.cloud.put(self._folder(NAMESPACE), namespace, inputs, outputs)

    def _outputs(self, token: str, object_id: str, inputs: Properties, generation: int) -> Properties:
        if token == RELEASE:
            return {**inputs, "status": {"status": "deployed", "name": inputs.get("name"), "revision": generation}}
        digest = hashlib.sha256(f"{self.cluster}/{token}/{object_id}".encode()).hexdigest()
        uid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        added = {"uid": uid, "resourceVersion": str(generation), "generation": generation}
        status = {"phase": "Active"} if token == NAMESPACE else {}
        metadata = {**added, "creationTimestamp": "2026-01-01T00:00:00Z", **(inputs.get("metadata") or {})}
        return {**inputs, "metadata": metadata, "status": status}


def _release_failures(inputs: Properties, old: Properties, auto_name: str) -> list[Failure]:
    """A release without a name keeps the one it has or gets one; the rest is checked against the SDK's ReleaseArgs."""
    inputs.setdefault("name", old.get("name") or auto_name)
    # the SDK keeps the class under another name of the group than the token does
    return argument_failures(importlib.import_module("pulumi_kubernetes.helm.v3").ReleaseArgs, inputs)


def _place(metadata: Properties) -> tuple[Any, Any]:
    return metadata.get("namespace"), metadata.get("name")


def _is_autonamed(inputs: Properties) -> bool:
    annotations = (inputs.get("metadata") or {}).get("annotations")
    return isinstance(annotations, dict) and annotations.get(AUTONAMED) == "true"
