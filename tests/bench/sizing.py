"""How long placement of many deployments takes, and importing sizing against a bare `import pydantic`."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from dataclasses import replace

from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.errors import SizingError
from components.sizing.kv_cases import plan_case
from components.sizing.placement import place
from sandbox.paths import ROOT
from tests.bench.pairs import Pairs, time_in_pairs

DEPLOYMENTS, PLACEMENT_LIMIT_S = 1000, 2.0
CASES, CASES_LIMIT_S = 100_000, 20.0
#: Importing components.sizing may take this many times as long as importing pydantic.
IMPORT_LIMIT = 2.0

SUPPLY = Supply(
    region="us-central1",
    zones=("us-central1-a", "us-central1-b", "us-central1-c"),
    engine_version="0.33.0",
    purchase_order=("on-demand", "spot"),
    batch_purchase_order=("spot", "on-demand"),
    gke_quota={"nvidia-l4": 64, "nvidia-rtx-pro-6000": 16, "nvidia-h100-80gb": 16},
    cloud_run_quota={"nvidia-l4": 8, "nvidia-rtx-pro-6000": 4},
)


def demands(count: int) -> list[Demand]:
    """Wishes as an organisation's teams would have them; the same ones each time."""
    draw = random.Random(4)  # noqa: S311  (no secret)
    models = [model.id for model in load_catalogue().models]
    base = Demand("team", "model", models[0], 8192, 8, 2000, 250, 1, 220)
    found = []
    for number in range(count):
        context = draw.choice([4096, 8192, 16384, 32768, 65536, 131072])
        typical = max(64, context // draw.choice([2, 4, 8]))
        found.append(
            replace(
                base,
                name=f"model-{number}",
                model=draw.choice(models),
                context_tokens=context,
                peak_concurrent_requests=draw.randint(1, 64),
                typical_tokens=typical,
                typical_answer_tokens=max(1, typical // 8),
                active_hours_per_month=draw.randint(0, 730),
                inputs=draw.choice([("text",), ("text", "image")]),
                scale_to_zero=draw.random() < 0.3,
            )
        )
    return found


def placement_seconds() -> float:
    """Seconds to place all demands in a fresh process, the catalogue's loading not counted."""
    program = (
        "import time; from tests.bench.sizing import demands, place_all, DEPLOYMENTS\n"
        "wishes = demands(DEPLOYMENTS); start = time.perf_counter(); place_all(wishes); print(time.perf_counter() - start)"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(answer.stdout)


def place_all(wishes: list[Demand]) -> None:
    """Places each demand; one that nothing serves counts like any other."""
    catalogue = load_catalogue()
    for wish in wishes:
        try:
            place(wish, SUPPLY, catalogue)
        except SizingError:
            continue


def planner_seconds() -> float:
    """Seconds to answer 100,000 planner cases, without reading and writing them."""
    catalogue = load_catalogue()
    draw = random.Random(5)  # noqa: S311
    cases = [
        {
            "variant": draw.choice([model.variant for model in catalogue.models]),
            "tp": draw.choice([1, 2, 4, 8]),
            "kv_dtype": draw.choice(["auto", "fp8"]),
            "block_size": draw.choice([16, 32, 64]),
            "max_model_len": draw.randint(1024, 262144),
            "max_num_batched_tokens": draw.choice([2048, 2496, 8192]),
            "async_scheduling": True,
            "available_bytes": draw.randint(2**28, 2**37),
        }
        for _ in range(CASES)
    ]
    start = time.perf_counter()
    for case in cases:
        plan_case(case, "0.33.0", catalogue)
    return time.perf_counter() - start


def import_pairs() -> Pairs:
    """Fresh processes that import components.sizing, against ones that import pydantic."""

    def run(module: str) -> None:
        subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)

    return time_in_pairs(lambda: run("components.sizing"), lambda: run("pydantic"), 7)


def measure() -> list[tuple[str, float, float]]:
    """(what, figure, limit) of each measurement; times in seconds, the import as a ratio."""
    placing = statistics.median(placement_seconds() for _ in range(3))
    return [
        (f"place() for {DEPLOYMENTS:,} deployments, s", placing, PLACEMENT_LIMIT_S),
        (f"kv for {CASES:,} cases, s", planner_seconds(), CASES_LIMIT_S),
        ("import components.sizing / import pydantic, ratio", import_pairs().ratio, IMPORT_LIMIT),
    ]
