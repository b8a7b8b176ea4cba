"""Rule: a team's namespace holds as many GPUs as its deployments need and no more, and they cost what the team may spend.

Both are sums over a stack, so a preview has them and admission does not: there a model needs a quota that has room for its own
peak and rollout, and the quota limits every pod alike. The quota stands before the models do and stays while they do, so no model
is refused on the way. Who may change or delete it is for RBAC: teams may not. Refusing its deletion here would keep a namespace
from ever being removed. Money is what sizing expects, as each deployment's published record states it; Google's bill decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.kubernetes.engine_pod import GPU_RESOURCE
from components.kubernetes.inference_service import MODE, STANDARD
from components.kubernetes.team_quota import GPUS, NONE_OF, TeamWorkload, quota_amounts
from components.sizing.errors import SizingError
from policy.rules.record import CONFIG_MAP
from policy.rules.resource_types import CLOUD_RUN_SERVICE, INFERENCE_SERVICE, NAMESPACE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.team_cost import over_budget
from policy.rules.team_namespaces import has_name, in_namespace, is_of_a_team, team_namespaces
from policy.rules.workload import containers, count

RESOURCE_QUOTA = "kubernetes:core/v1:ResourceQuota"
#: Name of the quota of a team's namespace.
QUOTA = "team"

NO_GPU_LIMIT = f"the quota does not limit {GPUS} to a whole number"
NOT_NOTHING = f"the quota does not forbid what could be public, with 0 for each of {', '.join(NONE_OF)}"
NO_QUOTA = f"namespace has no ResourceQuota '{QUOTA}' that limits {GPUS}"
NO_MOST = "maxReplicas must be 1 or more, and GPUs a whole number"
NO_ROOM = f"its most replicas, one rollout and one trial need more than the {GPUS} of its namespace"
LESS, MORE = "less leaves a rollout waiting", "more lets the team take what is for others"
BY_PLATFORM = "let `make up` write it from the team's file"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What is wrong with the form of a team's quota."""
    if resource.type != RESOURCE_QUOTA or not (is_of_a_team(resource) and has_name(resource, QUOTA)):
        return []
    hard, wrong = resource.at("spec", "hard"), []
    if _gpus(resource) is None:
        wrong.append(NO_GPU_LIMIT + _unknown(hard, resource.at("spec", "hard", GPUS)))
    if any(str(resource.at("spec", "hard", kind)) != "0" for kind in NONE_OF):
        wrong.append(NOT_NOTHING + _unknown(hard))
    return [Finding(f"{resource.name}: {words}; {BY_PLATFORM}.") for words in wrong]


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """Quotas that are no sums of what their namespaces serve, and teams whose deployments cost more than they may."""
    found = [Finding(message) for namespace in team_namespaces(resources) for message in _amiss(namespace, resources)]
    return [*found, *over_budget(resources, context)]


def _amiss(namespace: Resource, resources: Sequence[Resource]) -> list[str]:
    kinds = (RESOURCE_QUOTA, INFERENCE_SERVICE)
    members = [one for one in resources if one.type in kinds and in_namespace(one, namespace)]
    quotas = [one for one in members if one.type == RESOURCE_QUOTA and has_name(one, QUOTA)]
    if not quotas:
        return [f"{namespace.name}: the {NO_QUOTA}; {BY_PLATFORM}."]
    try:
        workloads = [_workload(one) for one in members if one.type == INFERENCE_SERVICE]
        needed = quota_amounts(workloads).gpus
    except (SizingError, ValueError) as error:
        return [f"{namespace.name}: the GPUs that its quota must hold cannot be told: {error}."]
    # one that is no number is for `check` to tell
    held = [gpus for one in quotas if (gpus := _gpus(one)) is not None]
    return [
        f"{namespace.name}: its quota holds {gpus} of {GPUS}, its deployments need {needed}: all their replicas, the largest "
        f"rollout and one trial beside them; {LESS if gpus < needed else MORE}; {BY_PLATFORM}."
        for gpus in held
        if gpus != needed
    ]


def _workload(service: Resource) -> TeamWorkload:
    """What the quota counts of a deployment. Raises SizingError for what is not known, or no number."""
    least, most = service.at("spec", "predictor", "minReplicas"), service.at("spec", "predictor", "maxReplicas")
    if service.at("spec", "predictor", "containers") is UNKNOWN or service.at("spec", "predictor") is UNKNOWN:
        raise SizingError(
            f"the containers of {service.name} are not known before the update; write them as plain values"
        )
    limits = [
        service.at(*path, "resources", "limits", GPU_RESOURCE) for path in containers(service, ("spec", "predictor"))
    ]
    return TeamWorkload(
        name=service.name,
        gpus=sum(count(limit, f"'{GPU_RESOURCE}' of {service.name}", 0) for limit in limits if limit is not None),
        vcpu=0,
        memory_gib=0,
        # KServe's default (v0.20.0)
        min_replicas=1 if least is None else count(least, f"minReplicas of {service.name}", 0),
        max_replicas=count(most, f"maxReplicas of {service.name}"),
        standard_mode=service.at("metadata", "annotations", MODE) == STANDARD,
        caller_namespaces=[],
    )


def _gpus(quota: Resource) -> int | None:
    written = str(quota.at("spec", "hard", GPUS))
    return int(written) if written.isascii() and written.isdecimal() else None


def _unknown(*values: Any) -> str:
    return " (not known before the update: write plain values)" if any(value is UNKNOWN for value in values) else ""


def admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """The form of a quota, and its room for one model."""
    hard = "object.spec.?hard.orValue({})"
    nothing = " && ".join(f'string({hard}[?"{kind}"].orValue("")) == "0"' for kind in NONE_OF)
    whole = 'matches("^[0-9]+$")'
    return (
        AdmissionPolicy(
            name="quota-and-budget-form",
            resources=(("", "v1", "resourcequotas"),),
            match_conditions=(("of-the-team", f'object.metadata.name == "{QUOTA}"'),),
            validations=(
                Validation(f'string({hard}[?"{GPUS}"].orValue("")).{whole}', f"{NO_GPU_LIMIT}; {BY_PLATFORM}."),
                Validation(nothing, f"{NOT_NOTHING}; {BY_PLATFORM}."),
            ),
        ),
        AdmissionPolicy(
            name="quota-and-budget-room",
            resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
            variables=(
                ("quota", f'dyn(resource.get("v1", "resourcequotas", object.metadata.namespace, "{QUOTA}"))'),
                (
                    "room",
                    f'variables.quota == null ? "" : string(variables.quota.?spec.?hard[?"{GPUS}"].orValue(""))',
                ),
                ("predictor", "object.spec.?predictor.orValue({})"),
                (
                    "asked",
                    "(variables.predictor.?containers.orValue([]) + "
                    "(has(variables.predictor.model) ? [variables.predictor.model] : []))"
                    f'.map(c, string(c.?resources.?limits[?"{GPU_RESOURCE}"].orValue("0")))',
                ),
                ("least", "variables.predictor.?minReplicas.orValue(1)"),
                ("most", "variables.predictor.?maxReplicas.orValue(0)"),
                # the pod that Knative tries
                ("tried", f'object.metadata.?annotations[?"{MODE}"].orValue("") == "{STANDARD}" ? 0 : 1'),
                (
                    "needed",
                    "variables.asked.map(gpus, int(gpus)).sum() * "
                    "(int(variables.most) + (int(variables.least) > 1 ? int(variables.least) : 1) + variables.tried)",
                ),
            ),
            validations=(
                Validation(
                    f"variables.room.{whole}",
                    f"The {NO_QUOTA}; {BY_PLATFORM}.",
                    f'object.metadata.name + ": the {NO_QUOTA}; {BY_PLATFORM}."',
                ),
                Validation(
                    f"int(variables.most) > 0 && variables.asked.all(gpus, gpus.{whole})",
                    f"{NO_MOST}.",
                    f'object.metadata.name + ": {NO_MOST}."',
                ),
                Validation(
                    "variables.needed <= int(variables.room)",
                    f"{NO_ROOM}; {BY_PLATFORM}.",
                    f'object.metadata.name + ": {NO_ROOM}, " + string(variables.needed) + " and " + variables.room + '
                    f'"; {BY_PLATFORM}."',
                ),
            ),
        ),
    )


RULE = Rule(
    id="quota-and-budget",
    title="A team's namespace holds the GPUs that its deployments need, and they cost what the team may spend",
    why="one team's scaling takes the GPUs of another, and money is missed when the month is over",
    fix="raise quota or `monthly_budget_usd` in the team's file through its owner, or ask for fewer replicas or a smaller model",
    severity="high",
    applies=lambda resource_type: (
        resource_type in (RESOURCE_QUOTA, NAMESPACE, INFERENCE_SERVICE, CONFIG_MAP, CLOUD_RUN_SERVICE)
    ),
    check=check,
    admission=admission,
    check_stack=check_stack,
)
