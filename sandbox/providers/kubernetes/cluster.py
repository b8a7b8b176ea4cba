"""One cluster as the cloud's folder holds it: its objects, its namespaces, and the custom kinds that it has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.providers.api import Properties
from sandbox.providers.cloud import Cloud
from sandbox.providers.cluster_link import cluster_of_kubeconfig, folder_of, folders
from sandbox.providers.kubernetes import gke
from sandbox.providers.kubernetes.core_schemas import is_custom
from sandbox.providers.kubernetes.definitions import defined_kind, definition_of
from sandbox.providers.kubernetes.kind_tables import known_definition
from sandbox.providers.values import at

NAMESPACE = "kubernetes:core/v1:Namespace"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
RELEASE = "kubernetes:helm.sh/v3:Release"

#: Marks of what a release of Helm made, and of what it leaves behind.
RELEASE_NAME, RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
POLICY, KEEP = "helm.sh/resource-policy", "keep"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that a kubeconfig reaches."""

    cloud: Cloud
    key: str

    @classmethod
    def of(cls, cloud: Cloud, kubeconfig: str) -> Cluster:
        return cls(cloud, cluster_of_kubeconfig(kubeconfig))

    def get(self, token: str, object_id: str) -> Record | None:
        """The record of an object, or None."""
        return self.cloud.get(folder_of(self.key, token), object_id)

    def all(self, token: str) -> Iterator[Record]:
        """All records of a type."""
        return self.cloud.all(folder_of(self.key, token))

    def create(self, token: str, object_id: str, inputs: Properties, outputs: Properties) -> None:
        """Adds an object. Raises CloudError when there is one of that name."""
        self.cloud.create(folder_of(self.key, token), object_id, inputs, outputs)

    def put(self, token: str, object_id: str, inputs: Properties, outputs: Properties) -> None:
        """Writes an object, whether it exists or not."""
        self.cloud.put(folder_of(self.key, token), object_id, inputs, outputs)

    def delete(self, token: str, object_id: str) -> None:
        """Removes an object with what goes with it, as in a real cluster."""
        for folder, inside in list(self._contents(token, object_id)):
            self.cloud.delete(folder, inside)
        self.cloud.delete(folder_of(self.key, token), object_id)

    def has_namespace(self, name: str) -> bool:
        """True for a namespace that was made or that every cluster has."""
        return name in gke.NAMESPACES or self.get(NAMESPACE, name) is not None

    def make_namespace(self, name: str) -> None:
        """Makes a namespace unless there is one, as `helm install --create-namespace` does."""
        if not self.has_namespace(name):
            inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.put(NAMESPACE, name, inputs, self.outputs(NAMESPACE, name, inputs))

    def definition(self, api_version: str, kind: str) -> Record | None:
        """The definition of a custom kind that the cluster has; None for one that it lacks and for built-in ones."""
        group = api_version.rpartition("/")[0]
        if not is_custom(api_version):
            return None
        known = known_definition(group, kind)
        if known is not None:
            there = gke.brings(self.cloud, self.key, group) or self.get(DEFINITION, known["metadata"]["name"])
            return known if there else None
        return definition_of((record["inputs"] for record in self.all(DEFINITION)), api_version, kind)

    def define(self, definitions: Iterable[Record], release_id: str = "", keep: bool = False) -> None:
        """Makes or takes over definitions; those of a release go with it, unless it is to keep them."""
        namespace, _, release = release_id.partition("/")
        marks = {RELEASE_NAMESPACE: namespace, RELEASE_NAME: release} if release else {}
        for definition in definitions:
            name = definition["metadata"]["name"]
            metadata = {"name": name, "annotations": {**marks, **({POLICY: KEEP} if keep else {})}}
            inputs = {**definition, "metadata": metadata}
            self.put(DEFINITION, name, inputs, self.outputs(DEFINITION, name, inputs))

    def outputs(self, token: str, object_id: str, inputs: Properties, generation: int = 1) -> Properties:
        """The object with what the server adds."""
        digest = hashlib.sha256(f"{self.key}/{token}/{object_id}".encode()).hexdigest()
        uid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        added = {"uid": uid, "resourceVersion": str(generation), "generation": generation}
        status = {"phase": "Active"} if token == NAMESPACE else {}
        metadata = {**added, "creationTimestamp": "2026-01-01T00:00:00Z", **(inputs.get("metadata") or {})}
        return {**inputs, "metadata": metadata, "status": status}

    def _contents(self, token: str, object_id: str) -> Iterator[tuple[str, str]]:
        """(folder, id) of what is in a namespace, of a definition's objects, and of a release's definitions with theirs."""
        definitions: list[Record] = []
        if token == DEFINITION and (record := self.get(token, object_id)) is not None:
            definitions = [record["inputs"]]
        elif token == RELEASE:
            definitions = [one for one in self.definitions_of(object_id) if marked(one, POLICY) != KEEP]
            yield from ((folder_of(self.key, DEFINITION), one["metadata"]["name"]) for one in definitions)
        kinds = {defined_kind(definition) for definition in definitions}
        for folder in folders(self.cloud, self.key):
            for held in self.cloud.all(folder):
                inside = token == NAMESPACE and held["id"].startswith(f"{object_id}/")
                kind = (str(held["inputs"].get("apiVersion")).partition("/")[0], held["inputs"].get("kind"))
                if inside or kind in kinds:
                    yield folder, held["id"]

    def definitions_of(self, release_id: str) -> Iterator[Record]:
        """The definitions that a release of Helm made."""
        for record in self.all(DEFINITION):
            if owner_of(record["inputs"]) == release_id:
                yield record["inputs"]


def marked(definition: Record, mark: str) -> Any:
    """The value of an annotation of a definition; None without it."""
    return at(definition, "metadata", "annotations", mark)


def owner_of(definition: Record) -> str | None:
    """The id of the release that made a definition; None for one that nobody or somebody else made."""
    name = marked(definition, RELEASE_NAME)
    return f"{marked(definition, RELEASE_NAMESPACE)}/{name}" if name else None
