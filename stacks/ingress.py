"""The way in to the models on GKE: who may come, and the gateway with its address and certificate.

Part of the composer: wires components as the settings ask for them and decides nothing.
"""

from __future__ import annotations

from typing import Any

import pulumi

from components.exposures import INTERNAL
from components.google.gateway_address import GatewayAddress, GatewayAddressArgs
from components.google.network import Network
from components.google.wildcard_certificate import WildcardCertificate, WildcardCertificateArgs
from components.kubernetes.authorization_policy import JwtAuthentication, ProtectedHost
from components.kubernetes.authorization_service import (
    ApiKeyAuthentication,
    AuthorizationService,
    AuthorizationServiceArgs,
)
from components.kubernetes.cluster_endpoint import cluster_host, public_host
from components.kubernetes.kourier_gateway import KourierGateway, KourierGatewayArgs
from components.naming import Scope, Service, cloud_name
from components.time_limits import GATEWAY_SECONDS
from stacks.endpoints import namespace_of
from stacks.plan import Plan
from stacks.planned_deployment import PlannedDeployment
from stacks.serving import Serving


class Ingress:
    """Authorization and gateway, registered on construction; each None where the settings leave it out."""

    def __init__(
        self,
        plan: Plan,
        serving: Serving,
        network: Network,
        on_google: pulumi.ResourceOptions,
        on_cluster: pulumi.ResourceOptions,
    ) -> None:
        self.plan, self.serving, self.network = plan, serving, network
        self.settings = plan.environment.settings
        self.ingress = self.settings.ingress
        self.on_google, self.on_cluster = on_google, on_cluster
        self.dns_records: list[Any] = []
        self.authorization = self._authorization()
        self.gateway = self._gateway(self.ingress.domain) if self.ingress.domain is not None else None

    def _authorization(self) -> AuthorizationService | None:
        authentication = self.ingress.authentication
        if authentication is None:
            return None
        args = AuthorizationServiceArgs(
            project=self.settings.project,
            project_number=self.settings.project_number,
            high_availability=self.serving.high_availability,
            hosts=[self._protected(planned) for planned in self.plan.deployments if _behind_kourier(planned)],
            mirror=self.serving.mirror,
            labels=self.plan.shared_labels.kubernetes(),
        )
        if jwt := authentication.jwt:
            args["jwt"] = JwtAuthentication(issuer=jwt.issuer, audiences=list(jwt.audiences), jwks_uri=jwt.jwks_uri)
        if keys := authentication.api_keys:
            args["api_keys"] = ApiKeyAuthentication(secret_id=keys.secret)
        return AuthorizationService("authorization", args, self._after(self.serving.stack.priority_classes))

    def _protected(self, planned: PlannedDeployment) -> ProtectedHost:
        """A deployment under every name that it has, for Kourier asks about requests from the cluster too."""
        team = planned.loaded.team.team
        namespace = namespace_of(team, self.settings, self.plan.environment.name)
        hosts = [cluster_host(planned.wish.name, namespace)]
        if self.ingress.domain is not None:
            hosts.append(public_host(planned.wish.name, namespace, self.ingress.domain))
        return ProtectedHost(hosts=hosts, callers=planned.caller_emails, key_teams=[team])

    def _gateway(self, domain: str) -> KourierGateway:
        scope = Scope(self.settings.project, self.plan.environment.name)
        name = cloud_name(Service.COMPUTE, scope, "gateway")
        labels, exposure = self.plan.shared_labels.google(), self.ingress.exposure
        wanted = GatewayAddressArgs(name=name, exposure=exposure, region=self.settings.region, labels=labels)
        if exposure == INTERNAL:
            wanted["subnetwork_id"] = self.network.subnetwork_id
        address = GatewayAddress("gateway", wanted, self.on_google)
        certificate = WildcardCertificate(
            "gateway",
            WildcardCertificateArgs(
                name=name, domain=domain, exposure=exposure, region=self.settings.region, labels=labels
            ),
            self.on_google,
        )
        points_here = address.address.apply(lambda ip: {"name": f"*.{domain}.", "type": "A", "data": ip})
        self.dns_records = [certificate.dns_record, points_here]
        args = KourierGatewayArgs(
            exposure=exposure,
            authenticated=self.authorization is not None,
            domain=domain,
            address_name=address.address_name,
            certificate=certificate.certificate,
            ssl_policy=certificate.ssl_policy,
            kourier_namespace=self.serving.stack.knative_serving.namespace,
            backend_timeout_seconds=GATEWAY_SECONDS,
            labels=self.plan.shared_labels.kubernetes(),
        )
        return KourierGateway("gateway", args, self._after(self.serving.stack))

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self.on_cluster, pulumi.ResourceOptions(depends_on=list(needed)))


def _behind_kourier(planned: PlannedDeployment) -> bool:
    return planned.pool is not None and not planned.standard_mode
