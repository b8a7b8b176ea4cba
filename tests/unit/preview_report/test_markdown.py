"""The report as a comment: its parts in their order, safe to show, and short enough however much changes."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest

from components.preview_report.folding import LIMIT, Block, fold
from components.preview_report.json_form import report_data
from components.preview_report.markdown import report_markdown
from components.preview_report.preview import Violation
from components.preview_report.report import Detail, Finding, Report
from tests.unit.preview_report.made import change, preview_of, report_of

PARTS = (
    "<!-- gemma-platform:dev -->\n### dev: ",
    "compared with deployed update 41, commit abc1234, prices of 2026-",
    "**Policies**",
    "Waivers in force: none.",
    "**By team** (expected load, USD a month)",
    "| **all teams** |",
    "| shared |",
    "| **dev** |",
    "Range: min ",
    "**Quota needed**",
    "**Sizing**",
    "**After merge**",
    "<details><summary>all resources",
    "<details><summary>engine flags before and after",
    "<details><summary>full preview",
    "Digest `",
)
POOL = {
    "nodeConfig": {
        "labels": {"gemma-platform/pool": "g2-standard-24", "gemma-platform/accelerator": "nvidia-l4"},
        "guestAccelerators": [{"type": "nvidia-l4", "count": 2}],
    },
    "autoscaling": {"totalMaxNodeCount": 2},
}


def whole(deployed: dict[str, Any], planned: dict[str, Any]) -> Report:
    """A report that has every part."""
    violation = Violation("allowed-images-advice", False, "About images\na: no digest. To fix: write it.", "")
    larger = POOL | {"autoscaling": {"totalMaxNodeCount": 3}}
    pool = change(
        "update",
        "gcp:container/nodePool:NodePool",
        "g2",
        paths=("autoscaling.totalMaxNodeCount",),
        old=POOL,
        new=larger,
    )
    return report_of(preview_of(planned, violations=(violation,), changes=(pool,)), deployed)


def test_the_parts_stand_in_their_order(deployed: dict[str, Any], planned: dict[str, Any]) -> None:
    text = report_markdown(whole(deployed, planned))
    places = [text.find(part) for part in PARTS]
    assert -1 not in places, PARTS[places.index(-1)]
    assert places == sorted(places)
    assert "NVIDIA-L4-GPUS us-central1 needs 6 (was 4)" in text


def test_the_same_preview_gives_the_same_bytes(deployed: dict[str, Any], planned: dict[str, Any]) -> None:
    first, second = (whole(copy.deepcopy(deployed), copy.deepcopy(planned)) for _ in range(2))
    assert report_markdown(first) == report_markdown(second)
    assert json.dumps(report_data(first)) == json.dumps(report_data(second))


def test_nothing_that_others_wrote_can_become_a_tag_or_end_a_block(deployed: dict[str, Any]) -> None:
    evil = "<!-- x --></details><img src=x>\n````\n# heading | cell"
    finding = Finding(True, evil, evil, evil, evil)
    detail = Detail(evil, (evil,), "text", "x")
    report = dataclasses.replace(
        report_of(preview_of(deployed), deployed),
        findings=(finding,),
        details=(detail,),
        not_checked=(evil,),
        commit=evil,
    )
    text = report_markdown(report)
    # inside a fence everything is text; outside of it no tag of theirs is left
    outside = [part for number, part in enumerate(text.split("````")) if number % 2 == 0]
    assert len(outside) == 2
    assert "<img" not in "".join(outside)
    assert "".join(outside).count("</details>") == 1
    assert "\n# heading" not in "".join(outside)


@pytest.mark.parametrize("count", [300, 3000])
def test_a_huge_change_is_folded_from_the_bottom_up_and_says_what_is_left_out(
    deployed: dict[str, Any], planned: dict[str, Any], count: int
) -> None:
    base = whole(deployed, planned)
    lines = tuple(
        dataclasses.replace(base.deployments[0], deployment=f"team/{n}", change="x" * 400) for n in range(count)
    )
    finding = Finding(True, "rule", "y" * 900, "stacks/dev/teams/a.yaml:1", "z" * 900)
    many = tuple(dataclasses.replace(detail, lines=("d" * 80,) * count) for detail in base.details)
    sizing = tuple(f"team/{n} weights 1, KV 1, rest 1 of 19.8 GiB a GPU: fits" for n in range(count))
    report = dataclasses.replace(base, deployments=lines, findings=(finding,) * count, details=many, sizing=sizing)
    text = report_markdown(report)
    assert len(text) < LIMIT
    assert text.startswith("<!-- gemma-platform:dev -->\n### dev: ")
    assert text.rstrip().endswith("`up` refuses when it differs")
    assert "Left out, as it is too long: full preview; see pulumi preview --diff" in text
    assert f"{count - 20} more" in text
    assert "| **dev** |" in text


def test_what_stands_lowest_is_shortened_first() -> None:
    blocks = [Block("a" * 50, "a"), Block("b" * 50), Block("c" * 50, "c")]
    assert fold(blocks, 1000).count("c") == 50
    assert fold(blocks, 150) == f"{'a' * 50}\n\n{'b' * 50}\n\nc\n"
    assert fold(blocks, 100) == f"a\n\n{'b' * 50}\n\nc\n"
