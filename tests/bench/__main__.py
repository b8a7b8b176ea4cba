"""`make bench`: previews in pairs, dev against a bare Pulumi program and with policies against without; sizing, cost, report.

Prints tables; exits with 1 when a figure is above its limit. Takes about 15 minutes, most of them previews of 300 deployments.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.paths import ROOT
from tests.bench import cost, policies, preview_report, sizing
from tests.bench.pairs import Pairs, time_in_pairs
from tests.sandbox.harness import Sandbox

PAIRS = 7
#: A preview of the large stack takes as long as many of dev's.
PAIRS_OF_LARGE_STACK = 3
#: A preview of the project may take this many times as long as the bare program's.
LIMIT = 1.3


def resources(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What a preview of dev registers, in that order: for the bare program to register too."""
    digest = json.loads(sandbox.preview("dev", as_json=True).stdout)
    states = [step["newState"] for step in digest["steps"]]
    return [
        {
            "urn": state["urn"],
            "type": state["type"],
            "name": state["urn"].rpartition("::")[2],
            "parent": state.get("parent", ""),
            "component": not state["custom"],
            "inputs": state.get("inputs", {}),
        }
        for state in states
        if not state["type"].startswith("pulumi:")
    ]


def kinds(sandbox: Sandbox) -> Counter[str]:
    """How many resources of each type a preview of dev registers."""
    return Counter(step.type for step in sandbox.steps("dev") if not step.type.startswith("pulumi:"))


def preview(sandbox: Sandbox) -> None:
    """One preview of dev that must succeed."""
    result = sandbox.preview("dev")
    if result.exit_code != 0:
        raise SystemExit(f"the preview failed:\n{result.output}")


def measure(folder: Path) -> Pairs:
    """Times the project's preview of dev against the bare program's, after making sure that both register the same."""
    project = Sandbox.create(folder / "project")
    bare = Sandbox.create(folder / "bare", project=ROOT / "tests/bench/bare", policy_pack=str(ROOT / "policy"))
    (bare.project / "resources.json").write_text(json.dumps(resources(project)), encoding="utf-8")
    difference = kinds(project)
    difference.subtract(kinds(bare))
    difference["gcp:compute/network:Network"] += 1  # the one whose id stands for what is unknown
    if unequal := {kind: count for kind, count in difference.items() if count}:
        raise SystemExit(f"the bare program does not register what dev does (project - bare): {unequal}")
    return time_in_pairs(lambda: preview(project), lambda: preview(bare), PAIRS)


def show(console: Console, title: str, names: tuple[str, str], pairs: Pairs, limit: float) -> list[str]:
    """Prints pairs as a table; returns what is above its limit, in words."""
    columns = (title, *(f"{name} s" for name in names), "ratio", "limit")
    table = Table(*columns, title=f"{len(pairs.ratios)} pairs, in turn, one run")
    for name, pick in (("fastest", min), ("median", statistics.median), ("slowest", max)):
        row = [f"{pick(values):.2f}" for values in (pairs.first_s, pairs.second_s, pairs.ratios)]
        table.add_row(name, *row, f"{limit}" if name == "median" else "")
    console.print(table)
    return [f"{title}: the median ratio {pairs.ratio:.2f} is above {limit}"] if pairs.ratio > limit else []


def main() -> None:
    """Measures and prints."""
    console = Console()
    above: list[str] = []
    figures = Table("sizing, cost and report", "figure", "limit")
    for what, figure, limit in [*sizing.measure(), *cost.measure(), *preview_report.measure()]:
        figures.add_row(what, f"{figure:.2f}", f"{limit:g}")
        if figure > limit:
            above.append(f"{what}: {figure:.2f} is above {limit:g}")
    console.print(figures)
    with tempfile.TemporaryDirectory() as folder:
        above += show(console, "preview of dev", ("project", "bare"), measure(Path(folder) / "bare"), LIMIT)
        for one in policies.measure(Path(folder) / "policies", PAIRS, PAIRS_OF_LARGE_STACK):
            title = f"preview of {one.stack}, {one.resources} resources"
            above += show(console, title, ("policies", "none"), one.pairs, policies.LIMIT)
    if above:
        sys.exit("\n".join(above))


if __name__ == "__main__":
    main()
