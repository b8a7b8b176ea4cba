"""GPU quota: what the plan of an environment needs at peak, and what its settings say has been granted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from components.google.quota_needs import Ask, Quota, gpus_by_subject, needs, quota_of
from components.markdown import table
from stacks.plan import Plan
from stacks.quota_asks import asks_of

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
    asks = asks_of(plan)
    places = {quota_of(ask): _place(ask) for ask in asks}
    rows = [Row(*places.get(need.quota, (GKE, ALL)), need.quota, need.gpus) for need in needs(asks)]
    without: dict[tuple[str, str], list[Ask]] = defaultdict(list)
    for ask in asks:
        if quota_of(ask) is None:
            without[_place(ask)].append(ask)
    rows += [Row(*place, None, sum(gpus_by_subject(those).values())) for place, those in without.items()]
    used = {(row.runtime, row.accelerator) for row in rows}
    rows += [Row(*place, None, 0) for place in _declared(plan) if place not in used]
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


def _place(ask: Ask) -> tuple[str, str]:
    return GKE if ask.runs_on == "gke" else CLOUD_RUN, ask.accelerator


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
