"""The report as SARIF 2.1.0, which code hosts show beside the files that led to the findings.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0 plus Errata 01, 2023-08-28.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from policy.audit.report import Checked, Report
from policy.judging import Judgement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"mandatory": "error", "advisory": "warning", "waived": "error"}
#: How code hosts order findings: a number from 0 to 10 (docs.github.com, SARIF support for code scanning, 2026).
SEVERITY = {"low": "2.0", "medium": "5.0", "high": "7.5", "critical": "9.5"}


def as_sarif(report: Report) -> str:
    """One run with every finding; waived ones are suppressed, with who approved it and why."""
    index = {rule.id: number for number, rule in enumerate(report.rules)}
    run = {
        "tool": {"driver": {"name": "gemma-platform-policy", "rules": [_rule(rule) for rule in report.rules]}},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(checked, judgement, index, report) for checked, judgement in report.judgements],
        "properties": {"environment": report.standards.context.environment, "teams": report.teams()},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.why[0].upper()}{rule.why[1:]}."},
        "help": {"text": f"To fix: {rule.fix}."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"security-severity": SEVERITY[rule.severity], "tags": ["policy"]},
    }


def _result(checked: Checked, judgement: Judgement, index: dict[str, int], report: Report) -> dict[str, Any]:
    kind = checked.resource.type if checked.resource else "stack"
    identity = f"{judgement.rule.id} {checked.source} {kind} {checked.subject}"
    result: dict[str, Any] = {
        "ruleId": judgement.rule.id,
        "ruleIndex": index[judgement.rule.id],
        "level": LEVELS[judgement.outcome],
        "message": {"text": judgement.sentence},
        "locations": [
            {
                "physicalLocation": _file(judgement.place, report.standards.context.environment),
                "logicalLocations": [
                    {"name": checked.subject, "fullyQualifiedName": f"{kind}::{checked.subject}", "kind": "resource"}
                ],
            }
        ],
        "partialFingerprints": {"ruleAndResource/v1": hashlib.sha256(identity.encode()).hexdigest()},
        "properties": {"team": checked.team, "source": checked.source},
    }
    if judgement.waiver is not None:
        waiver = judgement.waiver
        why = f"{waiver.reason} (approved by {waiver.approver} until {waiver.expires}, {waiver.place})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result


def _file(place: str | None, environment: str) -> dict[str, Any]:
    """The team's file and line; the environment's settings for what no team wrote."""
    file, _, line = (place or f"Pulumi.{environment}.yaml").partition(":")
    return {"artifactLocation": {"uri": file}, **({"region": {"startLine": int(line)}} if line.isdecimal() else {})}
