"""What the README shows of a team's file is what dev really plans and says."""

from __future__ import annotations

import re

import pytest

from stacks.plan import Plan
from tests.committed_files import ROOT
from tests.docs.documents import blocks
from tests.unit.stacks.test_environment_files import Tree, tree

__all__ = ["tree"]

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
FILE = "stacks/dev/teams/payments.yaml"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """dev as committed."""
    return Tree(tmp_path_factory.mktemp("dev")).plan()


def derived(row: str) -> str:
    """A cell of the table of what is derived."""
    (found,) = re.findall(rf"^\| {row} \| (.*) \|$", TEXT, re.MULTILINE)
    return found


def test_the_file_is_shown_whole() -> None:
    (shown,) = [block.text for block in blocks() if block.file == "README.md" and block.language == "yaml"]
    assert shown == (ROOT / FILE).read_text(encoding="utf-8")


def test_what_is_derived_from_it_is_what_dev_plans(plan: Plan) -> None:
    (planned,) = [one for one in plan.deployments if one.key == "payments/assistant"]
    record, published = planned.record, planned.published
    assert f"`{published['checkpoint']}`" in derived("checkpoint")
    weights = next(term for term in record.budget.terms if term.name == "weights")
    assert f"{weights.high_bytes / 2**30:.1f} GiB of weights a GPU" in derived("checkpoint")
    for part in (*record.placement.split(", "), f"{record.budget.spare_bytes / 2**30:.1f} GiB spare a GPU"):
        assert part in derived("place")
    assert derived("price") == f"USD {record.usd_per_hour:.2f} an hour, {record.usd_per_month:,.2f} a month"
    assert derived("next best") == f"{record.rejected[0].choice}, {record.rejected[0].reason.replace('$', 'USD ')}"


def test_the_flags_that_are_shown_are_among_all_and_the_rest_is_counted(plan: Plan) -> None:
    (published,) = [one.published for one in plan.deployments if one.key == "payments/assistant"]
    flags = [argument for argument in published["arguments"] if argument.startswith("--")]
    shown = re.findall(r"--[a-z-]+=[^\s`]+", derived("engine"))
    assert shown
    assert set(shown) <= set(flags)
    assert derived("engine").endswith(f"and {len(flags) - len(shown)} more arguments")


def test_the_refusal_that_is_quoted_is_what_the_wish_gets(tree: Tree) -> None:
    (quoted,) = [block.text.strip() for block in blocks() if block.file == "README.md" and "found 262144" in block.text]
    file = quoted.partition(":")[0]
    wanted = re.findall(r"context_tokens: \d+", (tree.folder / file).read_text(encoding="utf-8"))
    tree.edit(file, wanted[0], "context_tokens: 262144")
    assert quoted in tree.problems()
