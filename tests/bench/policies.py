"""What the policy pack costs a preview, against one with a single empty policy: on dev, and on a large stack."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from sandbox.paths import ROOT
from tests.bench.pairs import Pairs, time_in_pairs
from tests.sandbox.harness import Sandbox

#: A preview with the pack may take this many times as long as one with an empty policy.
LIMIT = 1.1
TEAMS, DEPLOYMENTS_OF_TEAM = 30, 10
EMPTY_PACK = Path(__file__).with_name("empty_pack")


@dataclass(frozen=True, slots=True)
class Measured:
    """One stack, previewed with the pack (first) and with the empty one (second), in turn."""

    stack: str
    resources: int
    pairs: Pairs


def measure(folder: Path, pairs_of_dev: int, pairs_of_large: int) -> list[Measured]:
    """Both stacks; the large one has fewer pairs, since each of its previews takes as long as many of dev's."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for stack, change, pairs in (
        ("dev", _as_it_is, pairs_of_dev),
        (f"{TEAMS * DEPLOYMENTS_OF_TEAM} deployments", enlarge, pairs_of_large),
    ):
        sandbox = Sandbox.create(folder / stack.replace(" ", "-"), policy_pack=str(ROOT / "policy"))
        change(sandbox)
        empty = replace(sandbox, policy_pack=_empty_pack(folder))
        count = len(sandbox.steps("dev"))
        made.append(Measured(stack, count, time_in_pairs(_previews(sandbox), _previews(empty), pairs)))
    return made


def enlarge(sandbox: Sandbox) -> None:
    """Makes dev a stack of many teams with many deployments each, all on GKE, with quota and network for them."""
    write_teams(sandbox, TEAMS, DEPLOYMENTS_OF_TEAM)
    make_room(sandbox, TEAMS * DEPLOYMENTS_OF_TEAM)


def write_teams(sandbox: Sandbox, number_of_teams: int, deployments: int) -> None:
    """Puts so many teams with so many deployments each in place of those of dev."""
    teams = sandbox.project / "stacks" / "dev" / "teams"
    for file in teams.glob("*.yaml"):
        file.unlink()
    for number in range(number_of_teams):
        team = f"team-{number}"
        content = {
            "schema": 1,
            "team": team,
            "owner": f"{team}-ml",
            "contact": f"{team}@example.com",
            "cost_center": "cc-1042",
            "monthly_budget_usd": 100000,
            "deployments": [_deployment(index) for index in range(deployments)],
        }
        (teams / f"{team}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def make_room(sandbox: Sandbox, deployments: int) -> None:
    """Quota and network of dev for so many deployments."""
    count = 4 * deployments
    sandbox.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", f"gke: {{nvidia-l4: {count}}}")
    sandbox.edit("Pulumi.dev.yaml", "    quota:\n", "    network_range: 10.0.0.0/10\n    quota:\n")


def _deployment(number: int) -> dict[str, object]:
    """Two models in turn, with loads that differ a little: no two teams of an organisation ask for the same."""
    large = number % 2 == 0
    return {
        "name": f"model-{number}",
        "model": "gemma-4-26b-a4b-it" if large else "gemma-4-e4b-it",
        "context_tokens": 32768 if large else 16384,
        "peak_concurrent_requests": 4 + number,
        "typical_tokens": 3000,
        "active_hours_per_month": 220,
        "runs_on": "gke",
    }


def _as_it_is(_: Sandbox) -> None:
    """Dev, unchanged."""


def _empty_pack(folder: Path) -> str:
    """The empty pack with the virtual environment of the project, which a pack looks for beside itself."""
    target = folder / "empty_pack"
    if not target.exists():
        shutil.copytree(EMPTY_PACK, target)
        (target / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
    return str(target)


def _previews(sandbox: Sandbox) -> Callable[[], None]:
    def preview() -> None:
        result = sandbox.preview("dev")
        if result.exit_code != 0:
            raise SystemExit(f"the preview failed:\n{result.output}")

    return preview
