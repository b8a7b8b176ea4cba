"""The way to the models from outside the cluster: a GKE Gateway in front of Kourier, on the internet or in the network only.

Owns a namespace, the Gateway with its routes, and GKE's policies for both; address, certificate and SSL policy exist before it,
and the health check's port must be open in the network. Without it Kourier is reached from inside the cluster only.
From the internet it is refused unless callers must show who they are. There plain HTTP is only an answer that leads to HTTPS;
inside there is no plain HTTP. The route stands in Kourier's namespace, where GKE also wants the policies of its Service.
It does not wait until the load balancer works: that takes minutes, and without the certificate's DNS record for ever.
Idle cost: one load balancer, by the hour for its forwarding rules or, inside, its proxies, and by volume (prices unconfirmed).
Replaced when: the namespace's name changes; the class cannot change in place, so that another exposure is another Gateway.
Sources: docs.cloud.google.com/kubernetes-engine/docs/how-to/{deploying-gateways,secure-gateway,gatewayclass-capabilities} (2026).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.exposures import EXTERNAL, GATEWAY_CLASSES, check_exposure
from components.google.wildcard_certificate import check_domain
from components.kubernetes import gateway_policies
from components.kubernetes.controllers import platform_namespace
from components.kubernetes.gateway_policies import KOURIER_PORT, KOURIER_SERVICE
from components.package import token

NAMESPACE = "gemma-ingress"
API_VERSION = "gateway.networking.k8s.io/v1"
#: Name of the route to Kourier and of the policies on its Service, in a namespace that is not only ours.
ROUTE = "gemma-models"
#: The listeners' names.
HTTPS, HTTP = "https", "http"
#: How each class takes certificates: a map by an annotation, beside which GKE refuses TLS settings of a listener (GWCER105,
#: kubernetes-sigs/gateway-api#1932), or a region's certificates by an option of the listener.
CERTIFICATE_MAP, CERTIFICATES = "networking.gke.io/certmap", "networking.gke.io/cert-manager-certs"


class KourierGatewayArgs(TypedDict):
    """Arguments of KourierGateway."""

    exposure: str
    """internal: through a load balancer of the network; external: from the internet."""
    authenticated: bool
    """Callers must show who they are; needed for external."""
    domain: str
    """Domain whose names `*.<domain>` lead here."""
    address_name: pulumi.Input[str]
    """Name of the static address: the output of GatewayAddress."""
    certificate: pulumi.Input[str]
    """Name of the certificate, or of the map: the output of WildcardCertificate."""
    ssl_policy: pulumi.Input[str]
    """Name of the SSL policy: the output of WildcardCertificate."""
    kourier_namespace: pulumi.Input[str]
    """Namespace of Kourier's Service."""
    backend_timeout_seconds: int
    """How long an answer may take, its stream included."""
    security_policy: NotRequired[str]
    """Name of a security policy of Cloud Armor, which can limit rates. Default: none."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class KourierGateway(pulumi.ComponentResource):
    """The Gateway."""

    gateway_name: pulumi.Output[str]

    def __init__(self, name: str, args: KourierGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_exposure(args["exposure"])
        if args["exposure"] == EXTERNAL and not args["authenticated"]:
            raise ValueError(
                "exposure is 'external' and authenticated is false; anybody on the internet could use the GPUs: "
                "set up authentication, or choose internal"
            )
        check_domain(args["domain"])
        backend = gateway_policies.backend_spec(int(args["backend_timeout_seconds"]), args.get("security_policy"))
        super().__init__(token(KourierGateway), name, {}, opts)
        external = args["exposure"] == EXTERNAL
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child).metadata.name
        gateway_name = f"gemma-{args['exposure']}"

        def add(
            suffix: str, api_version: str, kind: str, metadata: k8s.meta.v1.ObjectMetaArgs, spec: pulumi.Input[Any]
        ) -> k8s.apiextensions.CustomResource:
            return k8s.apiextensions.CustomResource(
                f"{name}{suffix}", api_version=api_version, kind=kind, metadata=metadata, spec=spec, opts=child
            )

        own = k8s.meta.v1.ObjectMetaArgs(name=gateway_name, namespace=namespace, labels=args["labels"])
        beside_kourier = k8s.meta.v1.ObjectMetaArgs(
            name=ROUTE, namespace=args["kourier_namespace"], labels=args["labels"]
        )
        with_certificates = k8s.meta.v1.ObjectMetaArgs(
            name=gateway_name,
            namespace=namespace,
            labels=args["labels"],
            annotations={CERTIFICATE_MAP: args["certificate"]} if external else None,
        )
        gateway = add("", API_VERSION, "Gateway", with_certificates, make_gateway_spec(args))
        policies = gateway_policies.API_VERSION
        add(
            "-tls",
            policies,
            gateway_policies.GATEWAY_POLICY,
            own,
            pulumi.Output.from_input(args["ssl_policy"]).apply(
                lambda ssl_policy: gateway_policies.gateway_spec(gateway_name, ssl_policy)
            ),
        )
        add(
            "-health",
            policies,
            gateway_policies.HEALTH_CHECK_POLICY,
            beside_kourier,
            gateway_policies.health_check_spec(),
        )
        add("-backend", policies, gateway_policies.BACKEND_POLICY, beside_kourier, backend)
        add("-models", API_VERSION, "HTTPRoute", beside_kourier, make_route_spec(gateway_name, args["domain"]))
        if external:
            add("-redirect", API_VERSION, "HTTPRoute", own, make_redirect_spec(gateway_name))
        self.gateway_name = gateway.id.apply(lambda _: gateway_name)
        self.register_outputs({"gateway_name": self.gateway_name})


def make_gateway_spec(args: KourierGatewayArgs) -> dict[str, Any]:
    """Spec of the Gateway; pure but for the outputs in it."""
    external = args["exposure"] == EXTERNAL
    kourier = {"matchLabels": {"kubernetes.io/metadata.name": args["kourier_namespace"]}}
    https = {
        "name": HTTPS,
        "port": 443,
        "protocol": "HTTPS",
        "allowedRoutes": {
            "kinds": [{"kind": "HTTPRoute"}],
            "namespaces": {"from": "Selector", "selector": kourier},
        },
        **({} if external else {"tls": {"mode": "Terminate", "options": {CERTIFICATES: args["certificate"]}}}),
    }
    http = {
        "name": HTTP,
        "port": 80,
        "protocol": "HTTP",
        "allowedRoutes": {"kinds": [{"kind": "HTTPRoute"}], "namespaces": {"from": "Same"}},
    }
    return {
        "gatewayClassName": GATEWAY_CLASSES[args["exposure"]],
        "addresses": [{"type": "NamedAddress", "value": args["address_name"]}],
        "listeners": [https, *([http] if external else [])],
    }


def make_route_spec(gateway_name: str, domain: str) -> dict[str, Any]:
    """Spec of the HTTPRoute to Kourier; pure. GKE refuses a route's own timeouts: the backend's policy has them."""
    return {
        "parentRefs": [{"name": gateway_name, "namespace": NAMESPACE, "sectionName": HTTPS}],
        "hostnames": [f"*.{domain}"],
        "rules": [{"backendRefs": [{"name": KOURIER_SERVICE, "port": KOURIER_PORT}]}],
    }


def make_redirect_spec(gateway_name: str) -> dict[str, Any]:
    """Spec of the HTTPRoute that answers plain HTTP; pure."""
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return {"parentRefs": [{"name": gateway_name, "sectionName": HTTP}], "rules": [{"filters": [redirect]}]}
