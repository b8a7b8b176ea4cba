"""Governance: the policies by which Kyverno judges, and the exceptions from them that have been approved.

Owns ValidatingPolicies and PolicyExceptions, given as whole manifests, so that it knows no rule. It depends on Kyverno, and what
is to be judged depends on it. An exception comes before the policies that it speaks of, so that what it lets through is never
refused in between. Costs nothing by itself. Replaced when: the name of a policy or an exception changes.
Source: github.com/kyverno/api api/policies.kyverno.io (2026-07-23; v1 is general since Kyverno 1.18).
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.deprecation_notes import tell_deprecated
from components.package import token

API_VERSION = "policies.kyverno.io/v1"
POLICY, IMAGE_POLICY, EXCEPTION = "ValidatingPolicy", "ImageValidatingPolicy", "PolicyException"


class GovernanceArgs(TypedDict):
    """Arguments of Governance."""

    namespace: pulumi.Input[str]
    """Kyverno's namespace, as its component gives it: exceptions count nowhere else."""
    policies: list[dict[str, Any]]
    """Manifests of ValidatingPolicies and ImageValidatingPolicies, `policies.kyverno.io/v1`."""
    exceptions: list[dict[str, Any]]
    """Manifests of PolicyExceptions of the same version, without a namespace."""


class Governance(pulumi.ComponentResource):
    """Policies that are in force."""

    policy_names: pulumi.Output[list[str]]
    """Names of the policies that are in force."""

    def __init__(self, name: str, args: GovernanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(Governance, args)
        _refuse(args["policies"], POLICY, IMAGE_POLICY)
        _refuse(args["exceptions"], EXCEPTION)
        super().__init__(token(Governance), name, {}, opts)
        exceptions = [
            _resource(
                name,
                {**manifest, "metadata": {**manifest["metadata"], "namespace": args["namespace"]}},
                pulumi.ResourceOptions(parent=self),
            )
            for manifest in args["exceptions"]
        ]
        after = pulumi.ResourceOptions(parent=self, depends_on=exceptions)
        policies = [_resource(name, manifest, after) for manifest in args["policies"]]
        names = [manifest["metadata"]["name"] for manifest in args["policies"]]
        # whoever takes the names waits for all of them
        self.policy_names = pulumi.Output.all(*(policy.id for policy in policies)).apply(lambda _: names)
        self.register_outputs({"policy_names": self.policy_names})


def _resource(name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> k8s.apiextensions.CustomResource:
    return k8s.apiextensions.CustomResource(
        f"{name}-{manifest['metadata']['name']}",
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=opts,
    )


def _refuse(manifests: Sequence[dict[str, Any]], *kinds: str) -> None:
    """A misspelt kind or version judges nothing, and Kyverno drops the kinds of kyverno.io."""
    seen: set[str] = set()
    for manifest in manifests:
        given = f"{manifest.get('apiVersion')} {manifest.get('kind')}"
        allowed = [f"{API_VERSION} {kind}" for kind in kinds]
        if given not in allowed:
            raise ValueError(f"'{given}' is among the manifests; allowed there: {', '.join(allowed)}")
        if (called := manifest["metadata"]["name"]) in seen:
            raise ValueError(f"two manifests of {kinds[0]} are called '{called}'; names are unique")
        seen.add(called)
