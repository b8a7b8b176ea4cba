"""The ways in which one wish could be served: where it is planned, on Cloud Run, and on each machine type of the catalogue.

What is placed here is a question, so that quota does not limit it; everything else is as in the environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from components.cost.break_even.ways import Served, served
from components.cost.errors import CostError
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Demand, Override, Supply
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.placement import place
from components.sizing.record import SizingRecord

#: GPUs of each kind that a question may use.
PLENTY = 10_000


@dataclass(frozen=True, slots=True)
class Alternatives:
    """`planned` is where the wish is placed in the environment; `why_not` says of other places why they are none."""

    planned: SizingRecord
    gke: SizingRecord | None
    cloud_run: SizingRecord | None
    machines: tuple[SizingRecord, ...]
    why_not: dict[str, str]


def alternatives(
    demand: Demand, supply: Supply, catalogue: Catalogue, machine_types: Iterable[str] | None = None
) -> Alternatives:
    """All places that fit. `machine_types` are those to look at, all of them without.

    Raises SizingError where the environment itself cannot serve it, CostError for an unknown machine type.
    """
    known = [machine.id for machine in catalogue.machines]
    wanted = list(known if machine_types is None else machine_types)
    for name in wanted:
        if name not in known:
            raise CostError(f"--machine: unknown machine type '{name}'{did_you_mean(name, known)}")
    plenty = {accelerator.node_label: PLENTY for accelerator in catalogue.accelerators}
    question = replace(supply, gke_quota=plenty, cloud_run_quota=plenty, overrides={})
    why_not: dict[str, str] = {}

    def tried(what: str, wish: Demand, offered: Supply) -> SizingRecord | None:
        try:
            return place(wish, offered, catalogue)
        except SizingError as error:
            why_not[what] = str(error).splitlines()[0]
            return None

    planned = place(demand, supply, catalogue)
    on_gke = replace(demand, runs_on="gke")
    machines = []
    for name in wanted:
        override = {demand.key: Override(reason="a comparison of machine types", machine_type=name)}
        record = tried(name, on_gke, replace(question, overrides=override))
        machines += [record] if record is not None else []
    return Alternatives(
        planned=planned,
        gke=planned if planned.runs_on == "gke" else tried("GKE", on_gke, question),
        cloud_run=planned
        if planned.runs_on == "cloud-run"
        else tried("Cloud Run", replace(demand, runs_on="cloud-run"), question),
        machines=tuple(machines),
        why_not=why_not,
    )


def ways_with(record: SizingRecord, minimums: Iterable[int] | None) -> list[Served]:
    """A place with each number of minimum replicas, the one that the wish needs first; without `minimums` also none and one."""
    way = served(record)
    wanted = (record.min_replicas, 0, 1) if minimums is None else minimums
    return [way.with_minimum(count) for count in dict.fromkeys(wanted)]
