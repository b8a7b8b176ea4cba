"""Rule: machines with GPUs are bought in the ways that the environment allows, and what must stay up is not on Spot alone.

Preview: node pools and ComputeClasses by their own fields, and deployments of which two replicas always run (availability: high)
by the pools that carry the node label which they choose. Admission, and the whole stack: the ladder of the published sizing
record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from components.kubernetes.engine_pod import POOL_LABEL
from policy.rules.record import Record, compared, comparing, says
from policy.rules.resource_types import INFERENCE_SERVICE, NODE_POOL
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import Engine, engine_of

COMPUTE_CLASS = "kubernetes:cloud.google.com/v1:ComputeClass"
SPOT, FLEX_START, RESERVATION, ON_DEMAND = "spot", "flex-start", "reservation", "on-demand"
NOT_KNOWN = "not known before the update"

NOT_ALLOWED = "is bought in a way that this environment does not allow"
NOTHING = "nothing that its sizing record names"
SPOT_ALONE = (
    "two replicas always run so that it stays up, and all its machines are Spot, which Google may take back at any time"
)
ADD_RUNG = "add on-demand or a reservation to purchase_order of the environment's settings"


def options_of_pool(pool: Resource) -> list[str]:
    """How the nodes of a pool with GPUs are bought; empty for a pool that has none."""
    config = pool.at("nodeConfig")
    if config is UNKNOWN:
        return [NOT_KNOWN]
    if not pool.at("nodeConfig", "guestAccelerators"):
        return []
    switches = {
        SPOT: [pool.at("nodeConfig", "spot"), pool.at("nodeConfig", "preemptible")],
        FLEX_START: [pool.at("nodeConfig", "flexStart"), pool.at("queuedProvisioning", "enabled")],
    }
    kind = pool.at("nodeConfig", "reservationAffinity", "consumeReservationType")
    if UNKNOWN in (kind, *(value for values in switches.values() for value in values)):
        return [NOT_KNOWN]
    on = [option for option, values in switches.items() if any(value is True for value in values)]
    if kind not in (None, "NO_RESERVATION", "UNSPECIFIED"):
        on.append(RESERVATION)
    return on or [ON_DEMAND]


def options_of_class(compute_class: Resource) -> list[str]:
    """How the nodes are bought that a ComputeClass makes by itself; its named pools are judged by themselves."""
    rules = compute_class.at("spec", "priorities")
    if rules is UNKNOWN:
        return [NOT_KNOWN]
    options = []
    for index in range(len(rules) if isinstance(rules, list) else 0):
        place = ("spec", "priorities", index)
        switches = (compute_class.at(*place, "spot"), compute_class.at(*place, "flexStart", "enabled"))
        if UNKNOWN in switches:
            options.append(NOT_KNOWN)
        elif switches[0] is True:
            options.append(SPOT)
        elif switches[1] is True:
            options.append(FLEX_START)
        elif compute_class.at(*place, "reservations") is not None:
            options.append(RESERVATION)
        elif compute_class.at(*place, "nodepools") is None:
            options.append(ON_DEMAND)
    return options


def check(resource: Resource, context: Context) -> list[Finding]:
    """Ways to buy that the environment does not allow."""
    if resource.type not in (NODE_POOL, COMPUTE_CLASS) or not context.purchase_options:
        return []
    options = options_of_pool(resource) if resource.type == NODE_POOL else options_of_class(resource)
    wrong = list(dict.fromkeys(option for option in options if option not in context.purchase_options))
    return [Finding(f"{resource.name}: {_not_allowed(wrong, context)}.")] if wrong else []


def _not_allowed(options: Sequence[str], context: Context) -> str:
    return f"{NOT_ALLOWED}: {', '.join(options)}; allowed: {', '.join(sorted(context.purchase_options))}"


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """Deployments whose machines, by their records or their pools, are bought otherwise than they may be."""

    def differences(engine: Engine, published: Record) -> list[str]:
        return _differences(engine, published, context)

    pools = [resource for resource in resources if resource.type == NODE_POOL]
    on_pools = [
        Finding(f"{resource.name}: {SPOT_ALONE}: {', '.join(pool.name for pool in chosen)}; {ADD_RUNG}.")
        for resource in resources
        if resource.type == INFERENCE_SERVICE and (engine := engine_of(resource)) and _must_stay(engine)
        if (chosen := _pools_of(engine, pools)) and all(options_of_pool(pool) == [SPOT] for pool in chosen)
    ]
    return [*compared(resources, differences), *on_pools]


def _must_stay(engine: Engine) -> bool:
    """True where more than one replica always runs, which is so for availability: high alone; or where that is not known."""
    least = engine.of_pod("minReplicas")
    return least is UNKNOWN or (isinstance(least, int | float) and least > 1)


def _pools_of(engine: Engine, pools: Sequence[Resource]) -> list[Resource]:
    wanted = engine.of_pod("nodeSelector", POOL_LABEL)
    return [pool for pool in pools if wanted is not None and pool.at("nodeConfig", "labels", POOL_LABEL) == wanted]


def _differences(engine: Engine, published: Record, context: Context) -> list[str]:
    ladder = published.get("ladder")
    options = [rung.get("option") for rung in ladder if isinstance(rung, Mapping)] if isinstance(ladder, list) else []
    wrong = []
    other = [str(option) for option in options if option not in context.purchase_options]
    if context.purchase_options and (other or not options):
        wrong.append(_not_allowed(other or [NOTHING], context))
    if _must_stay(engine) and set(options) == {SPOT}:
        wrong.append(f"{SPOT_ALONE}; {ADD_RUNG}")
    return wrong


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """The ladder of the record; ComputeClasses by their own fields."""
    allowed = sorted(context.purchase_options)
    only = f"variables.not_allowed.size() == 0{' && variables.options.size() > 0' if allowed else ''}"
    variables = (
        ("options", 'variables.record.?ladder.orValue([]).map(rung, rung.?option.orValue(""))'),
        (
            "not_allowed",
            f"variables.options.filter(option, !(option in {json.dumps(allowed)}))" if allowed else "[]",
        ),
    )
    allows = f"allowed: {', '.join(allowed)}"
    services = comparing(
        "purchase-options",
        (
            Validation(
                only,
                f"{NOT_ALLOWED}; {allows}.",
                says(
                    f"{NOT_ALLOWED}: ",
                    f'(variables.options.size() > 0 ? variables.not_allowed.join(", ") : "{NOTHING}")',
                    f'"; {allows}."',
                ),
            ),
            Validation(
                "int(variables.predictor.?minReplicas.orValue(1)) <= 1 || variables.options.size() == 0 || "
                f'variables.options.exists(option, option != "{SPOT}")',
                f"{SPOT_ALONE}; {ADD_RUNG}.",
                says(f"{SPOT_ALONE}; {ADD_RUNG}."),
            ),
        ),
        variables,
    )
    if not allowed:
        return (services,)
    option = (
        f'rule.?spot.orValue(false) == true ? "{SPOT}" : (rule.?flexStart.?enabled.orValue(false) == true ? "{FLEX_START}" : '
        f'(has(rule.reservations) ? "{RESERVATION}" : (has(rule.nodepools) ? "" : "{ON_DEMAND}")))'
    )
    classes = AdmissionPolicy(
        name="purchase-options-classes",
        resources=(("cloud.google.com", "v1", "computeclasses"),),
        variables=(
            ("options", f'object.?spec.?priorities.orValue([]).map(rule, {option}).filter(option, option != "")'),
            ("not_allowed", f"variables.options.filter(option, !(option in {json.dumps(allowed)}))"),
        ),
        validations=(
            Validation(
                "variables.not_allowed.size() == 0",
                f"{NOT_ALLOWED}; {allows}.",
                says(f"{NOT_ALLOWED}: ", 'variables.not_allowed.join(", ")', f'"; {allows}."'),
            ),
        ),
        team_namespaces=False,
    )
    return services, classes


RULE = Rule(
    id="purchase-options",
    title="GPUs are bought in the ways that the environment allows, and what must stay up is not on Spot alone",
    why="Spot machines are taken back at any time, and a way to buy that nobody agreed to shows on the bill a month later",
    fix="choose among purchase_order of the environment's settings, and keep a rung that is not Spot for availability: high",
    severity="medium",
    applies=lambda resource_type: resource_type in (NODE_POOL, COMPUTE_CLASS, INFERENCE_SERVICE),
    check=check,
    admission=admission,
    check_stack=check_stack,
)
