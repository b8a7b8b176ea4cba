"""Generates docs/decide.md: local, Cloud Run, GKE or a hosted API, with what each costs (`python -m stacks.decide_page`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from components.cost.break_even.alternatives import alternatives
from components.cost.break_even.ways import served
from components.cost.money import dollars
from components.cost.prices.hosted_price import HOSTED_INPUT, HOSTED_OUTPUT
from components.markdown import table
from components.sizing.catalogue import Catalogue
from components.sizing.cli.table import PAGE_ENGINE, PAGE_REGION
from components.sizing.cli.wishes import everything
from components.sizing.demand import Supply
from components.sizing.matrix import matrix
from components.sizing.memory import Fit
from stacks.costs import cost_of
from stacks.decide.comparison import compared
from stacks.decide.loads import LOADS, MODEL
from stacks.describe.page import ROOT, render
from stacks.environment import read_environment
from stacks.plan import Plan, make_plan

PAGE = ROOT / "docs" / "decide.md"
#: The catalogue's card with 24 GB, as workstations have one; sizing computes with what CUDA has of it.
LOCAL = "nvidia-l4"
#: The environment whose cluster is counted where there is none yet.
CLUSTER_OF = "dev"


def render_page(plan: Plan) -> str:
    """docs/decide.md; `plan` is that of CLUSTER_OF."""
    catalogue = plan.environment.catalogue
    supply = replace(everything(catalogue, PAGE_REGION, PAGE_ENGINE), batch_purchase_order=("spot", "on-demand"))
    # an environment on which nothing is served: fee, system nodes, their disks and NAT
    cluster = cost_of(replace(plan, deployments=())).shared_total.minimum
    local = list(_local(catalogue))
    chat, busy, batch = (compared(load, supply, catalogue, cluster) for load in LOADS)
    return render(
        "decide.md.j2",
        model=MODEL,
        region=PAGE_REGION,
        engine=PAGE_ENGINE,
        machine_date=catalogue.prices.machines.date,
        cloud_run_date=catalogue.prices.cloud_run.date,
        hosted_input=f"{HOSTED_INPUT}",
        hosted_output=f"{HOSTED_OUTPUT}",
        cluster_of=CLUSTER_OF,
        cluster=dollars(cluster),
        chat=chat,
        busy=busy,
        batch=batch,
        local=table(("model", "precision", "longest context", "requests at once", "verdict"), local, {2, 3}),
        local_gpu=LOCAL,
        local_most=_most(local),
        models=table(("model", "place", "precision", "USD a month"), _models(supply, catalogue), {3}),
    )


def _local(catalogue: Catalogue) -> Iterable[tuple[str, ...]]:
    """What fits a workstation's card."""
    machines = tuple(each for each in catalogue.machines if each.accelerator == LOCAL and each.gpu_count == 1)
    cells = matrix(replace(catalogue, machines=machines), catalogue.engine(PAGE_ENGINE), PAGE_REGION)
    for cell in cells:
        context, requests = (f"{count:,}" if count else "-" for count in (cell.context, cell.requests))
        yield cell.model, cell.precision, context, requests, cell.verdict


def _most(rows: Sequence[tuple[str, ...]]) -> str:
    """The largest model that fits, and in which precisions."""
    fits = [(model, precision) for model, precision, _, _, verdict in rows if verdict == Fit.FITS]
    model = fits[-1][0]
    return f"{model} in {' or '.join(precision for other, precision in fits if other == model)}"


def _models(supply: Supply, catalogue: Catalogue) -> Iterable[tuple[str, ...]]:
    """The first load with each model of the catalogue, on the cheapest place of one's own."""
    load = LOADS[0]
    for model in catalogue.models:
        record = alternatives(replace(load.demand, model=model.id), supply, catalogue, ()).planned
        way = served(record)
        yield model.id, way.host, record.budget.config.checkpoint.precision, dollars(way.month(load.traffic))


def planned() -> Plan:
    """The plan of the environment whose cluster is counted."""
    return make_plan(*read_environment(ROOT, CLUSTER_OF))


if __name__ == "__main__":
    PAGE.write_text(render_page(planned()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
