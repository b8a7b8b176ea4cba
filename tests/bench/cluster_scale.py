"""`make bench-cluster`: many teams on a real control plane: time until their models run, and the memory of what runs it.

The platform comes up with one team of 3 deployments, then there are 10, then 100: all in one cluster, so that the difference of
two rows is what the teams between them cost. Prints tables for docs/benchmarks.md. Takes half an hour and more on 2 cores.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from components.kubernetes.inference_service import API_VERSION, KIND
from sandbox.cluster import lifecycle
from sandbox.cluster.api_server import ApiServer, UnreachableError
from sandbox.cluster.layout import ClusterLayout
from sandbox.instance import Instance
from tests.bench.policies import make_room, write_teams
from tests.sandbox.harness import Result, Sandbox

STEPS = (1, 10, 100)
DEPLOYMENTS_OF_TEAM = 3
#: Longest of one update, and of the wait for models after it.
UP_SECONDS, READY_SECONDS = 3600.0, 1800.0
POLL_SECONDS = 2.0
#: Programs that have a row of their own; what else runs is in the last one.
SHOWN = (
    *("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler", "kwok"),
    *("kserve-manager", "knative-controller", "knative-webhook", "knative-autoscaler"),
    *("kyverno-reports-controller", "kyverno"),
)
OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured with so many teams."""

    teams: int
    update_seconds: float
    """Of the update that brought the stack from the row before to this one."""
    ready_seconds: float
    """From the end of the update until every model's pods run and it is ready."""
    preview_seconds: float
    """Of a preview that finds nothing to change."""
    nodes: int
    pods: int
    memory_mib: dict[str, int]
    """Resident, by program."""


@dataclass(frozen=True)
class OneCheckpoint(Instance):
    """Its engine writes the state once, at the end.

    A state in a file is written as a whole after each resource. With thousands of them that is all that would be measured here:
    400 resources took 5 minutes on top of 500, and a core. A real environment should not do so: what dies loses what it made.
    """

    def environ(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        return super().environ(base) | {"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_EXPERIMENTAL": "true"}


def measure(steps: tuple[int, ...]) -> list[Row]:
    """Raises SystemExit with what the engine said when an update fails."""
    layout = ClusterLayout.named("bench")
    lifecycle.start(layout, print)
    try:
        with tempfile.TemporaryDirectory() as folder:
            sandbox = _sandbox(layout, Path(folder), max(steps))
            return [_step(layout, sandbox, teams) for teams in steps]
    finally:
        lifecycle.stop(layout)


def _sandbox(layout: ClusterLayout, folder: Path, teams: int) -> Sandbox:
    made = Sandbox.create(folder)
    make_room(made, teams * DEPLOYMENTS_OF_TEAM)
    return replace(made, instance=OneCheckpoint(layout.instance, kubeconfig=layout.kubeconfig), time_limit=UP_SECONDS)


def _step(layout: ClusterLayout, sandbox: Sandbox, teams: int) -> Row:
    write_teams(sandbox, teams, DEPLOYMENTS_OF_TEAM)
    print(f"{teams} teams: updating", flush=True)
    update = _timed(lambda: _succeed(sandbox.up("dev")))
    api = ApiServer.of(layout.kubeconfig)
    print(f"{teams} teams: updated in {update:.0f} s, waiting for the models", flush=True)
    ready = _timed(lambda: _wait_ready(api, teams * DEPLOYMENTS_OF_TEAM))
    preview = _timed(lambda: _succeed(sandbox.preview("dev", expect_no_changes=True)))
    row = Row(teams, update, ready, preview, len(api.list("v1", "Node")), len(api.list("v1", "Pod")), memory(layout))
    print(row, flush=True)
    return row


def _succeed(result: Result) -> None:
    if result.exit_code != 0:
        raise SystemExit(f"the engine failed:\n{result.output}")


def _wait_ready(api: ApiServer, wanted: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while (ready := _ready(api, wanted)) < wanted:
        if time.monotonic() > end:
            raise SystemExit(f"only {ready} of {wanted} models are ready after {READY_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _ready(api: ApiServer, wanted: int) -> int:
    try:
        models = api.list(API_VERSION, KIND)
    except UnreachableError as error:
        print(f"asked again, since a busy server did not answer in time: {error}", flush=True)
        return -1
    states = ({one["type"]: one["status"] for one in each.get("status", {}).get("conditions", [])} for each in models)
    return sum(state.get("Ready") == "True" for state in states)


def memory(layout: ClusterLayout) -> dict[str, int]:
    """Resident MiB of the cluster's processes, those of pods that run here included, by program."""
    state = lifecycle.running(layout)
    assert state is not None
    found: Counter[str] = Counter()
    for pid in _descendants(state.supervisor):
        try:
            program = Path(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()).name
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
        # a program's file is named after it, with a digest behind
        found[next((one for one in SHOWN if program.startswith(f"{one}-")), OTHERS)] += pages * 4096 // 2**20
    return dict(found)


def _descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # behind the name, which is in brackets and may hold anything: state and parent
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _timed(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def tables(rows: list[Row]) -> str:
    """The rows as Markdown: times, and memory."""
    lines = [
        "| Teams | models | update, s | then until all are ready, s | preview without a change, s | nodes | pods |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds = " | ".join(f"{one:.0f}" for one in (row.update_seconds, row.ready_seconds, row.preview_seconds))
        lines.append(f"| {row.teams} | {row.teams * DEPLOYMENTS_OF_TEAM} | {seconds} | {row.nodes} | {row.pods} |")
    lines += ["", f"| Resident memory, MiB | {' | '.join(f'{row.teams} teams' for row in rows)} |"]
    lines.append("|---" * (len(rows) + 1) + "|")
    lines += [
        f"| {name} | {' | '.join(str(row.memory_mib.get(name, 0)) for row in rows)} |" for name in (*SHOWN, OTHERS)
    ]
    return "\n".join([*lines, f"| together | {' | '.join(str(sum(row.memory_mib.values())) for row in rows)} |"])


def main(steps: tuple[int, ...]) -> None:
    """Measures and prints the tables."""
    print(tables(measure(steps)))


if __name__ == "__main__":
    main(tuple(int(one) for one in sys.argv[1:]) or STEPS)
