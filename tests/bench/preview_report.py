"""What the report on a preview of 300 deployments takes beside the engine: the command less the time in which `pulumi` runs.

The engine is the one on the PATH, behind a script that writes down when each of its commands begins and ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.policies import DEPLOYMENTS_OF_TEAM, TEAMS, enlarge
from tests.sandbox.harness import Sandbox

LIMIT_S = 2.0
#: Seconds of a report, of which only the last is told: the first ones fill caches.
RUNS = 2
TIMED = """#!/bin/sh
start=$(date +%s.%N)
"{pulumi}" "$@"
code=$?
echo "$start $(date +%s.%N)" >> "{times}"
exit $code
"""


def measure() -> list[tuple[str, float, float]]:
    """(what, seconds, limit) of a report on many deployments that are all new: each of them is a row of it.

    Nothing is deployed before, since bringing that many up takes minutes.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sandbox = Sandbox.create(folder)
        enlarge(sandbox)
        seconds = [beside_the_engine(sandbox, folder) for _ in range(RUNS)]
    what = f"report on {TEAMS * DEPLOYMENTS_OF_TEAM} deployments beside the engine, s"
    return [(what, seconds[-1], LIMIT_S)]


def beside_the_engine(sandbox: Sandbox, folder: Path) -> float:
    """Seconds of one report, less those of the engine."""
    programs, times = folder / "timed", folder / "times"
    programs.mkdir(exist_ok=True)
    times.write_text("", encoding="utf-8")
    script = programs / "pulumi"
    script.write_text(TIMED.format(pulumi=sandbox.instance.pulumi(), times=times), encoding="utf-8")
    script.chmod(0o755)
    environ = sandbox.environ("dev")
    environ["PATH"] = os.pathsep.join([str(programs), environ["PATH"]])
    command = [sys.executable, "-m", "components.preview_report", "--env", "dev", "--output", str(folder / "report")]
    start = time.perf_counter()
    answer = subprocess.run(command, cwd=sandbox.project, env=environ, capture_output=True, text=True)
    whole = time.perf_counter() - start
    if not (folder / "report" / "preview-dev.md").is_file():
        raise SystemExit(f"no report came:\n{answer.stdout}{answer.stderr}")
    spans = [line.split() for line in times.read_text(encoding="utf-8").splitlines()]
    return whole - sum(float(end) - float(begin) for begin, end in spans)
