"""Decides for Kourier which requests reach a model: Open Policy Agent with its Envoy plug-in, asked by ext_authz over gRPC.

Owns a namespace, the Deployment with its Service, policy and network policy, and where API keys are used the mount of their
secret and the right to read it. Makes no secret and no key: the secret's value is a JSON object with the SHA-256 of each key in
hexadecimal digits, and for each `{"team": ..., "name": ...}`. A new version of it counts within minutes; new hosts and callers
start the pods anew, one after the other.
Kourier fails closed: without an answer nothing passes. It asks for requests from inside the cluster too, but not for its own
health.
Idle cost: 0.1 vCPU and 0.13 GiB of requests, twice that with high availability.
Replaced when: the namespace's name changes.
Sources: github.com/open-policy-agent/opa-envoy-plugin v1.19.1-envoy; knative-extensions/net-kourier v0.50.0 pkg/generator
(2026-07); docs.cloud.google.com/secret-manager/docs/secret-manager-managed-csi-component (2026).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.google.secrets import grant_access
from components.kubernetes import authorization_pod
from components.kubernetes.authorization_pod import NAME
from components.kubernetes.authorization_policy import PORT, JwtAuthentication, ProtectedHost, make_files
from components.kubernetes.chart_release import Mirror, check_mirror, image
from components.kubernetes.controllers import disruption_budget, platform_namespace
from components.kubernetes.workload_identity import member_of
from components.package import token

NAMESPACE = "gemma-authorization"
#: What Kourier is told to ask: `external_authorization.host` of ServingStack.
HOST = f"{NAME}.{NAMESPACE}.svc.cluster.local:{PORT}"
#: The newest release of the plug-in that is known by its tag, of 2026-08-17; no digest is known.
IMAGE = "docker.io/openpolicyagent/opa:1.19.1-envoy-static"


class ApiKeyAuthentication(TypedDict):
    """API keys, kept as digests in one secret of Secret Manager."""

    secret_id: pulumi.Input[str]
    """Id of the secret, which must have a version; the cluster must have the Secret Manager add-on."""


class AuthorizationServiceArgs(TypedDict):
    """Arguments of AuthorizationService."""

    project: str
    """Google Cloud project of the cluster and of the secret."""
    project_number: str
    """Number of that project."""
    high_availability: bool
    """Two replicas, kept apart."""
    hosts: list[ProtectedHost]
    """The deployments, and who may ask them."""
    jwt: NotRequired[JwtAuthentication]
    """Tokens of an identity provider. Default: none are taken."""
    api_keys: NotRequired[ApiKeyAuthentication]
    """API keys. Default: none are taken."""
    mirror: NotRequired[Mirror]
    """Where the image comes from. Default: its public registry."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class AuthorizationService(pulumi.ComponentResource):
    """The service, ready to be asked. `host` is where, and known to whoever waits for it."""

    host: pulumi.Output[str]

    def __init__(self, name: str, args: AuthorizationServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if "jwt" not in args and "api_keys" not in args:
            raise ValueError("jwt and api_keys are both missing: nobody could be let in; name at least one")
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        reference = image(IMAGE, mirror)
        files = make_files(args["hosts"], args.get("jwt"))
        super().__init__(token(AuthorizationService), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child).metadata.name
        metadata = k8s.meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace, labels=args["labels"])
        account = k8s.core.v1.ServiceAccount(name, metadata=metadata, automount_service_account_token=False, opts=child)
        policy = k8s.core.v1.ConfigMap(name, metadata=metadata, data=files, opts=child)
        network: Any = authorization_pod.make_network_policy("jwt" in args)
        k8s.networking.v1.NetworkPolicy(name, metadata=metadata, spec=network, opts=child)
        needed: list[pulumi.Resource] = [account, policy]
        if "api_keys" in args:
            needed += _mount_keys(name, args, args["api_keys"], metadata, child)
        spec: Any = authorization_pod.make_deployment(
            reference, files, args["labels"], args["high_availability"], with_keys="api_keys" in args
        )
        deployment = k8s.apps.v1.Deployment(
            name, metadata=metadata, spec=spec, opts=pulumi.ResourceOptions(parent=self, depends_on=needed)
        )
        service = k8s.core.v1.Service(
            name,
            metadata=metadata,
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=authorization_pod.SELECTED,
                ports=[k8s.core.v1.ServicePortArgs(name="grpc", port=PORT, app_protocol="kubernetes.io/h2c")],
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
        )
        if args["high_availability"]:
            disruption_budget(NAME, namespace, authorization_pod.SELECTED, args["labels"], child)
        # whoever takes the host waits until it answers
        self.host = service.id.apply(lambda _: HOST)
        self.register_outputs({"host": self.host})


def _mount_keys(
    name: str,
    args: AuthorizationServiceArgs,
    keys: ApiKeyAuthentication,
    metadata: k8s.meta.v1.ObjectMetaArgs,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The right to read the secret, and the object by which GKE's add-on mounts its newest version."""
    member = member_of(args["project"], args["project_number"], NAMESPACE, NAME)
    may_read = grant_access(f"{name}-reads-keys", keys["secret_id"], member, opts)
    mount = k8s.apiextensions.CustomResource(
        name,
        api_version="secrets-store.csi.x-k8s.io/v1",
        kind="SecretProviderClass",
        metadata=metadata,
        spec=pulumi.Output.from_input(keys["secret_id"]).apply(
            lambda secret_id: authorization_pod.make_secret_provider(args["project"], secret_id)
        ),
        opts=opts,
    )
    return [may_read, mount]
