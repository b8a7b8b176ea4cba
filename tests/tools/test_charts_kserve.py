"""KServe's charts with our values: a controller configuration that passes KServe's own checks, no Istio, and real runtimes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.kubernetes.kserve_values import CONFIGURATION, RUNTIMES, RUNTIMES_OFF, make_controller_values
from components.kubernetes.versions import KSERVE_CRD, KSERVE_RESOURCES, KSERVE_RUNTIMES
from sandbox.upstream.helm import rendered, values_of
from tests.tools.charts.cases import ENGINE, PUBLIC, case_of
from tests.tools.charts.objects import of_kind

pytestmark = pytest.mark.tools


def configuration(values: dict[str, Any]) -> dict[str, Any]:
    """The controller's ConfigMap, its JSON read."""
    (made,) = of_kind(rendered(KSERVE_RESOURCES, values), "ConfigMap")
    return {key: json.loads(text) for key, text in made["data"].items() if key != "_example"}


def refused(ingress: dict[str, Any]) -> str | None:
    """What KServe says of an `ingress`; None when it takes it.

    The rules of NewIngressConfig and validateIngressGateway in kserve/kserve v0.20.0 pkg/apis/serving/v1beta1/configmap.go.
    """
    if ingress.get("enableGatewayApi"):
        gateway = ingress.get("kserveIngressGateway", "")
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", gateway):
            return "kserveIngressGateway should be in the format <namespace>/<name>"
    if not ingress.get("ingressGateway"):
        return "ingressGateway is required"
    if ingress.get("pathTemplate") and not ingress.get("ingressDomain"):
        return "ingressDomain is required if pathTemplate is given"
    return None


@pytest.mark.parametrize("domain", [None, "models.example.com"])
def test_the_ingress_configuration_passes_kserves_checks_and_keeps_what_it_ships(domain: str | None) -> None:
    shipped = configuration({})
    ours = configuration(make_controller_values(domain, False, PUBLIC))
    assert refused(ours["ingress"]) is None
    changed = {key for key in shipped["ingress"] if ours["ingress"][key] != shipped["ingress"][key]}
    assert changed == {
        "disableIstioVirtualHost",
        "disableIngressCreation",
        "ingressDomain",
        "domainTemplate",
        *(("urlScheme",) if domain else ()),
    }
    assert ours["ingress"]["disableIstioVirtualHost"] is True
    assert ours["ingress"]["disableIngressCreation"] is True
    assert ours["ingress"]["enableGatewayApi"] is False
    # the rest of the ConfigMap stays as it comes
    assert ours | {"ingress": None} == shipped | {"ingress": None}
    assert ours["deploy"] == {"defaultDeploymentMode": "Knative"}


def test_an_ingress_configuration_that_is_replaced_by_one_key_is_refused() -> None:
    """The documentation's one-liner for Kourier; why the chart's values are used instead."""
    assert refused({"disableIstioVirtualHost": True, "disableIngressCreation": True}) == "ingressGateway is required"


def test_standard_modes_address_is_the_service_of_the_predictor() -> None:
    ingress = configuration(make_controller_values("models.example.com", False, PUBLIC))["ingress"]
    address = ingress["domainTemplate"]
    for field, value in (("Name", "assistant"), ("Namespace", "team-a"), ("IngressDomain", ingress["ingressDomain"])):
        address = address.replace(f"{{{{ .{field} }}}}", value)
    assert address == "assistant-predictor.team-a.svc.cluster.local"


def test_the_controller_starts_anew_when_what_it_reads_at_its_start_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def mark(domain: str | None) -> str:
        objects = rendered(KSERVE_RESOURCES, make_controller_values(domain, False, PUBLIC))
        (controller,) = of_kind(objects, "Deployment")
        return controller["spec"]["template"]["metadata"]["annotations"][CONFIGURATION]

    first = mark(None)
    assert mark(None) == first
    assert mark("models.example.com") != first
    monkeypatch.setattr("components.kubernetes.kserve_values.KNATIVE_SERVING", "1.24.0")
    assert mark(None) != first


def test_nothing_of_istio_and_no_route_is_made() -> None:
    case = case_of(KSERVE_RESOURCES)
    kinds = {made["kind"] for made in rendered(KSERVE_RESOURCES, case.large, case.namespace)}
    assert not kinds & {"Gateway", "HTTPRoute", "Ingress", "VirtualService", "DestinationRule"}
    assert kinds >= {"Certificate", "Issuer", "ClusterStorageContainer", "ValidatingWebhookConfiguration"}


def test_the_definitions_are_those_with_a_schema() -> None:
    """The other chart of that kind, kserve-crd-minimal, has none, so that a misspelt field would pass."""
    definitions = of_kind(rendered(KSERVE_CRD, {}), "CustomResourceDefinition")
    assert {made["spec"]["names"]["kind"] for made in definitions} == {
        "ClusterServingRuntime",
        "ClusterStorageContainer",
        "InferenceGraph",
        "InferenceService",
        "ServingRuntime",
        "TrainedModel",
    }
    (service,) = [made for made in definitions if made["spec"]["names"]["kind"] == "InferenceService"]
    schema = service["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert "predictor" in schema["properties"]["spec"]["properties"]


def test_the_runtimes_are_really_there_and_only_those_that_are_meant_are_on() -> None:
    case = case_of(KSERVE_RUNTIMES)
    runtimes = {
        m["metadata"]["name"]: m["spec"]
        for m in of_kind(rendered(KSERVE_RUNTIMES, case.small), "ClusterServingRuntime")
    }
    on = {name: spec for name, spec in runtimes.items() if not spec["disabled"]}
    assert on.keys() == {"kserve-vllmserver", "kserve-huggingfaceserver", "kserve-huggingfaceserver-multinode"}
    (engine,) = on["kserve-vllmserver"]["containers"]
    assert engine["image"] == ENGINE
    assert [one["name"] for one in on["kserve-vllmserver"]["supportedModelFormats"]] == ["vLLM"]


def test_every_runtime_of_the_chart_is_either_on_or_off_on_purpose() -> None:
    switches = {
        name
        for name, value in values_of(KSERVE_RUNTIMES)["kserve"]["servingruntime"].items()
        if "disabled" in (value if isinstance(value, dict) else {})
    }
    # the switch of the last one is read by no template
    assert switches == {*RUNTIMES, *RUNTIMES_OFF, "huggingfaceserver_multinode"}
