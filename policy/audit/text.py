"""The report as a table for people, and as JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from policy.audit.report import OUTCOMES, Checked, Report
from policy.judging import Judgement
from policy.waivers import notices, without_effect


def as_table(report: Report) -> str:
    """By team: what is wrong, the worst first. Then what was not judged, and the waivers."""
    context = report.standards.context
    sources = " and ".join(
        f"{count} {'resources of the state' if source == 'state' else 'objects of the cluster'}"
        for source, count in report.resources.items()
    )
    lines = [f"Audit of {context.environment} on {context.today}: {sources}"]
    for team, counts in report.teams().items():
        said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        lines += ["", f"{team}: {said}, {counts['checks']} checks"]
        own = [(checked, judgement) for checked, judgement in report.judgements if checked.team == team]
        for checked, judgement in sorted(own, key=lambda pair: OUTCOMES.index(pair[1].outcome)):
            lines.append(f"  {judgement.outcome:<9}  {judgement.rule.id}  {_kind(checked)} {checked.subject}")
            lines.append(f"             {_one_line(judgement)}")
    lines += _not_judged(report)
    if idle := report.idle_rules:
        lines += ["", f"Rules that judged nothing: {', '.join(idle)}"]
    warnings, notes = notices(report.standards.waivers, context.today)
    if waivers := [*warnings, *without_effect(report.idle_waivers), *notes]:
        lines += ["", "Waivers:", *(f"  {line}" for line in waivers)]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """The same as one object."""
    context = report.standards.context
    warnings, notes = notices(report.standards.waivers, context.today)
    data = {
        "environment": context.environment,
        "today": context.today.isoformat(),
        "resources": dict(report.resources),
        "teams": report.teams(),
        "findings": [_row(checked, judgement) for checked, judgement in report.judgements],
        "not_judged": [
            {"source": source, "type": kind, "count": count}
            for (source, kind), count in sorted(report.not_judged.items())
        ],
        "rules_that_judged_nothing": report.idle_rules,
        "waivers": {"warnings": [*warnings, *without_effect(report.idle_waivers)], "notes": notes},
    }
    return json.dumps(data, indent=2)


def _row(checked: Checked, judgement: Judgement) -> dict[str, Any]:
    waiver = judgement.waiver
    return {
        "outcome": judgement.outcome,
        "rule": judgement.rule.id,
        "severity": judgement.rule.severity,
        "team": checked.team,
        "source": checked.source,
        "type": checked.resource.type if checked.resource else None,
        "resource": checked.subject,
        "message": judgement.message,
        "fix": judgement.rule.fix,
        "place": judgement.place,
        "waived_until": waiver.expires.isoformat() if waiver else None,
    }


def _not_judged(report: Report) -> list[str]:
    if not report.not_judged:
        return []
    rows = [f"  {source}: {count} x {kind}" for (source, kind), count in sorted(report.not_judged.items())]
    return ["", "Not judged, since no rule is about them:", *rows]


def _kind(checked: Checked) -> str:
    return checked.resource.type.rpartition(":")[2] if checked.resource else checked.source


def _one_line(judgement: Judgement) -> str:
    return " ".join(judgement.sentence.split())
