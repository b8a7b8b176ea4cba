"""The GPUs that an environment asks Google for. Pure.

What the plan needs is what the pre-flight compares with the quota granted. What the settings declare is what a request for quota
names: it stays the same whatever a team changes, and can be raised, and granted, before a team needs it.
"""

from __future__ import annotations

from components.google.quota_needs import Ask
from stacks.plan import Plan, PlannedDeployment
from stacks.pools import PlannedLadder
from stacks.settings import EnvironmentSettings


def asks_of(plan: Plan) -> list[Ask]:
    """Everything that the plan asks for, at peak and with the largest rollout beside it."""
    on_gke = [ask for ladder in plan.ladders for ask in _ladder_asks(ladder)]
    return [*on_gke, *(_cloud_run_ask(planned) for planned in plan.deployments if planned.pool is None)]


def _ladder_asks(ladder: PlannedLadder) -> list[Ask]:
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


def _cloud_run_ask(planned: PlannedDeployment) -> Ask:
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


def declared_asks(settings: EnvironmentSettings) -> list[Ask]:
    """Everything that the settings declare, for each way in which they let it be used: each has a quota of its own."""
    options = dict.fromkeys([*settings.purchase_order, *(settings.batch_purchase_order or ())])
    on_gke = [
        Ask(f"quota.gke.{accelerator}", "gke", accelerator, settings.region, gpus, option)
        for accelerator, gpus in settings.quota.gke.items()
        for option in options
    ]
    on_cloud_run = [
        Ask(f"quota.cloud_run.{accelerator}", "cloud-run", accelerator, settings.region, gpus, zonal_redundancy=spread)
        for accelerator, gpus in settings.quota.cloud_run.items()
        for spread in (False, True)
    ]
    return [ask for ask in (*on_gke, *on_cloud_run) if ask.gpus]
