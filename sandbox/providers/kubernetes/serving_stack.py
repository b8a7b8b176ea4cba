"""What parts of the serving stack do to each other: a release brings kinds, the Knative operator brings Knative, KServe's manager
looks around at its start, and an InferenceService needs all of them.

Source: knative.dev/operator v0.50.0 pkg/reconciler (it installs all into the namespace of its object, and leaves definitions
behind), read 2026-11-25.
"""

from __future__ import annotations

from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.cluster import DEFINITION, RELEASE, Cluster, owner_of
from sandbox.providers.kubernetes.kind_tables import definitions_of_groups
from sandbox.providers.kubernetes.knative_config import config_failures, setting
from sandbox.providers.kubernetes.kserve import (
    KNATIVE_SERVICE,
    MANAGER_CHART,
    is_inference_service,
    manager_refusal,
    service_failures,
)
from sandbox.providers.kubernetes.releases import brought, chart_name, foreign_definition, keeps
from sandbox.providers.values import at, entries, known

SERVING = "kubernetes:operator.knative.dev/v1beta1:KnativeServing"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
#: What KServe's manager saw at its start, kept beside its release.
MANAGER = "kubernetes:kserve:Manager"
#: Values of the manager's pods, and the one beside them that goes into its config map.
MANAGER_VALUES, CONFIGURATION = ("values", "kserve", "controller"), "gateway"

#: Releases of Knative that the operator 1.23.0 carries (cmd/operator/kodata/knative-serving).
KNATIVE_VERSIONS = (
    *("1.20.0", "1.20.1", "1.20.2", "1.20.3", "1.21.0", "1.21.1", "1.21.2", "1.21.3"),
    *("1.22.0", "1.22.1", "1.23.0"),
)
KNATIVE_GROUPS = (
    *("serving.knative.dev", "networking.internal.knative.dev", "autoscaling.internal.knative.dev"),
    "caching.internal.knative.dev",
)


class ServingStack:
    """The stack in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        #: The KnativeServing that this run has checked: in a preview it is not there yet, or not yet so.
        self.checked: Properties | None = None

    def failures(self, inputs: Properties, old: Properties) -> list[Failure]:
        """What is wrong with an object of the stack by itself, or with Knative configured as it is or will be."""
        if _is_serving(inputs):
            return _serving_failures(inputs)
        if is_inference_service(inputs):
            return service_failures(inputs, old, self._knative_config())
        return []

    def promises(self, inputs: Properties) -> list[Properties]:
        """The definitions that will come with an object; a KnativeServing counts from here on as what Knative is told."""
        if not _is_serving(inputs):
            return []
        self.checked = inputs
        return list(definitions_of_groups(*KNATIVE_GROUPS))

    def forget(self) -> None:
        """From here on only what the cluster has counts."""
        self.checked = None

    def refuse(self, inputs: Properties) -> None:
        """Raises CloudError for an InferenceService that could not become ready in the cluster as it is."""
        if not is_inference_service(inputs):
            return
        namespace = at(inputs, "metadata", "namespace") or "default"
        account = at(inputs, "spec", "predictor", "serviceAccountName")
        if known(account) and account != "default" and self.cluster.get(ACCOUNT, f"{namespace}/{account}") is None:
            # KServe's dry run of the Knative service fails, or the pods are never made
            raise CloudError(
                f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
            )
        managers = [record["inputs"] for record in self.cluster.all(MANAGER)]
        seen = {(kind["apiVersion"], kind["kind"]) for manager in managers for kind in manager["kinds"]}
        if (reason := manager_refusal(inputs, seen if managers else None)) is not None:
            raise CloudError(reason)

    def refuse_foreign_definitions(self, inputs: Properties, release_id: str) -> None:
        """Raises CloudError when a release would make definitions that another one made."""
        names = (definition["metadata"]["name"] for definition in brought(inputs))
        records = ((name, self.cluster.get(DEFINITION, name)) for name in names)
        there = ((name, owner_of(record["inputs"])) for name, record in records if record is not None)
        if (reason := foreign_definition(there, release_id)) is not None:
            raise CloudError(reason)

    def follow(self, token: str, object_id: str, inputs: Properties) -> None:
        """What comes with an object once it is there, or has changed."""
        if token == RELEASE:
            self._define(object_id, inputs)
            if chart_name(inputs) == MANAGER_CHART:
                self._start_manager(object_id, inputs)
        elif _is_serving(inputs):
            # Kourier too goes into the object's own namespace, so that no further one is made
            self.cluster.define(definitions_of_groups(*KNATIVE_GROUPS))

    def unfollow(self, token: str, object_id: str, inputs: Properties) -> None:
        """What goes with an object, beside what the cluster itself takes along; the operator leaves Knative's definitions."""
        if token == RELEASE and chart_name(inputs) == MANAGER_CHART:
            self.cluster.delete(MANAGER, object_id)

    def _define(self, release_id: str, inputs: Properties) -> None:
        """Makes a release's definitions, and removes those that it no longer has unless they are to be kept."""
        there = {definition["metadata"]["name"] for definition in self.cluster.definitions_of(release_id)}
        definitions = brought(inputs)
        self.cluster.define(definitions, release_id, keep=keeps(inputs))
        for name in there - {definition["metadata"]["name"] for definition in definitions}:
            if not keeps(inputs):
                self.cluster.delete(DEFINITION, name)

    def _start_manager(self, release_id: str, inputs: Properties) -> None:
        """The manager starts with its release, and anew when its pods change; a change of its config map alone does not do it."""
        pods = {key: value for key, value in entries(at(inputs, *MANAGER_VALUES)).items() if key != CONFIGURATION}
        template = {"version": inputs.get("version"), "pods": pods}
        running = self.cluster.get(MANAGER, release_id)
        if running is not None and running["inputs"]["template"] == template:
            return
        api_version, kind = KNATIVE_SERVICE
        there = self.cluster.definition(api_version, kind) is not None
        seen = [{"apiVersion": api_version, "kind": kind}] if there else []
        self.cluster.put(MANAGER, release_id, {"template": template, "kinds": seen}, {})

    def _knative_config(self) -> Any:
        """`spec.config` of the KnativeServing as it is or will be; None without one."""
        found = self.checked or next((record["inputs"] for record in self.cluster.all(SERVING)), None)
        return None if found is None else at(found, "spec", "config") or {}


def _is_serving(inputs: Properties) -> bool:
    return inputs.get("kind") == "KnativeServing" and str(inputs.get("apiVersion")).startswith("operator.knative.dev/")


def _serving_failures(inputs: Properties) -> list[Failure]:
    """What would leave the object not ready for ever, or routes without an ingress."""
    version, config = at(inputs, "spec", "version"), at(inputs, "spec", "config")
    found = config_failures(config)
    if known(version) and version != "latest" and not any(_is_release(str(version), one) for one in KNATIVE_VERSIONS):
        carried = ", ".join(KNATIVE_VERSIONS)
        found.append(("spec.version", f"'{version}' is none of those that the operator carries: {carried}"))
    if at(inputs, "spec", "ingress", "kourier", "enabled") is True and not setting(config, "network", "ingress-class"):
        reason = "is missing: Kourier is enabled, and Knative's ingress is Istio unless told otherwise"
        found.append(("spec.config.network.ingress-class", reason))
    return found


def _is_release(version: str, release: str) -> bool:
    """True for a release's number, and for the first two parts of it."""
    return release == version or release.startswith(f"{version}.")
