"""Keeps whoever may only patch an InferenceService to its `serving.kserve.io/stop` annotation, in all namespaces of teams.

Owns one ValidatingAdmissionPolicy and its binding, once a cluster. RBAC cannot grant one annotation, so `team_roles.py` grants
those on call `patch` without `update`, and the policy asks the API server who has more: the deployer, KServe's controller, an
administrator who happens to be on call too. They are left alone. No list of groups is kept, so none can be out of date.
Where that question has no answer (an error of the authorizer) the policy holds. What a webhook changes in the same request counts
as the caller's change: a value that a newer KServe fills in by itself must first be rolled out by the platform.
Costs nothing. Replaced when: never, the name is fixed.
Source: kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy (v1, general since 1.30; 2026).
"""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes.inference_service import STOP
from components.kubernetes.team_namespace import TEAM_LABEL
from components.kubernetes.team_roles import INFERENCE_SERVICES, KSERVE_GROUP
from components.package import token

POLICY_NAME = "gemma-platform-on-call"


class OnCallGuardArgs(TypedDict):
    """Arguments of OnCallGuard."""

    labels: dict[str, str]
    """Kubernetes labels of the policy and its binding."""


class OnCallGuard(pulumi.ComponentResource):
    """Makes `patch` on an InferenceService mean: pause it, or start it again."""

    policy_name: pulumi.Output[str]

    def __init__(self, name: str, args: OnCallGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(OnCallGuard), name, {}, opts)
        metadata = k8s.meta.v1.ObjectMetaArgs(name=POLICY_NAME, labels=args["labels"])
        policy_spec: Any = make_policy()
        policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            name, metadata=metadata, spec=policy_spec, opts=pulumi.ResourceOptions(parent=self)
        )
        binding_spec: Any = make_binding()
        binding = k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
            name,
            metadata=metadata,
            spec=binding_spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        # known once both are there: without the binding the policy refuses nothing
        self.policy_name = binding.id.apply(lambda _: POLICY_NAME)
        self.register_outputs({"policy_name": self.policy_name})


def make_policy() -> dict[str, Any]:
    """Spec of the ValidatingAdmissionPolicy; pure."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
            "resourceRules": [
                {
                    "apiGroups": [KSERVE_GROUP],
                    "apiVersions": ["*"],
                    "operations": ["UPDATE"],  # what a patch becomes
                    "resources": [INFERENCE_SERVICES],
                }
            ],
        },
        "matchConditions": [
            {"name": "may-only-patch", "expression": "!authorizer.requestResource.check('update').allowed()"}
        ],
        "variables": [
            {"name": "before", "expression": _or_empty("oldObject", "annotations", "{}")},
            {"name": "after", "expression": _or_empty("object", "annotations", "{}")},
        ],
        "validations": [
            _validation(
                f"variables.after.all(key, key == '{STOP}' || "
                "(key in variables.before && variables.before[key] == variables.after[key]))"
            ),
            _validation(f"variables.before.all(key, key == '{STOP}' || key in variables.after)"),
            _validation(f"!('{STOP}' in variables.after) || variables.after['{STOP}'] in ['true', 'false']"),
            _validation("object.spec == oldObject.spec"),
            _validation(_same("labels", "{}")),
            # either of these could have the object deleted, or keep it from being so
            _validation(_same("finalizers", "[]")),
            _validation(_same("ownerReferences", "[]")),
        ],
    }


def make_binding() -> dict[str, Any]:
    """Spec of the ValidatingAdmissionPolicyBinding; pure."""
    return {"policyName": POLICY_NAME, "validationActions": ["Deny", "Audit"]}


def _validation(expression: str) -> dict[str, str]:
    allowed = f"on call, only the annotation {STOP} may be set to 'true' or 'false', or removed"
    return {
        "expression": expression,
        "reason": "Forbidden",
        "message": f"{allowed}; ask the platform team for anything else",
    }


def _or_empty(holder: str, field: str, empty: str) -> str:
    """A field of the metadata, or what stands for it where it is absent."""
    return f"has({holder}.metadata.{field}) ? {holder}.metadata.{field} : {empty}"


def _same(field: str, empty: str) -> str:
    return f"({_or_empty('object', field, empty)}) == ({_or_empty('oldObject', field, empty)})"
