"""GPU quota: what the plan of an environment needs at peak, and what its settings say has been granted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from components.google.quota_needs import CEILING, COMPUTE, Quota, quota_of
from stacks.describe.markdown import table
from stacks.plan import Plan
from stacks.quota_asks import cloud_run_ask, ladder_asks

GKE, CLOUD_RUN = "GKE", "Cloud Run"
ALL = "all GPUs"


@dataclass(frozen=True, slots=True)
class Row:
    """One quota of Google's, or GPUs for which no quota is known."""

    runtime: str
    accelerator: str
    quota: Quota | None
    needed: int


def quota_rows(plan: Plan) -> list[Row]:
    """What every deployment at its peak, with the largest rollout of each pool beside it, needs of each quota."""
    needed: dict[tuple[str, str, Quota | None], int] = defaultdict(int)
    for ladder in plan.ladders:
        # one pool may have to carry everything, so each quota that its pools draw on must hold it
        for quota in {quota_of(ask) for ask in ladder_asks(ladder)}:
            needed[GKE, ladder.record.accelerator, quota] += ladder.gpus
        needed[GKE, ALL, Quota(COMPUTE, CEILING)] += ladder.gpus
    for planned in plan.deployments:
        record = planned.record
        if planned.pool is None:
            ask = cloud_run_ask(planned)
            needed[CLOUD_RUN, record.accelerator, quota_of(ask)] += ask.gpus
    rows = [Row(*key, gpus) for key, gpus in needed.items()]
    rows += [Row(*place, None, 0) for place in _declared(plan) if place not in {key[:2] for key in needed}]
    return sorted(rows, key=lambda row: (row.runtime, row.accelerator, row.quota.quota_id if row.quota else ""))


def quota_table(plan: Plan) -> str:
    """The rows as a table, also where nothing is needed of what is declared."""
    declared = _declared(plan)
    rows = [
        [
            row.runtime,
            row.accelerator if row.accelerator == ALL else f"`{row.accelerator}`",
            "all regions" if row.accelerator == ALL else plan.environment.settings.region,
            _asked_for(row),
            str(row.needed),
            "-" if row.accelerator == ALL else str(declared.get((row.runtime, row.accelerator), 0)),
        ]
        for row in quota_rows(plan)
    ]
    return table(["runtime", "GPU", "region", "quota to ask for", "GPUs needed at peak", "GPUs declared"], rows)


def _asked_for(row: Row) -> str:
    if row.quota is None:
        return "not known" if row.needed else "nothing uses it"
    family = f", `gpu_family` `{row.quota.gpu_family}`" if row.quota.gpu_family else ""
    units = f": {row.needed * row.quota.per_gpu:,} units" if row.quota.per_gpu != 1 else ""
    return f"`{row.quota.quota_id}`{family} of `{row.quota.service}`{units}"


def _declared(plan: Plan) -> dict[tuple[str, str], int]:
    quota = plan.environment.settings.quota
    return {
        **{(GKE, accelerator): count for accelerator, count in quota.gke.items()},
        **{(CLOUD_RUN, accelerator): count for accelerator, count in quota.cloud_run.items()},
    }
