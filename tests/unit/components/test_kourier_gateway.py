"""How the way in from outside is declared, and that it is refused where anybody could use it."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes import kourier_gateway
from components.kubernetes.kourier_gateway import KourierGateway, KourierGatewayArgs
from components.time_limits import GATEWAY_SECONDS, LONGEST_REQUEST_SECONDS
from tests.unit.components.registering import Program, register_objects

DOMAIN = "models.example.com"
LABELS = {"app.kubernetes.io/owner": "ml-platform", "team": "platform"}
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
BACKEND = "kubernetes:networking.gke.io/v1:GCPBackendPolicy"
HEALTH = "kubernetes:networking.gke.io/v1:HealthCheckPolicy"
TLS = "kubernetes:networking.gke.io/v1:GCPGatewayPolicy"
EXPOSURES = ("internal", "external")


def arguments(exposure: str = "external", **changes: object) -> KourierGatewayArgs:
    args = {
        "exposure": exposure,
        "authenticated": True,
        "domain": DOMAIN,
        "address_name": "gemma-dev",
        "certificate": "gemma-dev-abc123",
        "ssl_policy": "gemma-dev",
        "kourier_namespace": "knative-serving",
        "backend_timeout_seconds": GATEWAY_SECONDS,
        "labels": LABELS,
    }
    return KourierGatewayArgs(**{**args, **changes})  # type: ignore[typeddict-item]


def made(exposure: str = "external", **changes: object) -> Program:
    return register_objects(lambda: KourierGateway("gateway", arguments(exposure, **changes)))


def route_to_models(program: Program) -> dict[str, Any]:
    (route,) = [one.inputs for one in program.of(ROUTE) if one.inputs["metadata"]["namespace"] == "knative-serving"]
    return route


@pytest.mark.parametrize(
    ("exposure", "load_balancer"), [("internal", "gke-l7-rilb"), ("external", "gke-l7-global-external-managed")]
)
def test_the_exposure_is_the_load_balancers_at_the_static_address(exposure: str, load_balancer: str) -> None:
    spec = made(exposure).one(GATEWAY).inputs["spec"]
    assert spec["gatewayClassName"] == load_balancer
    assert spec["addresses"] == [{"type": "NamedAddress", "value": "gemma-dev"}]


def test_from_the_internet_plain_http_only_leads_to_https_which_has_the_map_of_certificates() -> None:
    program = made("external")
    gateway = program.one(GATEWAY).inputs
    https, http = gateway["spec"]["listeners"]
    assert gateway["metadata"]["annotations"] == {"networking.gke.io/certmap": "gemma-dev-abc123"}
    # GKE refuses a map together with certificates of a listener
    assert (https["protocol"], https["port"]) == ("HTTPS", 443)
    assert "tls" not in https
    assert (http["protocol"], http["port"]) == ("HTTP", 80)
    assert http["allowedRoutes"]["namespaces"] == {"from": "Same"}
    (redirect,) = [one.inputs for one in program.of(ROUTE) if one.inputs["metadata"]["namespace"] == "gemma-ingress"]
    assert redirect["spec"]["parentRefs"] == [{"name": "gemma-external", "sectionName": "http"}]
    (rule,) = redirect["spec"]["rules"]
    assert rule == {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}


def test_inside_there_is_no_plain_http_and_the_listener_names_the_regions_certificate() -> None:
    program = made("internal")
    gateway = program.one(GATEWAY).inputs
    (https,) = gateway["spec"]["listeners"]
    assert https["tls"] == {
        "mode": "Terminate",
        "options": {"networking.gke.io/cert-manager-certs": "gemma-dev-abc123"},
    }
    assert "annotations" not in gateway["metadata"]
    assert [one.inputs for one in program.of(ROUTE)] == [route_to_models(program)]


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_every_name_below_the_domain_and_no_other_leads_to_kourier(exposure: str) -> None:
    program = made(exposure)
    spec = route_to_models(program)["spec"]
    assert spec["hostnames"] == [f"*.{DOMAIN}"]
    assert spec["parentRefs"] == [{"name": f"gemma-{exposure}", "namespace": "gemma-ingress", "sectionName": "https"}]
    # no timeouts, which GKE refuses on a route
    assert spec["rules"] == [{"backendRefs": [{"name": "kourier", "port": 80}]}]
    https = program.one(GATEWAY).inputs["spec"]["listeners"][0]
    assert https["allowedRoutes"] == {
        "kinds": [{"kind": "HTTPRoute"}],
        "namespaces": {
            "from": "Selector",
            "selector": {"matchLabels": {"kubernetes.io/metadata.name": "knative-serving"}},
        },
    }


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_health_is_asked_for_where_kourier_answers_it(exposure: str) -> None:
    policy = made(exposure).one(HEALTH).inputs
    assert policy["metadata"]["namespace"] == "knative-serving"  # a policy counts beside its Service only
    assert policy["spec"]["targetRef"] == {"group": "", "kind": "Service", "name": "kourier"}
    default = policy["spec"]["default"]
    assert default["timeoutSec"] <= default["checkIntervalSec"]
    assert default["config"]["httpHealthCheck"] == {
        "portSpecification": "USE_FIXED_PORT",
        "port": 8081,
        "host": "internalkourier",
        "requestPath": "/ready",
    }


def test_the_load_balancer_gives_up_later_than_what_is_behind_it_and_lets_it_finish() -> None:
    default = made().one(BACKEND).inputs["spec"]["default"]
    assert default["timeoutSec"] > LONGEST_REQUEST_SECONDS
    assert default["connectionDraining"]["drainingTimeoutSec"] == 3600  # Google's maximum
    assert default["logging"] == {"enabled": True, "sampleRate": 1_000_000}
    assert "securityPolicy" not in default
    guarded = made(security_policy="limits", backend_timeout_seconds=60.0).one(BACKEND).inputs["spec"]["default"]
    assert guarded["securityPolicy"] == "limits"
    assert (guarded["timeoutSec"], guarded["connectionDraining"]) == (60, {"drainingTimeoutSec": 60})


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_the_gateway_speaks_tls_by_the_policy(exposure: str) -> None:
    spec = made(exposure).one(TLS).inputs["spec"]
    assert spec["targetRef"] == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": f"gemma-{exposure}",
    }
    assert spec["default"] == {"sslPolicy": "gemma-dev"}


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_every_object_has_the_labels_and_the_namespace_admits_restricted_pods_only(exposure: str) -> None:
    program = made(exposure)
    for resource in program.children:
        assert LABELS.items() <= resource.inputs["metadata"]["labels"].items(), resource.name
    namespace = program.one("kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == kourier_gateway.NAMESPACE
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_a_preview_registers_the_same(exposure: str) -> None:
    seen = [
        register_objects(lambda: KourierGateway("gateway", arguments(exposure)), preview) for preview in (True, False)
    ]
    first, second = (sorted((one.type, one.name) for one in program.resources) for program in seen)
    assert first == second


def test_inside_the_organisation_it_may_be_open() -> None:
    assert made("internal", authenticated=False).one(GATEWAY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"authenticated": False}, "'external' and authenticated is false; anybody on the internet could use the GPUs"),
        ({"exposure": "cluster"}, "exposure is 'cluster'; allowed: internal, external"),
        ({"domain": "*.example.com"}, r"domain is '\*\.example\.com'"),
        ({"backend_timeout_seconds": 0}, "backend_timeout_seconds is 0; allowed: 1 to 2147483647"),
    ],
)
def test_what_must_not_be_or_cannot_work_is_refused_before_anything_is_registered(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        KourierGateway("gateway", {**arguments(), **change})  # type: ignore[typeddict-item]
