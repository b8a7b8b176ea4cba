"""How long `cost plan` of many deployments takes, compared with a deployed stack, in a fresh process."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sandbox.paths import ROOT
from stacks.cost_notes import PreviewCost
from tests.unit.cost.trees import Project

TEAMS, DEPLOYMENTS_OF_TEAM, LIMIT_S = 30, 10, 3.0


def enlarge(project: Project) -> Project:
    """Makes dev an environment of many teams, with models and loads that differ."""
    for file in (project.folder / "stacks" / "dev" / "teams").glob("*.yaml"):
        file.unlink()
    count = 8 * TEAMS * DEPLOYMENTS_OF_TEAM
    project.setting("dev", quota={"gke": {"nvidia-l4": count}, "cloud_run": {}}, network_range="10.0.0.0/10")
    for team in range(TEAMS):
        project.team("dev", f"team-{team}", *(_deployment(team, number) for number in range(DEPLOYMENTS_OF_TEAM)))
    return project


def _deployment(team: int, number: int) -> dict[str, Any]:
    large = number % 2 == 0
    return {
        "name": f"model-{number}",
        "model": "gemma-4-26b-a4b-it" if large else "gemma-4-e4b-it",
        "context_tokens": 32768 if large else 16384,
        "peak_concurrent_requests": 4 + team + number,
        "typical_tokens": 3000,
        "active_hours_per_month": 100 + 10 * team + number,
        "runs_on": "gke",
    }


def plan_seconds(folder: Path) -> float:
    """Seconds of one `cost plan` as a pipeline calls it, compared with what the stack published."""
    project = enlarge(Project(folder))
    plan = project.plan()
    records = {planned.key: planned.published for planned in plan.deployments}
    if len(records) != TEAMS * DEPLOYMENTS_OF_TEAM:
        raise SystemExit(f"{len(records)} deployments were planned, not {TEAMS * DEPLOYMENTS_OF_TEAM}")
    outputs = folder / "outputs.json"
    outputs.write_text(json.dumps({"records": records, **PreviewCost(plan).outputs}), encoding="utf-8")
    command = [sys.executable, "-m", "components.cost", "plan", "--outputs", str(outputs), "--markdown"]
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - start


def measure() -> list[tuple[str, float, float]]:
    """(what, seconds, limit), the median of three."""
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(plan_seconds(Path(folder)))
    return [(f"cost plan of {TEAMS * DEPLOYMENTS_OF_TEAM} deployments, s", statistics.median(seconds), LIMIT_S)]
