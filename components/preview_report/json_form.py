"""A report as plain data for programs: all that the Markdown shows, and the digests behind it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from components.cost.money import difference
from components.cost.plan.amounts import Amounts
from components.cost.plan.plan_data import amounts_data
from components.preview_report.headline import headline, marker, title
from components.preview_report.report import Report

#: Version of this form; fields are only ever added within one.
FORM = 1


def report_data(report: Report) -> dict[str, Any]:
    """The same for the same input: no time and no duration is in it."""
    before, after = report.before, report.after
    change = difference(before.expected, after.expected) if before is not None and after is not None else None
    return {
        "form": FORM,
        "environment": report.environment,
        "marker": marker(report.environment),
        "title": title(report),
        "headline": headline(report),
        "exit_code": report.exit_code,
        "stopped_by": report.stopped_by or None,
        "counts": report.counts,
        "compared_with": report.baseline,
        "commit": report.commit,
        "prices_of": report.prices or None,
        "month": {
            "currency": "USD",
            "before": _amounts(before),
            "after": _amounts(after),
            "expected_difference": None if change is None else str(change),
            "not_compared": report.not_compared or None,
        },
        "must_agree": [asdict(loss) for loss in report.losses],
        "findings": [asdict(one) for one in report.findings],
        "waivers": report.waivers,
        "not_checked": list(report.not_checked),
        "deployments": [
            {
                "deployment": line.deployment,
                "change": line.change,
                "meaning": line.meaning,
                "reload": line.reload,
                "before": _amounts(line.before),
                "after": _amounts(line.after),
                "expected_difference": None if line.difference is None else str(line.difference),
            }
            for line in report.deployments
        ],
        "sums": [
            {
                "what": one.what,
                "change": one.change or None,
                "before": _amounts(one.before),
                "after": _amounts(one.after),
            }
            for one in report.sums
        ],
        "quota": [asdict(line) for line in report.quota],
        "sizing": list(report.sizing),
        "after_merge": report.after_merge,
        "details": [{"title": one.title, "lines": list(one.lines)} for one in report.details],
        "digest": report.inputs.digest,
        "inputs": report.inputs.parts,
    }


def _amounts(amounts: Amounts | None) -> dict[str, str] | None:
    return None if amounts is None else amounts_data(amounts)
