"""Examples of the rule purchase-options: node pools, ComputeClasses, and deployments that must stay up."""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import POOL_LABEL
from policy.examples.engine_objects import Change, Content, beside, namespace, served, service
from policy.rules.resource_types import NODE_POOL
from policy.rules.rule import UNKNOWN, Context, Example, Resource

NO_SPOT = Context(purchase_options=frozenset({"on-demand", "reservation"}))
ALL = Context(purchase_options=frozenset({"spot", "on-demand", "reservation", "flex-start"}))
NODES = service()["spec"]["predictor"]["nodeSelector"][POOL_LABEL]
GPU = [{"type": "nvidia-l4", "count": 1}]


def _pool(name: str, gpus: Any = None, **config: Any) -> Resource:
    """A node pool with GPUs; `config` is of its nodes."""
    accelerators = GPU if gpus is None else gpus
    node_config = {"guestAccelerators": accelerators, "labels": {POOL_LABEL: NODES}, **config}
    return Resource(NODE_POOL, name, {"cluster": UNKNOWN, "nodeConfig": node_config})


def _class(*priorities: Content) -> Resource:
    return Resource.of_object(
        {
            "apiVersion": "cloud.google.com/v1",
            "kind": "ComputeClass",
            "metadata": {"name": "ladder-g2-standard-8"},
            "spec": {"priorities": list(priorities), "whenUnsatisfiable": "DoNotScaleUp"},
        }
    )


def _bought(*options: str) -> Change:
    """Sets the ladder of a record."""
    ladder = [{"option": option, "usd_per_hour": "0.85", "reservation": None, "confirmed": True} for option in options]
    return lambda record: record.update(ladder=ladder, purchase_option=options[0])


def _kept(content: Content) -> None:
    """What a deployment with availability: high has."""
    content["spec"]["predictor"].update(minReplicas=2, maxReplicas=3)


EXAMPLES: tuple[Example, ...] = (
    Example("Spot first where it is allowed", served(), context=ALL, beside=beside()),
    Example(
        "on-demand alone where Spot is not allowed", served(), context=NO_SPOT, beside=beside(_bought("on-demand"))
    ),
    Example("Spot alone for what may stop", served(), beside=beside(_bought("spot"))),
    Example("Spot before on-demand for what must stay up", served(_kept), beside=beside(_bought("spot", "on-demand"))),
    Example("a pool bought on demand", _pool("l4", spot=False), context=NO_SPOT, admission=False),
    Example(
        "a pool of a reservation",
        _pool("l4", reservationAffinity={"consumeReservationType": "SPECIFIC_RESERVATION"}),
        context=NO_SPOT,
        admission=False,
    ),
    Example("a Spot pool without GPUs", _pool("system", gpus=[], spot=True), context=NO_SPOT, admission=False),
    Example(
        "a ComputeClass that names its pools", _class({"nodepools": ["spot"]}, {"nodepools": ["l4"]}), context=NO_SPOT
    ),
    Example(
        "a record with one rung that is not allowed",
        served(),
        denied="does not allow: spot; allowed: on-demand, reservation",
        context=NO_SPOT,
        beside=beside(_bought("on-demand", "spot")),
    ),
    Example(
        "a record that names no way to buy",
        served(),
        denied="is bought in a way that this environment does not allow",
        context=NO_SPOT,
        beside=beside(lambda record: record.update(ladder=[])),
    ),
    Example(
        "Spot alone for what must stay up",
        served(_kept),
        denied="all its machines are Spot",
        beside=beside(_bought("spot")),
    ),
    Example(
        "Spot alone in all zones for what must stay up, where every way to buy is allowed",
        served(_kept),
        denied="all its machines are Spot",
        context=ALL,
        beside=beside(_bought("spot", "spot")),
    ),
    Example("no record", served(), denied="no sizing record is published for it", beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        denied="its sizing record is another deployment's",
        context=ALL,
        beside=beside(lambda record: record.update(deployment="search/rank")),
    ),
    Example(
        "a ComputeClass that makes Spot nodes by itself",
        _class({"nodepools": ["l4"]}, {"machineType": "g2-standard-8", "spot": True}),
        denied="does not allow: spot",
        context=NO_SPOT,
    ),
    Example(
        "a ComputeClass that makes nodes of flex-start",
        _class({"machineType": "g2-standard-8", "flexStart": {"enabled": True}}),
        denied="does not allow: flex-start",
        context=NO_SPOT,
    ),
    Example("a Spot pool", _pool("l4", spot=True), denied="does not allow: spot", context=NO_SPOT, admission=False),
    Example(
        "a pool of preemptible nodes, the older Spot",
        _pool("l4", preemptible=True),
        denied="does not allow: spot",
        context=NO_SPOT,
        admission=False,
    ),
    Example(
        "a pool of flex-start nodes",
        _pool("l4", flexStart=True),
        denied="does not allow: flex-start",
        context=NO_SPOT,
        admission=False,
    ),
    Example(
        "a pool of which nobody knows how it is bought",
        _pool("l4", spot=UNKNOWN),
        denied="does not allow: not known before the update",
        context=NO_SPOT,
        admission=False,
    ),
)
