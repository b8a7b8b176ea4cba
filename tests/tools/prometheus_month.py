"""The worked example as a month of series, under the names that OpenCost and vLLM really use.

November 2026 has 720 hours. Both engines count 600 million prompt and 150 million answer tokens in it, with what a real month
has: counts from before, a restart in which the counter begins anew, two hours without a scrape, and a pod that takes the place
of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from components.cost.opencost.price_file import price_class
from components.cost.showback import series
from components.cost.showback.worked_example import MACHINE, TOKENS, USD_PER_HOUR
from tests.tools.prometheus_server import Synthetic, every, seconds

MONTH = "2026-11"
BEGIN, END = seconds("2026-11-01"), seconds("2026-12-01")
#: The month with a day on both sides: what lies outside must not be counted.
FROM, TO = BEGIN - 86_400, END + 86_400
STEP = 300.0
REGION = "us-central1"
CLASS = price_class(MACHINE, REGION, "on-demand")
TEAMS = ("dense", "experts")
FEE = 0.10

#: No scrape between these; a restart of the engine here; the pod is replaced here.
GAP = (seconds("2026-11-10"), seconds("2026-11-10T02:00"))
RESTART = seconds("2026-11-15T06:02:30")
REPLACED = seconds("2026-11-20T00:00")


def month() -> Iterator[Synthetic]:
    """All series."""
    yield Synthetic(series.CLUSTER_FEE, {"provisioner_name": "GKE"}, [(time, FEE) for time in every(FROM, TO, STEP)])
    for team in TEAMS:
        yield from node(team)
        # the month's hours are held by two pods, one after the other on the same node
        yield from pod(team, "first", FROM, REPLACED)
        yield from pod(team, "second", REPLACED, TO)


def node(team: str, cls: str = CLASS, price: float = float(USD_PER_HOUR), gpus: int = 1) -> Iterator[Synthetic]:
    """A node that is there all the time."""
    times = every(FROM, TO, STEP)
    name = {"node": f"gke-{team}"}
    yield Synthetic(series.NODE_PRICE, {**name, "instance_type": MACHINE}, [(time, price) for time in times])
    yield Synthetic(series.NODE_GPUS, name, [(time, gpus) for time in times])
    yield Synthetic(series.NODE_LABELS, {**name, series.OF_PRICE_CLASS: cls}, [(time, 1) for time in times])


def pod(team: str, name: str, begin: float, end: float) -> Iterator[Synthetic]:
    """A pod of the team's only deployment, and its engine. The second one starts to count at zero."""
    where = {"namespace": f"team-{team}", "pod": f"assistant-{name}"}
    times = [time for time in every(begin, end, STEP) if not GAP[0] < time < GAP[1]]
    held = {**where, "node": f"gke-{team}", "container": "kserve-container"}
    yield Synthetic(series.HELD_GPUS, held, [(time, 1) for time in times])
    labels = {**where, series.OF_INFERENCE_SERVICE: "assistant", series.OF_TEAM: team}
    yield Synthetic(series.POD_LABELS, labels, [(time, 1) for time in times])
    engine = {**where, "model_name": "assistant", "engine": "0"}
    # a request runs in every other interval
    yield Synthetic(series.RUNNING, engine, [(time, number % 2) for number, time in enumerate(times)])
    for metric, count in ((series.PROMPT, TOKENS.prompt), (series.CACHED, 0), (series.ANSWER, TOKENS.answer)):
        # whole numbers an interval, so that the month's count is exact
        each = int(count) // int((END - BEGIN) / STEP)
        left = int(count) - each * int((END - BEGIN) / STEP)
        yield Synthetic(metric, engine, list(_counted(times, each, left)))


def _counted(times: list[float], each: int, left: int) -> Iterator[tuple[float, float]]:
    """A counter that grows by `each` an interval, in gaps as well, by `left` more in the month's first; it begins anew once."""
    value = 7_000_000.0 if times[0] < BEGIN else 0.0
    yield times[0], value
    for before, time in pairwise(times):
        grown = each * (time - before) / STEP + (left if before == BEGIN else 0)
        value = grown if before < RESTART <= time else value + grown
        yield time, value
