"""Default-deny in a team's namespace, in both forms: one NetworkPolicy that lets nothing through, and none that lets all through.

NetworkPolicies add up, so that one open rule undoes the denial of all. A model is admitted only beside the denial, which stands
before it; deleting the denial is for RBAC to prevent, since a namespace that is emptied loses it in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.rules.resource_types import INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Resource, Validation
from policy.rules.team_namespaces import has_name, in_namespace, is_of_a_team

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
#: Name of the NetworkPolicy that denies.
DEFAULT_DENY = "default-deny"
DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))

OPEN = "a rule of it has no `from` or `to`, or lets in every address, so that it lets all through; name who may"
NOT_DENYING = f"'{DEFAULT_DENY}' must select all pods, name Ingress and Egress, and have no rule"
NO_DENIAL = f"its namespace has no NetworkPolicy '{DEFAULT_DENY}' that denies all in both directions"


def faults(policy: Resource) -> Iterator[str]:
    """What is wrong with a NetworkPolicy of a team, in half sentences."""
    if policy.type != NETWORK_POLICY or not is_of_a_team(policy):
        return
    if any(_is_open(rule, peers) for _, rules, peers in DIRECTIONS for rule in _list(policy.at("spec", rules))):
        yield OPEN
    if has_name(policy, DEFAULT_DENY) and not denies_all(policy):
        yield NOT_DENYING


def denies_all(policy: Resource) -> bool:
    """True for a NetworkPolicy of all pods, in both directions, without a rule. What is not known is none."""
    selector = policy.at("spec", "podSelector")
    chosen = [policy.at("spec", "podSelector", part) for part in ("matchLabels", "matchExpressions")]
    types = _list(policy.at("spec", "policyTypes"))
    return (
        isinstance(selector, Mapping)
        and not any(chosen)
        and all(name in types and not policy.at("spec", rules) for name, rules, _ in DIRECTIONS)
    )


def missing(namespace: Resource, resources: list[Resource]) -> bool:
    """True where nothing denies all in a namespace."""
    return not any(
        one.type == NETWORK_POLICY and has_name(one, DEFAULT_DENY) and denies_all(one) and in_namespace(one, namespace)
        for one in resources
    )


def _is_open(rule: Any, peers: str) -> bool:
    named = rule.get(peers) if isinstance(rule, Mapping) else None
    if not named or named is UNKNOWN:
        return True
    return peers == "from" and any(_is_everywhere(peer) for peer in _list(named))


def _is_everywhere(peer: Any) -> bool:
    block = peer.get("ipBlock") if isinstance(peer, Mapping) else peer
    cidr = block.get("cidr") if isinstance(block, Mapping) else block
    return cidr is UNKNOWN or (isinstance(cidr, str) and cidr.endswith("/0"))


def _list(value: Any) -> list[Any]:
    """A list's members; an unknown list has one unknown member."""
    return [UNKNOWN] if value is UNKNOWN else value if isinstance(value, list) else []


def _denies(policy: str) -> str:
    """CEL: `denies_all` of an expression that is a NetworkPolicy."""
    selector = f"{policy}.spec.?podSelector"
    rules = "".join(
        f' && "{name}" in {policy}.spec.?policyTypes.orValue([]) && {policy}.spec.?{rules}.orValue([]).size() == 0'
        for name, rules, _ in DIRECTIONS
    )
    return f"{selector}.?matchLabels.orValue({{}}).size() == 0 && {selector}.?matchExpressions.orValue([]).size() == 0{rules}"


def admission() -> tuple[AdmissionPolicy, ...]:
    """NetworkPolicies of teams, and models without one that denies."""
    open_rules = " && ".join(
        f"object.spec.?{rules}.orValue([]).all(rule, rule.?{peers}.orValue([]).size() > 0"
        + (f' && rule.{peers}.all(peer, !peer.?ipBlock.?cidr.orValue("").endsWith("/0")))' if peers == "from" else ")")
        for _, rules, peers in DIRECTIONS
    )
    return (
        AdmissionPolicy(
            name="pod-hardening-network-policies",
            resources=(("networking.k8s.io", "v1", "networkpolicies"),),
            validations=(
                Validation(open_rules, f"{OPEN}.", f'object.metadata.name + ": {OPEN}."'),
                Validation(
                    f'object.metadata.name != "{DEFAULT_DENY}" || ({_denies("object")})',
                    f"{NOT_DENYING}.",
                    f'object.metadata.name + ": {NOT_DENYING}."',
                ),
            ),
        ),
        AdmissionPolicy(
            name="pod-hardening-default-deny",
            resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
            variables=(
                (
                    "denial",
                    'dyn(resource.get("networking.k8s.io/v1", "networkpolicies", object.metadata.namespace, '
                    f'"{DEFAULT_DENY}"))',
                ),
            ),
            validations=(
                Validation(
                    f"variables.denial != null && {_denies('variables.denial')}",
                    f"{NO_DENIAL}.",
                    f'object.metadata.name + ": {NO_DENIAL}."',
                ),
            ),
        ),
    )


def judges(resource_type: str) -> bool:
    """True for what these findings and policies are about."""
    return resource_type in (NETWORK_POLICY, INFERENCE_SERVICE)
