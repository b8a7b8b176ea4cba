"""What the demo reads from the engine's events and from the state."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.summary import Deployment, Policy, count_kinds, errors, judge, read_deployments


def diagnostic(severity: str, message: str) -> dict[str, Any]:
    return {"sequence": 1, "diagnosticEvent": {"severity": severity, "message": message}}


def test_an_error_event_is_found_although_the_engine_may_end_with_zero(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    events = [diagnostic("info", "a"), {"cancelEvent": {}}, diagnostic("error", "the reason")]
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    assert errors(file) == ["the reason"]


def test_the_engines_own_resources_are_not_counted() -> None:
    types = ["pulumi:pulumi:Stack", "pulumi:providers:gcp", "gcp:container/nodePool:NodePool", "x:index:Thing"]
    assert count_kinds([*types, "gcp:container/nodePool:NodePool"]) == {"gcp:container:NodePool": 2, "x:index:Thing": 1}


def test_every_policy_of_the_pack_is_listed_also_one_that_was_never_judged() -> None:
    events = [
        {"policyAnalyzeSummaryEvent": {"passed": ["a"], "failed": ["b"]}},
        {"policyAnalyzeSummaryEvent": {"passed": ["a", "b"]}},
        {"policyAnalyzeStackSummaryEvent": {"passed": ["b"]}},
        {"policyRemediateSummaryEvent": {"passed": ["a"]}},
    ]
    found = judge({"a": "mandatory", "b": "advisory", "c": "disabled"}, events)
    assert found == [Policy("a", "mandatory", 2, 0), Policy("b", "advisory", 2, 1), Policy("c", "disabled", 0, 0)]


def test_money_is_read_exactly() -> None:
    output = {"team/model": {"placement": "p", "base_url": "e", "price_usd_per_month": "0.10", "reason": "r"}}
    assert read_deployments(output) == [Deployment("team/model", "p", "e", Decimal("0.10"), "r")]
