"""The GPUs that a plan asks Google for: what the pre-flight compares with the quota granted. Pure."""

from __future__ import annotations

from components.google.quota_needs import Ask
from stacks.plan import Plan, PlannedDeployment
from stacks.pools import PlannedLadder


def asks_of(plan: Plan) -> list[Ask]:
    """Everything that the plan asks for, at peak and with the largest rollout beside it."""
    on_gke = [ask for ladder in plan.ladders for ask in ladder_asks(ladder)]
    return [*on_gke, *(cloud_run_ask(planned) for planned in plan.deployments if planned.pool is None)]


def ladder_asks(ladder: PlannedLadder) -> list[Ask]:
    """One for each way to buy the machine. They are alternatives: any one pool may have to carry everything."""
    record = ladder.record
    return [
        Ask(
            subject=ladder.name,
            runs_on="gke",
            accelerator=record.accelerator,
            region=record.region,
            gpus=ladder.gpus,
            purchase_option=pool.option,
            machine_type=record.machine_type,
            zones=pool.zones,
        )
        for pool in ladder.pools
    ]


def cloud_run_ask(planned: PlannedDeployment) -> Ask:
    """GPUs of all instances of a service at peak."""
    record = planned.record
    return Ask(
        subject=planned.key,
        runs_on="cloud-run",
        accelerator=record.accelerator,
        region=record.region,
        gpus=record.max_replicas * record.gpu_count,
        zonal_redundancy=record.demand.high_availability,
    )
