"""What a report reads of the files and of the check of a plan, held against the code that knows it first."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from components.google.quota_needs import needs
from components.kubernetes.engine_pod import PLATFORM_ACCELERATOR_LABEL, POOL_LABEL
from components.preview_report.environment import losses, plan_problems, read_facts
from components.preview_report.facts import Facts
from components.preview_report.preview import Change
from components.preview_report.quota import NODE_POOL, SERVICE, quota_lines
from policy.plan_check.alarms import WATCHED, Acknowledgement
from stacks.plan import Plan
from stacks.quota_asks import asks_of
from tests.unit.cost.trees import Project
from tests.unit.preview_report.made import TODAY, change, project_in

SUPPORT = "stacks/dev/teams/support.yaml"
WAIVER = "- {rule: vram-fit, resource: a, reason: measured on the card, approver: a@example.com, expires: 2026-12-05}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_in(tmp_path / "project")


def lost(op: str, kind: str) -> Change:
    """A step that replaces or deletes something that is watched."""
    return Change(
        op, change(op, kind, "g2-spot").urn, {"zone": "a"}, {"zone": "b"}, ("zone",) if op == "replace" else ()
    )


@pytest.mark.parametrize("kind", list(WATCHED))
@pytest.mark.parametrize(("op", "what"), [("replace", "replaced"), ("delete", "deleted")])
def test_every_watched_loss_is_told_in_its_parts(kind: str, op: str, what: str) -> None:
    found = losses([lost(op, kind)], Facts("dev", TODAY))
    (loss,) = found.found
    name, consequence = WATCHED[kind]
    assert (loss.resource, loss.what, loss.agreed) == (f"{name} g2-spot", what, None)
    assert loss.why.endswith(f": {consequence}")
    assert ("zone changes from a to b" in loss.why) == (op == "replace")
    assert found.to_agree[:2] == ("acknowledge:", "  - resource: g2-spot")


def test_an_agreement_is_told_with_its_end_and_one_without_effect_is_a_note() -> None:
    agreed = Acknowledgement("g2-spot", "the pool moves", datetime.date(2026, 12, 1))
    idle = Acknowledgement("other", "long done", datetime.date(2026, 12, 1))
    found = losses([lost("replace", NODE_POOL)], Facts("dev", TODAY, acknowledgements=(agreed, idle)))
    assert found.found[0].agreed == "agreed until 2026-12-01: the pool moves"
    assert found.to_agree == ()
    assert found.notes[0].startswith("acknowledge: 'other' has no effect")


def test_files_give_places_budgets_waivers_and_declared_quota(project: Project) -> None:
    project.write("stacks/dev/waivers.yaml", WAIVER)
    facts = read_facts(project.folder, "dev", TODAY)
    assert facts.complete
    assert facts.places["support/helpdesk"] == f"{SUPPORT}:10"
    line = (project.folder / facts.budgets["support"].partition(":")[0]).read_text(encoding="utf-8").splitlines()
    assert line[int(facts.budgets["support"].partition(":")[2]) - 1] == "monthly_budget_usd: 500"
    assert facts.waivers == (datetime.date(2026, 12, 5),)
    assert read_facts(project.folder, "dev", datetime.date(2026, 12, 6)).waivers == ()
    assert {quota.quota_id: units for quota, units in facts.declared.items()}["NVIDIA-L4-GPUS-per-project-region"] == 8


def test_files_that_cannot_be_read_give_their_problems_and_the_day_all_the_same(project: Project) -> None:
    project.edit("Pulumi.dev.yaml", "    owner: ml-platform", "    owner: ml-platform\n    today: 2026-01-02")
    project.edit(SUPPORT, "runs_on: cloud-run", "runs_on: moon")
    facts = read_facts(project.folder, "dev", None)
    assert not facts.complete
    assert facts.today == datetime.date(2026, 1, 2)
    assert facts.problems[0][0] == f"{SUPPORT}:17"
    assert facts.problems[0][1].startswith("deployments[0].runs_on: found 'moon'")


def test_a_wish_that_cannot_be_met_is_told_with_its_place(project: Project) -> None:
    project.edit(SUPPORT, "context_tokens: 16384", "context_tokens: 262144")
    facts = read_facts(project.folder, "dev", TODAY)
    assert facts.problems == ()
    ((place, message),) = plan_problems(project.folder, facts)
    assert place == f"{SUPPORT}:12"
    assert "above gemma-4-e4b-it's maximum of 131072" in message


def test_prices_have_one_digest_whatever_else_changes(project: Project) -> None:
    before = read_facts(project.folder, "dev", TODAY).prices
    project.setting("dev", owner="somebody-else")
    assert read_facts(project.folder, "dev", TODAY).prices == before


def test_quota_is_counted_as_the_preflight_counts_it(project: Project) -> None:
    plan = project.plan()
    records = {planned.key: planned.published for planned in plan.deployments}
    declared = read_facts(project.folder, "dev", TODAY).declared
    lines = quota_lines([*_pools(plan), *_services(plan)], {}, records, declared)
    assert {line.quota.split(" ")[0]: line.needed for line in lines} == {
        need.quota.quota_id.removesuffix("-per-project-region").removesuffix("PerProjectRegion"): need.units
        for need in needs(asks_of(plan))
        if need.quota.region is not None
    }
    assert {line.declared for line in lines} == {8, 3}


def _pools(plan: Plan) -> list[Change]:
    return [
        change("create", NODE_POOL, pool.key, new=_of_pool(ladder.name, ladder.record, pool))
        for ladder in plan.ladders
        for pool in ladder.pools
    ]


def _of_pool(ladder: str, record: Any, pool: Any) -> dict[str, Any]:
    """The inputs of a pool, as its component declares them (`components/google/gpu_node_pool.py`)."""
    return {
        "autoscaling": {"totalMaxNodeCount": pool.max_nodes},
        "nodeConfig": {
            "labels": {POOL_LABEL: ladder, PLATFORM_ACCELERATOR_LABEL: record.accelerator},
            "guestAccelerators": [{"type": record.accelerator, "count": record.gpus_of_host}],
            "spot": pool.option == "spot",
        },
    }


def _services(plan: Plan) -> list[Change]:
    return [
        change("create", SERVICE, planned.key, new={"template": {"gpuZonalRedundancyDisabled": True}})
        for planned in plan.deployments
        if planned.pool is None
    ]
