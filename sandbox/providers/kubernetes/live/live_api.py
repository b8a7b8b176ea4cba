"""`LiveApi`: the provider over a real API server, which alone judges objects. Helm's releases are `LiveReleases`'.

One real cluster stands for one Google cluster: the provider's kubeconfig says for which, and `SANDBOX_CLUSTER` where it is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from sandbox.cluster.api_server import ApiError, ApiServer, NoSuchKindError, Object
from sandbox.providers.api import GRANTED_SECONDS, Failure, Properties, Replacement, UnfinishedError
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.cluster_link import cluster_of_kubeconfig
from sandbox.providers.kubernetes import identity
from sandbox.providers.kubernetes.cluster import RELEASE
from sandbox.providers.kubernetes.live.applying import forced, manager_of, says_nothing
from sandbox.providers.kubernetes.live.cluster_mark import ClusterMark
from sandbox.providers.kubernetes.live.live_releases import LiveReleases
from sandbox.providers.kubernetes.live.patient_server import NotReadyError, PatientServer, as_object, patience, refusals
from sandbox.providers.kubernetes.live.pruning import as_declared, as_inputs, as_outputs, without_defaults
from sandbox.providers.servicer import has_unknown

#: Path of the real cluster's kubeconfig; without it the stand-in keeps files.
VARIABLE = "SANDBOX_CLUSTER"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
#: The provider's own limit of waiting (provider/pkg/await).
WAIT_SECONDS = 600.0
#: Attempts to find a kind whose definition has only just come.
KIND_PAUSES = (0.5, 1.0, 2.0, 4.0)


class LiveApi:
    """One cluster's API, over a server."""

    def __init__(self, server: ApiServer) -> None:
        self.cancelled = threading.Event()
        self.server = PatientServer(server, self.cancelled)
        self.mark = ClusterMark(self.server)
        self.releases = LiveReleases(self.server)
        self.key = ""
        self.mutable: frozenset[str] = frozenset()
        self._noting = threading.Lock()

    @classmethod
    def of_environment(cls, _: Cloud) -> LiveApi:
        """The cluster whose kubeconfig the environment names. Raises CloudError when there is no such file."""
        kubeconfig = Path(os.environ[VARIABLE])
        if not kubeconfig.is_file():
            raise CloudError(f"{VARIABLE} names {kubeconfig}, which is not there: start the cluster first")
        return cls(ApiServer.of(kubeconfig))

    def configure(self, variables: Mapping[str, str]) -> None:
        """The kubeconfig says which Google cluster is meant; it is not what is connected to."""
        self.key = cluster_of_kubeconfig(variables.get("kubeconfig", ""))
        self.mutable = identity.mutable_tokens(variables)

    def moved(self, old: Properties, config: Properties) -> list[str]:
        """Another cluster, or one that is not known yet."""
        return identity.moved(old, config)

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Names what has no name; the rest the server says in the preview."""
        auto_name = identity.automatic_name(name, seed)
        if token == RELEASE:
            return self.releases.check(inputs, old, auto_name)
        if token.endswith("Patch"):
            return [("", "the sandbox knows no patches of objects that others own")]
        metadata = inputs.setdefault("metadata", {})
        if isinstance(metadata, dict):
            identity.give_name(metadata, old, auto_name)
        return []

    def replacement(self, token: str, old: Properties, inputs: Properties) -> Replacement:
        """Kind, name and namespace make the object; the rest is the kind's immutable fields."""
        return identity.replacement(token, old, inputs, self.mutable)

    def compared(
        self, token: str, old: Properties, outputs: Properties, inputs: Properties
    ) -> tuple[Properties, Properties]:
        """The object as last seen, in the terms of the inputs that made it, and the new inputs."""
        if token == RELEASE:
            return old, inputs
        return without_defaults(as_inputs(outputs, old)), without_defaults(inputs)

    def preview(self, token: str, inputs: Properties) -> Properties:
        """The object as given. Raises CloudError with what the server says of it in a dry run, or Helm of a chart."""
        if not has_unknown(inputs):
            with refusals():
                self._try(token, inputs)
        return identity.previewed(token, inputs)

    def try_update(self, token: str, resource_id: str, inputs: Properties) -> None:
        """Raises CloudError with what the server says of the change in a dry run."""
        self.preview(token, inputs)

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Applies the object, whether it exists or not, and waits until it is ready."""
        if has_unknown(inputs):
            raise CloudError("an object with unknown values cannot be created")
        with refusals():
            self._note()
            if token == RELEASE:
                return self.releases.create(inputs, GRANTED_SECONDS.get())
            made = self._applied(inputs)
            outputs = self._awaited(made)
        return _id(made), outputs

    def update(self, token: str, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Applies the object and waits until it is ready again."""
        with refusals():
            self._note()
            if token == RELEASE:
                return self.releases.update(resource_id, inputs, GRANTED_SECONDS.get())
            return self._awaited(self._applied(inputs))

    def read(self, token: str, resource_id: str) -> tuple[Properties, Properties] | None:
        """(what one would declare to get the object, the object), or None."""
        return self._read(token, resource_id, None)

    def refreshed(self, token: str, resource_id: str, inputs: Properties) -> tuple[Properties, Properties] | None:
        """(the object in the terms of its inputs, the object), or None."""
        return self._read(token, resource_id, inputs)

    def delete(self, token: str, resource_id: str) -> None:
        """Deletes the object after everything that it owns, and waits until it is gone."""
        with refusals():
            self.mark.check(self.key)
            if token == RELEASE:
                self.releases.delete(resource_id, GRANTED_SECONDS.get())
                return
            live = self.server.get(_of_token(token, resource_id))
            if live is None:
                return
            annotations = live["metadata"].get("annotations") or {}
            self.server.delete(live, str(annotations.get(PROPAGATION, "foreground")).capitalize())
            self.server.wait_gone(live, patience(GRANTED_SECONDS.get(), WAIT_SECONDS), live["metadata"]["uid"])

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Charts and manifests are rendered inside the real provider; the stand-in cannot."""
        raise CloudError(f"the sandbox has no answer to {token}")

    def _try(self, token: str, inputs: Properties) -> None:
        self.mark.check(self.key)
        if token == RELEASE:
            self.releases.preview(inputs)
            return
        if not inputs["metadata"].get("name"):
            return  # only an object with a name can be applied, and a dry run of a POST says nothing more
        try:
            self.server.apply(inputs, manager_of(inputs), force=forced(inputs), dry_run=True)
        except NoSuchKindError:
            return  # its definition may come in the same run
        except ApiError as error:
            if not says_nothing(error, inputs):
                raise

    def _applied(self, inputs: Properties) -> Object:
        if not inputs["metadata"].get("name"):
            return self.server.create(inputs)
        for pause in KIND_PAUSES:
            try:
                return self.server.apply(inputs, manager_of(inputs), force=forced(inputs))
            except NoSuchKindError:
                if self.cancelled.wait(pause):
                    raise
        return self.server.apply(inputs, manager_of(inputs), force=forced(inputs))

    def _awaited(self, made: Object) -> Properties:
        """Outputs of the object once it is ready. Raises UnfinishedError."""
        try:
            return as_outputs(self.server.wait_ready(made, patience(GRANTED_SECONDS.get(), WAIT_SECONDS)))
        except NotReadyError as error:
            raise UnfinishedError(_id(made), as_outputs(self.server.get(made) or made), str(error)) from None

    def _read(self, token: str, resource_id: str, inputs: Properties | None) -> tuple[Properties, Properties] | None:
        with refusals():
            self.mark.check(self.key)
            if token == RELEASE:
                return self.releases.read(resource_id)
            live = self.server.get(_of_token(token, resource_id))
        if live is None:
            return None
        return as_declared(live) if inputs is None else as_inputs(live, inputs), as_outputs(live)

    def _note(self) -> None:
        with self._noting:
            self.mark.note(self.key)


def _id(made: Object) -> str:
    metadata = made["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]


def _of_token(token: str, resource_id: str) -> Object:
    _, api_version, kind = token.split(":")
    return as_object(api_version.removeprefix("core/"), kind, resource_id)
