"""The charts that the stand-in knows: their releases, the kinds that they bring, and those of others that they need.

A chart's objects are not made. Sources, read 2026-11-25: github.com/cert-manager/cert-manager v1.21.1 deploy/charts,
github.com/kedacore/charts keda 2.20.2, knative.dev/operator v0.50.0 config/charts, github.com/kserve/kserve v0.20.0 charts,
github.com/kyverno/kyverno v1.19.1 charts, github.com/opencost/opencost-helm-chart charts/opencost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.values import at

#: An object in a chart: apiVersion, kind and name.
Needed = tuple[str, str, str]


def _always(values: Any) -> bool:
    return True


def _never(values: Any) -> bool:
    return False


def _nothing(values: Any) -> Iterable[Needed]:
    return ()


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. The functions are asked with the release's values, of which some may be unknown."""

    versions: tuple[str, ...]
    app_version: str
    groups: tuple[str, ...] = ()
    """Groups all of whose known kinds it defines."""
    defines: Callable[[Any], bool] = _always
    """True when it does so with these values."""
    keeps: Callable[[Any], bool] = _never
    """True when the definitions stay after the release is gone."""
    needs: Callable[[Any], Iterable[Needed]] = _nothing
    """Objects in it whose kinds others define."""


def value(values: Any, path: str, default: Any) -> Any:
    """The value at a dotted path, or what the chart's own values.yaml says there; the latter too where it is not known."""
    found = at(values, *path.split("."))
    return default if found is None or found == UNKNOWN else found


def _keda_needs(values: Any) -> Iterable[Needed]:
    if value(values, "certificates.certManager.enabled", False):
        yield "cert-manager.io/v1", "Certificate", "keda-operator-tls-certificates"


def _kserve_needs(values: Any) -> Iterable[Needed]:
    shared = value(values, "kserve.createSharedResources", True)
    if value(values, "kserve.certManager.enabled", None) or shared:
        yield "cert-manager.io/v1", "Issuer", "selfsigned-issuer"
    if value(values, "kserve.storagecontainer.enabled", None) or shared:
        yield "serving.kserve.io/v1alpha1", "ClusterStorageContainer", "default"
    yield "cert-manager.io/v1", "Certificate", "serving-cert"
    gateway = "kserve.controller.gateway.ingressGateway"
    if value(values, f"{gateway}.enableGatewayApi", False) and value(values, f"{gateway}.createGateway", False):
        yield "gateway.networking.k8s.io/v1", "Gateway", "kserve-ingress-gateway"


def _runtimes_need(values: Any) -> Iterable[Needed]:
    if value(values, "kserve.servingruntime.enabled", False):
        yield "serving.kserve.io/v1alpha1", "ClusterServingRuntime", "kserve-huggingfaceserver"
    if value(values, "kserve.llmisvcConfigs.enabled", False):
        yield "serving.kserve.io/v1alpha2", "LLMInferenceServiceConfig", "kserve-config-llm-template"


CHARTS = {
    "cert-manager": Chart(
        versions=("v1.21.1",),
        app_version="v1.21.1",
        groups=("cert-manager.io", "acme.cert-manager.io"),
        defines=lambda values: value(values, "crds.enabled", value(values, "installCRDs", False)),
        keeps=lambda values: value(values, "crds.keep", True),
    ),
    "keda": Chart(
        versions=("2.20.2",),
        app_version="2.20.2",
        groups=("keda.sh", "eventing.keda.sh"),
        defines=lambda values: value(values, "crds.install", True),
        needs=_keda_needs,
    ),
    "knative-operator": Chart(versions=("v1.23.0",), app_version="1.23.0", groups=("operator.knative.dev",)),
    "kserve-crd": Chart(versions=("v0.20.0",), app_version="v0.20.0", groups=("serving.kserve.io",)),
    "kserve-resources": Chart(versions=("v0.20.0",), app_version="v0.20.0", needs=_kserve_needs),
    "kserve-runtime-configs": Chart(versions=("v0.20.0",), app_version="v0.20.0", needs=_runtimes_need),
    "kyverno": Chart(
        versions=("3.9.1",),
        app_version="v1.19.1",
        # its older kinds of kyverno.io are left out: the project drops them
        groups=("policies.kyverno.io",),
        defines=lambda values: value(values, "crds.install", True),
    ),
    "opencost": Chart(versions=("2.5.29",), app_version="1.121.1"),
}
