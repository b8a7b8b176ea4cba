"""Rule: nothing is public, no right is wider than needed, and what is kept stays in the environment's region under its keys.

A preview judges Google resources by one table (`google_privacy.py`) and what Kubernetes objects open. At admission nothing in a
team's namespace may open a way in: models are reached through Kourier, which asks who calls. What Knative makes there passes: its
Services are ClusterIP or ExternalName, and its Ingress is of a group of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.exposures import EXTERNAL, GATEWAY_CLASSES, INTERNAL
from policy.rules.google_privacy import faults, judges
from policy.rules.rule import AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.team_namespaces import is_of_a_team

SERVICE = "kubernetes:core/v1:Service"
#: Types of a Service that only the cluster reaches; ClusterIP is the default.
INNER_TYPES = ("ClusterIP", "ExternalName")
INGRESS_GROUP, GATEWAY_GROUP, GKE_GROUP = "networking.k8s.io", "gateway.networking.k8s.io", "networking.gke.io"
GATEWAY = "Gateway"
#: Kinds that lead requests in from outside: (group, versions that GKE 1.35 serves, kind, plural).
WAYS_IN: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (INGRESS_GROUP, ("v1",), "Ingress", "ingresses"),
    (GATEWAY_GROUP, ("v1", "v1beta1"), GATEWAY, "gateways"),
    (GATEWAY_GROUP, ("v1", "v1beta1"), "HTTPRoute", "httproutes"),
    (GATEWAY_GROUP, ("v1",), "GRPCRoute", "grpcroutes"),
    (GKE_GROUP, ("v1",), "MultiClusterIngress", "multiclusteringresses"),
)

OPEN_SERVICE = f"a Service of a team is {' or '.join(INNER_TYPES)}, without externalIPs"
OPEN_WAY = "leads requests into a team's namespace past the one gateway"
BY_GATEWAY = "callers reach models through the platform's gateway, which asks who they are"
ANYBODY = "is a gateway that the internet reaches, and nobody is asked who calls"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What of one resource is public, too widely allowed, elsewhere or without its key."""
    wrong = faults(resource, context) if judges(resource.type) else _opened(resource, context)
    return [Finding(f"{resource.name}: {words}.") for words in wrong]


def _opened(resource: Resource, context: Context) -> Iterator[str]:
    version, kind = resource.api or ("", "")
    way_in = kind in [way[2] for way in WAYS_IN if way[0] == version.partition("/")[0]]
    if is_of_a_team(resource):
        if resource.type == SERVICE and _is_open(resource):
            yield f"{OPEN_SERVICE}; {BY_GATEWAY}"
        if way_in:
            yield f"{OPEN_WAY}; {BY_GATEWAY}"
    elif way_in and kind == GATEWAY and not context.authenticated_ingress:
        chosen = resource.at("spec", "gatewayClassName")
        if chosen != GATEWAY_CLASSES[INTERNAL]:
            yield (
                f"{ANYBODY} (class {chosen}); set `ingress.authentication` in the settings, or use {GATEWAY_CLASSES[INTERNAL]} "
                f"in place of {GATEWAY_CLASSES[EXTERNAL]}"
            )


def _is_open(service: Resource) -> bool:
    return service.at("spec", "type") not in (None, *INNER_TYPES) or bool(service.at("spec", "externalIPs"))


def admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """Nothing in a team's namespace opens a way in."""
    inner = ", ".join(f'"{one}"' for one in INNER_TYPES)
    return (
        AdmissionPolicy(
            name="private-by-default-services",
            resources=(("", "v1", "services"),),
            validations=(
                Validation(
                    f'object.spec.?type.orValue("ClusterIP") in [{inner}] && object.spec.?externalIPs.orValue([]).size() == 0',
                    f"{OPEN_SERVICE}; {BY_GATEWAY}.",
                    f'object.metadata.name + ": {OPEN_SERVICE}; {BY_GATEWAY}."',
                ),
            ),
        ),
        AdmissionPolicy(
            name="private-by-default-ways-in",
            resources=tuple((group, version, plural) for group, versions, _, plural in WAYS_IN for version in versions),
            validations=(
                Validation(
                    "false",
                    f"{OPEN_WAY}; {BY_GATEWAY}.",
                    f'object.metadata.name + ": {OPEN_WAY}; {BY_GATEWAY}."',
                ),
            ),
        ),
    )


def applies(resource_type: str) -> bool:
    """Google resources, and what may lead requests into the cluster."""
    api = Resource(resource_type, "", {}).api
    ways = [(group, kind) for group, _, kind, _ in WAYS_IN]
    return (
        judges(resource_type)
        or resource_type == SERVICE
        or (api is not None and (api[0].partition("/")[0], api[1]) in ways)
    )


RULE = Rule(
    id="private-by-default",
    title="Nothing is public without authentication, and no right is wider than needed",
    why="one public bucket, open service or owner role undoes every other protection, and is found by others first",
    fix="name who may use it, keep it inside the network, and leave region and keys to the environment's settings",
    severity="critical",
    applies=applies,
    check=check,
    admission=admission,
)
