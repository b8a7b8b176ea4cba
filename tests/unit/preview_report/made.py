"""Previews and reports of a test's own: what a stack publishes, made from an environment's files without an engine."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.preview_report.compose import Deployed, compose
from components.preview_report.facts import Facts, Losses
from components.preview_report.inputs import Inputs
from components.preview_report.preview import Change, Message, Preview, Violation
from components.preview_report.report import Report
from stacks.cost_notes import PreviewCost
from tests.unit.cost.trees import Project

TODAY = datetime.date(2026, 11, 25)
FACTS = Facts("dev", TODAY)
INPUTS = Inputs("a" * 40, "b" * 64, "c" * 64, "2026-11-25")
DEPLOYED_WORDS = "deployed update 41"


def outputs_of(project: Project) -> dict[str, Any]:
    """What a stack of these files publishes, as far as a report reads it."""
    plan = project.plan()
    return {"records": {planned.key: planned.published for planned in plan.deployments}, **PreviewCost(plan).outputs}


def project_in(folder: Path) -> Project:
    """A copy of the committed files."""
    folder.mkdir(exist_ok=True)
    return Project(folder)


def preview_of(
    outputs: Mapping[str, Any] | None,
    *,
    changes: tuple[Change, ...] = (),
    violations: tuple[Violation, ...] = (),
    messages: tuple[Message, ...] = (),
    failure: str | None = None,
) -> Preview:
    """A preview that says this and nothing else."""
    return Preview(changes, violations, messages, outputs, failure)


def report_of(
    preview: Preview, deployed: Mapping[str, Any], facts: Facts = FACTS, losses: Losses | None = None
) -> Report:
    """Its report."""
    before = Deployed(deployed, DEPLOYED_WORDS)
    return compose(preview, before, facts, losses or Losses(), INPUTS, "abc1234")


def change(op: str, kind: str, name: str, *, paths: tuple[str, ...] = (), old: Any = None, new: Any = None) -> Change:
    """One step of a preview."""
    return Change(op, f"urn:pulumi:dev::gemma-platform::{kind}::{name}", old or {}, new or {}, (), paths)
