"""Manifests of Kyverno's ValidatingPolicies, made from the rules for what an environment allows. Pure.

Three requests are let through by every policy that could otherwise hold them up; as match conditions, so that the API server
answers by itself even while Kyverno is down. (1) Dry runs of pods: KServe has Knative's service tried on every change of an
InferenceService, and Knative then tries a pod without labels, so that without this the first version of a model would start and
no later one. Nothing is created by it. (2) Changes of what is being deleted: a model whose sizing record went first could not
give up its finalizer and would stay for ever. (3) Stopping a model: whatever else has become wrong with it, it stops.

An exception names the moment of its end as a value that it allows (`allowedValues`), and every policy asks the clock. Its
`expiresAt` alone would do nothing until Kyverno reads the policy anew, which may be never; and the clock cannot be asked in the
exception itself, since Kyverno's own webhook refuses one whose conditions use more than the API server knows.

Every policy waits 10 seconds, Kyverno's default, for which no field is set. Each is reported on as well, for what exists already.
Source: github.com/kyverno/api api/policies.kyverno.io/v1alpha1/validating_policy.go and github.com/kyverno/kyverno v1.19.1
pkg/controllers/webhook, pkg/cel/autogen, pkg/cel/engine/exception.go, pkg/webhooks/celexception/validate.go (2026-09-10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.kubernetes.governance import API_VERSION, POLICY
from components.kubernetes.inference_service import STOP
from components.kubernetes.team_namespace import TEAM_LABEL
from policy.rules.rule import AdmissionPolicy, Context, Level, Rule, Validation

Manifest = dict[str, Any]

#: Label of a policy with the rule that it is made from.
RULE_LABEL = "gemma-platform/rule"
#: What happens to a request that a policy refuses, by the rule's level: shown and reported where it only advises.
ACTIONS: dict[Level, list[str]] = {"mandatory": ["Deny"], "advisory": ["Audit", "Warn"]}
#: Where pods are written, beside pods themselves; a ReplicaSet only repeats its Deployment.
POD_CONTROLLERS = ["cronjobs", "daemonsets", "deployments", "jobs", "statefulsets"]

PODS, INFERENCE_SERVICES = "pods", "inferenceservices"
#: Conditions by name: those for which they are false are not judged. `object.?` is left alone where Kyverno rewrites a policy
#: on pods for their controllers.
NOT_A_TRIAL = ("not-a-dry-run", "!has(request.dryRun) || !request.dryRun")
NOT_BEING_DELETED = ("not-being-deleted", "!object.?metadata.?deletionTimestamp.hasValue()")
NOT_BEING_STOPPED = (
    "not-being-stopped",
    f'object.?metadata.?annotations[?"{STOP}"].orValue("") != "true" || '
    'request.operation != "UPDATE" || object.?spec != oldObject.?spec',
)
#: Variable of every policy: true while an exception holds that speaks of the object.
WAIVED = ("waived", "exceptions.allowedValues.exists(end, time.now() < timestamp(end))")


def validating_policies(rules: Iterable[Rule], context: Context, labels: Mapping[str, str]) -> list[Manifest]:
    """The policies of all rules as strict as the environment has them. `labels` are Kubernetes labels of the objects.

    Raises ValueError when two have the same name: the second would take the first one's place.
    """
    made = [validating_policy(rule, policy, context, labels) for rule in rules for policy in rule.admission(context)]
    names = [manifest["metadata"]["name"] for manifest in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"more than one admission policy is called {', '.join(twice)}; names are unique in a cluster")
    return made


def validating_policy(rule: Rule, policy: AdmissionPolicy, context: Context, labels: Mapping[str, str]) -> Manifest:
    """One policy of a rule."""
    return {
        "apiVersion": API_VERSION,
        "kind": POLICY,
        "metadata": {
            "name": policy.name,
            "labels": {**labels, RULE_LABEL: rule.id},
            # what Kyverno's reports show
            "annotations": {
                "policies.kyverno.io/title": rule.title,
                "policies.kyverno.io/description": f"{rule.why}. To fix: {rule.fix}.",
                "policies.kyverno.io/severity": rule.severity,
                "policies.kyverno.io/category": "Gemma platform",
            },
        },
        "spec": {
            "validationActions": ACTIONS[rule.level(context)],
            "failurePolicy": "Fail",
            "evaluation": {"admission": {"enabled": True}, "background": {"enabled": True}},
            # Kyverno alone judges: the API server has none of its functions that read other objects
            "autogen": {
                "podControllers": {"controllers": POD_CONTROLLERS if policy.autogen else []},
                "validatingAdmissionPolicy": {"enabled": False},
            },
            "matchConstraints": _match_constraints(policy),
            "matchConditions": [
                {"name": name, "expression": expression}
                for name, expression in (*_exemptions(policy), *policy.match_conditions)
            ],
            "variables": [{"name": name, "expression": expression} for name, expression in (WAIVED, *policy.variables)],
            "validations": [_validation(validation) for validation in policy.validations],
        },
    }


def _match_constraints(policy: AdmissionPolicy) -> Manifest:
    kinds: dict[tuple[str, str], list[str]] = {}
    for group, version, plural in policy.resources:
        kinds.setdefault((group, version), []).append(plural)
    constraints: Manifest = {
        "resourceRules": [
            {
                "apiGroups": [group],
                "apiVersions": [version],
                "operations": list(policy.operations),
                "resources": plurals,
            }
            for (group, version), plurals in kinds.items()
        ]
    }
    if policy.team_namespaces:
        constraints["namespaceSelector"] = {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]}
    return constraints


def _exemptions(policy: AdmissionPolicy) -> Iterable[tuple[str, str]]:
    kinds = {plural.partition("/")[0] for _, _, plural in policy.resources}
    # a preview tries each object alone: beside the record or the namespace of before the update it would be wrong
    if PODS in kinds or _looks_elsewhere(policy):
        yield NOT_A_TRIAL
    if "UPDATE" in policy.operations:
        yield NOT_BEING_DELETED
        if kinds == {INFERENCE_SERVICES}:
            yield NOT_BEING_STOPPED


def _looks_elsewhere(policy: AdmissionPolicy) -> bool:
    """True for a policy that compares an object with another one of the cluster."""
    parts = [expression for _, expression in (*policy.variables, *policy.match_conditions)]
    parts += [validation.expression for validation in policy.validations]
    return any(looking in part for part in parts for looking in ("resource.get(", "resource.list(", "namespaceObject"))


def _validation(validation: Validation) -> Manifest:
    made = {"expression": f"variables.{WAIVED[0]} || ({validation.expression})", "message": validation.message}
    if validation.message_expression is not None:
        made["messageExpression"] = validation.message_expression
    return made
