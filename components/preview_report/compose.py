"""Puts a report together from a preview, what is deployed, and what the files say. Pure, and decides what stops a change."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.preview_report import details, judged, outlook
from components.preview_report.deployments import Records, deployment_lines, records_of
from components.preview_report.facts import Facts, Losses
from components.preview_report.inputs import Inputs
from components.preview_report.money import NOTHING, compared, month_of, sums
from components.preview_report.preview import Preview
from components.preview_report.quota import quota_lines
from components.preview_report.report import GOES_ON, NOT_PREVIEWED, STOPPED, Detail, Finding, Report
from components.preview_report.words import counted

#: What a program that broke off leaves unsaid.
NOT_PLANNED = "cost, policies and quota (nothing was planned)"
_DATE = re.compile(r"\d{4}(?:-\d{2}){0,2}")


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is deployed: what it published, and by which update in words."""

    outputs: Mapping[str, Any]
    words: str


def compose(
    preview: Preview,
    deployed: Deployed,
    facts: Facts,
    lost: Losses,
    inputs: Inputs,
    commit: str,
) -> Report:
    """The report. Where the program did not come to its end it says what stopped it, and what is known all the same."""
    of_policies = judged.policy_findings(preview, facts.places, facts.budgets)
    findings = [*of_policies, *judged.other_findings(preview, facts.problems, of_policies)]
    code, stopped_by = _verdict(preview, findings, lost)
    common = Report(
        environment=facts.name,
        exit_code=code,
        stopped_by=stopped_by,
        counts=details.counts(preview.changes) if preview.outputs is not None else "nothing was planned",
        baseline=deployed.words,
        commit=commit,
        prices=price_dates(records_of(preview.outputs or deployed.outputs)),
        inputs=inputs,
        losses=lost.found,
        to_agree=lost.to_agree,
        findings=tuple(findings),
        waivers=_waivers(facts.waivers) if facts.complete else "not read",
        not_checked=(*judged.not_checked(preview), *(() if preview.outputs is not None else (NOT_PLANNED,))),
        details=_details(preview, {}, {}, lost) if preview.outputs is None else (),
        before=month.whole if (month := month_of(deployed.outputs)) else None,
        after_merge="nothing; it stops before anything is changed",
    )
    return common if preview.outputs is None else _planned(common, preview, deployed, facts, lost)


def _planned(common: Report, preview: Preview, deployed: Deployed, facts: Facts, lost: Losses) -> Report:
    """The same with what only a program that came to its end can tell."""
    before, after = records_of(deployed.outputs), records_of(preview.outputs)
    money, why_not = compared(deployed.outputs, preview.outputs or {})
    months = month_of(deployed.outputs) if deployed.outputs else NOTHING, month_of(preview.outputs)
    of_deployments, of_shared = money if money is not None else (None, [])
    lines = deployment_lines(before, after, of_deployments, preview.changes)
    names = [(loss.resource, loss.what) for loss in lost.found]
    return replace(
        common,
        deployments=tuple(lines),
        sums=tuple(sums(facts.name, lines, *months, of_shared)),
        not_compared=why_not,
        before=months[0].whole if months[0] and not why_not else None,
        after=months[1].whole if months[1] else None,
        quota=tuple(quota_lines(preview.changes, before, after, facts.declared)),
        sizing=tuple(outlook.sizing_lines(lines, before, after)),
        after_merge=outlook.after_merge(
            lines, before, after, preview.changes, facts.places, names, _first(common.findings, lost)
        ),
        details=_details(preview, before, after, lost),
    )


def _first(findings: Sequence[Finding], lost: Losses) -> str:
    """What must come before anything happens; empty where nothing must."""
    if any(one.stops for one in findings):
        return "what stops it is mended"
    return "somebody has agreed" if any(loss.agreed is None for loss in lost.found) else ""


def price_dates(records: Records) -> str:
    """The dates of the prices behind the deployments, from the oldest to the newest."""
    dates = sorted({found[-1] for one in records.values() if (found := _DATE.findall(str(one.get("price_source"))))})
    return "" if not dates else dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"


def _verdict(preview: Preview, findings: Sequence[Finding], lost: Losses) -> tuple[int, str]:
    """(exit code, what stops it in words)."""
    stops = [one for one in findings if one.stops]
    rules = len({one.rule for one in stops if one.rule not in ("settings", "engine")})
    problems = sum(one.rule == "settings" for one in stops)
    alarms = sum(loss.agreed is None for loss in lost.found)
    if preview.failure is not None and not rules and not problems:
        return NOT_PREVIEWED, "the engine could not preview it"
    stopping = " and ".join(
        part
        for part in (
            counted(rules, "policy", "policies") if rules else "",
            f"{counted(problems, 'problem')} in the settings" if problems else "",
        )
        if part
    )
    told = [f"{stopping} {'stops' if rules + problems == 1 else 'stop'} this"] if stopping else []
    told += [f"someone must agree to {counted(alarms, 'loss', 'losses')}"] if alarms else []
    return (STOPPED if told else GOES_ON), ", ".join(told)


def _waivers(ends: Sequence[datetime.date]) -> str:
    return f"{len(ends)} (next ends {min(ends)})" if ends else "none"


def _details(preview: Preview, before: Records, after: Records, lost: Losses) -> tuple[Detail, ...]:
    """What is folded away, the most telling first: what lies lowest is left out first."""
    said = [*lost.notes, *judged.notes(preview)]
    notes = Detail(f"notes ({len(said)})", tuple(said), "text", "make preview") if said else None
    error = None
    if preview.failure is not None and preview.outputs is None:
        lines = tuple(line.rstrip() for text in preview.errors for line in text.splitlines())
        error = Detail("what the engine said", lines, "text", "make preview") if lines else None
    found = (
        error,
        details.resources(preview.changes),
        details.flags(before, after),
        notes,
        details.every_value(preview.changes),
    )
    return tuple(one for one in found if one is not None)
