"""`make bench`: a preview of dev against a bare Pulumi program with the same resources and policies, and sizing's own figures.

Prints tables; exits with 1 when a figure is above its limit.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.paths import ROOT
from tests.bench import cost, sizing
from tests.bench.pairs import Pairs, time_in_pairs
from tests.sandbox.harness import Sandbox

PAIRS = 7
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


def main() -> None:
    """Measures and prints."""
    console, above = Console(), []
    figures = Table("sizing and cost", "figure", "limit")
    for what, figure, limit in [*sizing.measure(), *cost.measure()]:
        figures.add_row(what, f"{figure:.2f}", f"{limit:g}")
        if figure > limit:
            above.append(f"{what}: {figure:.2f} is above {limit:g}")
    console.print(figures)
    with tempfile.TemporaryDirectory() as folder:
        pairs = measure(Path(folder))
    table = Table("preview of dev", "project s", "bare s", "ratio", "limit", title=f"{PAIRS} pairs, in turn, one run")
    for name, pick in (("fastest", min), ("median", lambda v: sorted(v)[len(v) // 2]), ("slowest", max)):
        row = [f"{pick(values):.2f}" for values in (pairs.first_s, pairs.second_s, pairs.ratios)]
        table.add_row(name, *row, f"{LIMIT}" if name == "median" else "")
    console.print(table)
    if pairs.ratio > LIMIT:
        above.append(f"the median ratio {pairs.ratio:.2f} is above {LIMIT}")
    if above:
        sys.exit("\n".join(above))


if __name__ == "__main__":
    main()
