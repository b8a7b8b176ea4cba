"""A Kubernetes API as the stand-in knows it: validates objects, needs their namespaces, keeps them in the cloud's folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties, Replacement
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.kubernetes.preinstalled import NAMESPACES
from sandbox.providers.kubernetes.schemas import failures, is_custom
from sandbox.providers.servicer import has_unknown
from sandbox.providers.strict_inputs import arguments_class
from sandbox.providers.strict_inputs import failures as argument_failures

NAMESPACE = "kubernetes:core/v1:Namespace"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
RELEASE = "kubernetes:helm.sh/v3:Release"

#: Kinds of the built-in groups that live outside namespaces.
CLUSTER_SCOPED = frozenset(
    [
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "StorageClass",
        "PersistentVolume",
        "PriorityClass",
        "Node",
        "RuntimeClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "APIService",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "CSIDriver",
    ]
)
#: Fields that the API refuses to change (kubernetes.io API reference, 2026).
IMMUTABLE = {
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": ("roleRef",),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": ("roleRef",),
    "kubernetes:core/v1:Secret": ("type", "immutable"),
    "kubernetes:core/v1:Service": ("spec.clusterIP",),
    "kubernetes:batch/v1:Job": ("spec.template", "spec.selector"),
    "kubernetes:apps/v1:Deployment": ("spec.selector",),
}
NAME = re.compile(r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")
LABEL_NAME = r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)"
LABEL_KEY = re.compile(rf"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{LABEL_NAME}$")
LABEL_VALUE = re.compile(rf"^{LABEL_NAME}?$")


class KubernetesApi:
    """One cluster's API; which cluster is told by the kubeconfig."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.cluster = "none"

    def configure(self, variables: Mapping[str, str]) -> None:
        """Objects of different clusters do not meet: the kubeconfig names the cluster."""
        self.cluster = hashlib.sha256(variables.get("kubeconfig", "").encode()).hexdigest()[:10]

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Names what has no name, then validates."""
        if token == RELEASE:
            arguments = arguments_class(RELEASE)
            return argument_failures(arguments, inputs) if arguments else []
        metadata = inputs.setdefault("metadata", {})
        if metadata == UNKNOWN:
            return [("metadata", "must be known before the update")]
        if not metadata.get("name") and not metadata.get("generateName"):
            digest = hashlib.sha256(name.encode() + seed).hexdigest()[:8]
            metadata["name"] = (old.get("metadata") or {}).get("name") or f"{name}-{digest}"
        return [*failures(inputs, self._definition(inputs)), *_metadata_failures(metadata)]

    def replacement(self, token: str) -> Replacement:
        """Kind, name and namespace make the object; the rest is the kind's immutable fields."""
        always = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
        return Replacement((*always, *IMMUTABLE.get(token, ())), delete_first=True)

    def preview(self, token: str, inputs: Properties) -> Properties:
        """The object without what the server adds; its metadata is echoed, since names are known."""
        return {**inputs, "status": UNKNOWN}

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Refuses an object whose namespace or kind the cluster does not have."""
        if has_unknown(inputs):
            raise CloudError("an object with unknown values cannot be created")
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
        """Deletes; a namespace takes everything in it along, as the real one does."""
        if token == NAMESPACE:
            for folder in self.cloud.folder.glob(f"kubernetes_{self.cluster}_*"):
                for path in folder.glob("*.json"):
                    if f'"id": "{resource_id}/' in path.read_text(encoding="utf-8"):
                        path.unlink()
        self.cloud.delete(self._folder(token), resource_id)

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Charts and manifests are rendered inside the real provider; the stand-in cannot."""
        raise CloudError(f"the sandbox has no answer to {token}")

    def _folder(self, token: str) -> str:
        return f"kubernetes_{self.cluster}_{token.partition(':')[2]}"

    def _definition(self, inputs: Properties) -> dict[str, Any] | None:
        """The CustomResourceDefinition in the cloud for a custom object, if there is one."""
        group, kind = str(inputs.get("apiVersion")).rpartition("/")[0], inputs.get("kind")
        if not is_custom(str(inputs.get("apiVersion"))):
            return None
        for record in self.cloud.all(self._folder(DEFINITION)):
            spec = record["inputs"]["spec"]
            if (spec["group"], spec["names"]["kind"]) == (group, kind):
                return record["inputs"]
        return None

    def _needed_place(self, token: str, inputs: Properties) -> str:
        """The object's id. Raises CloudError when its namespace does not exist."""
        metadata = inputs.get("metadata") or {}
        name = str(metadata.get("name") or inputs.get("name"))
        definition = self._definition(inputs)
        scoped = definition["spec"].get("scope") == "Cluster" if definition else inputs.get("kind") in CLUSTER_SCOPED
        if scoped:
            return name
        namespace = str(metadata.get("namespace") or inputs.get("namespace") or "default")
        if namespace not in NAMESPACES and self.cloud.get(self._folder(NAMESPACE), namespace) is None:
            raise CloudError(f'namespaces "{namespace}" not found')
        return f"{namespace}/{name}"

    def _outputs(self, token: str, object_id: str, inputs: Properties, generation: int) -> Properties:
        if token == RELEASE:
            return {**inputs, "status": {"status": "deployed", "name": inputs.get("name"), "revision": generation}}
        digest = hashlib.sha256(f"{self.cluster}/{token}/{object_id}".encode()).hexdigest()
        uid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        added = {"uid": uid, "resourceVersion": str(generation), "generation": generation}
        status = {"phase": "Active"} if token == NAMESPACE else {}
        metadata = {**added, "creationTimestamp": "2026-01-01T00:00:00Z", **(inputs.get("metadata") or {})}
        return {**inputs, "metadata": metadata, "status": status}


def _metadata_failures(metadata: Mapping[str, Any]) -> list[Failure]:
    """Names, labels and annotations that the API server refuses."""
    found: list[Failure] = []
    name = metadata.get("name")
    if name not in (None, UNKNOWN) and not NAME.fullmatch(str(name)):
        found.append(("metadata.name", f'Invalid value: "{name}": a lowercase RFC 1123 subdomain is needed'))
    labels = metadata.get("labels")
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if not LABEL_KEY.fullmatch(key):
            found.append((f"metadata.labels.{key}", "Invalid value: a qualified name is needed"))
        if value != UNKNOWN and not LABEL_VALUE.fullmatch(str(value)):
            found.append((f"metadata.labels.{key}", f'Invalid value: "{value}" is no valid label value'))
    annotations = metadata.get("annotations")
    for key in annotations if isinstance(annotations, dict) else ():
        if not LABEL_KEY.fullmatch(key):
            found.append((f"metadata.annotations.{key}", "Invalid value: a qualified name is needed"))
    return found
