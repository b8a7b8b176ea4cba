"""Examples of the rule quota-and-budget: quotas, models beside them, and what deployments cost."""

from __future__ import annotations

from typing import Any

from components.kubernetes.team_quota import GPUS, TeamWorkload, make_spec
from components.served_model import RECORD_LABEL
from policy.examples.engine_objects import NAME, NAMESPACE_NAME, TEAM, Content, namespace, record, served, service
from policy.rules.quota_and_budget import NO_GPU_LIMIT, NO_MOST, NO_QUOTA, NO_ROOM, NOT_NOTHING, QUOTA
from policy.rules.resource_types import CLOUD_RUN_SERVICE
from policy.rules.rule import UNKNOWN, Context, Example, Resource, TeamTruth
from policy.rules.team_cost import USD_PER_MONTH

#: What the deployment of these examples has at most: one GPU a replica, so the quota holds most replicas and one more.
REPLICAS = 2
#: GPUs for all replicas, a rollout of one, and the one that Knative tries.
NEEDED = REPLICAS + 2


def _scaled(content: Content) -> None:
    content["spec"]["predictor"].update(minReplicas=1, maxReplicas=REPLICAS)


def _quota(gpus: int | str = NEEDED, name: str = QUOTA) -> Content:
    """The quota of the team, as the platform writes it but for its GPUs."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name, "namespace": NAMESPACE_NAME, "labels": service()["metadata"]["labels"]},
        "spec": {"hard": {**make_spec([_workload()])["hard"], GPUS: str(gpus)}},
    }


def _workload() -> TeamWorkload:
    return TeamWorkload(
        name=NAME,
        gpus=1,
        vcpu=4,
        memory_gib=18,
        min_replicas=1,
        max_replicas=REPLICAS,
        standard_mode=False,
        caller_namespaces=[],
    )


def _without_gpus() -> Content:
    quota = _quota()
    del quota["spec"]["hard"][GPUS]
    return quota


def _open_to_load_balancers() -> Content:
    quota = _quota()
    quota["spec"]["hard"]["services.loadbalancers"] = "1"
    return quota


def _unknown() -> Resource:
    quota = _quota()
    quota["spec"]["hard"] = UNKNOWN
    return Resource.of_object(quota)


def _without_most(content: Content) -> None:
    _scaled(content)
    content["spec"]["predictor"]["maxReplicas"] = 0


def budget(usd: str, *advisory: str) -> Context:
    """An environment in which the team may spend so much."""
    truth = TeamTruth(owner=TEAM, cost_center="cc-7", monthly_budget_usd=usd, file=f"stacks/prod/teams/{TEAM}.yaml")
    return Context(teams={TEAM: truth}, advisory=frozenset(advisory))


def _costing(usd: str) -> Resource:
    """The published record of a deployment that costs so much a month."""
    content = record(lambda record: record.update(cost={"expected_usd_per_month": usd, "peak_usd_per_month": usd}))
    content["metadata"]["labels"] = {**service()["metadata"]["labels"], RECORD_LABEL: NAME}
    return Resource.of_object(content)


def _on_cloud_run(annotations: Any) -> Resource:
    limits = {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}
    return Resource(
        CLOUD_RUN_SERVICE,
        "search/helpdesk",
        {
            "labels": {"team": TEAM},
            "annotations": annotations,
            "template": {"containers": [{"image": "engine", "resources": {"limits": limits}}]},
        },
    )


def _of_quota(shows: str, content: Content, denied: str | None = None) -> Example:
    return Example(shows, Resource.of_object(content), denied, beside=(namespace(),))


SCALED, QUOTA_OBJECT = service(_scaled), _quota()
EXAMPLES: tuple[Example, ...] = (
    _of_quota("the quota of a team that serves nothing yet", _quota(0)),
    Example("a model for which the quota has just room", served(_scaled), beside=(namespace(), QUOTA_OBJECT)),
    Example(
        "a second quota, which limits something else",
        Resource.of_object({**_without_gpus(), "metadata": {"name": "storage", "namespace": NAMESPACE_NAME}}),
        # it is not judged by itself, so that no policy has a result for it
        admission=False,
    ),
    Example("a budget that is spent to the cent", _costing("500.00"), context=budget("500"), admission=False),
    Example(
        "a service of Cloud Run within the budget",
        _on_cloud_run({USD_PER_MONTH: "499.99"}),
        context=budget("500"),
        admission=False,
    ),
    _of_quota("a quota without GPUs", _without_gpus(), NO_GPU_LIMIT),
    _of_quota("GPUs by the thousand", _quota("1k"), NO_GPU_LIMIT),
    _of_quota("a quota with room for a load balancer", _open_to_load_balancers(), NOT_NOTHING),
    Example("a quota that is not known", _unknown(), f"{NO_GPU_LIMIT} (not known before", admission=False),
    Example("a model in a namespace without a quota", served(_scaled), NO_QUOTA, beside=(namespace(),)),
    Example(
        "a model in a namespace with another quota only",
        served(_scaled),
        NO_QUOTA,
        beside=(namespace(), _quota(name="storage")),
    ),
    Example(
        "a quota that lacks one GPU for a rollout",
        served(_scaled),
        f"its quota holds {NEEDED - 1} of {GPUS}, its deployments need {NEEDED}",
        denied_at_admission=NO_ROOM,
        beside=(namespace(), _quota(NEEDED - 1)),
    ),
    Example(
        "a quota of one GPU too many",
        Resource.of_object(_quota(NEEDED + 1)),
        f"its quota holds {NEEDED + 1} of {GPUS}, its deployments need {NEEDED}",
        # admission does not add up what a namespace serves
        admission=False,
        beside=(namespace(), SCALED),
    ),
    Example(
        "replicas without an end",
        served(_without_most),
        "not a whole number of at least 1",
        denied_at_admission=NO_MOST,
        beside=(namespace(), QUOTA_OBJECT),
    ),
    Example(
        "a cent above the budget",
        _costing("500.01"),
        "USD 500.01 a month, 0.01 above the monthly_budget_usd 500 of stacks/prod/teams/search.yaml",
        context=budget("500"),
        admission=False,
    ),
    Example(
        "a service of Cloud Run whose cost nobody knows",
        _on_cloud_run({}),
        "its expected cost of a month is not stated",
        context=budget("500"),
        admission=False,
    ),
    Example(
        "annotations that are not known",
        _on_cloud_run(UNKNOWN),
        "its expected cost of a month is not stated",
        context=budget("500"),
        admission=False,
    ),
)
