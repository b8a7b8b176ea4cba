"""The report as JUnit XML, which CI systems show: a suite a team, a case for each rule that judged a resource."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from policy.audit.report import Checked, Report

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Report) -> str:
    """Mandatory findings are failures, waived ones are skipped, and advice is output of a case that passes."""
    root = ElementTree.Element("testsuites", name=f"policy audit of {report.standards.context.environment}")
    for team in report.teams():
        cases = [_case(checked) for checked in report.checked if checked.team == team]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_text(team),
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            errors="0",
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            time="0",
        )
        suite.extend(cases)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _case(checked: Checked) -> ElementTree.Element:
    kind = checked.resource.type if checked.resource else "whole stack"
    case = ElementTree.Element(
        "testcase", name=_text(f"{checked.source}: {kind} {checked.subject}"), classname=checked.rule.id, time="0"
    )
    by_outcome = {
        outcome: "\n".join(j.sentence for j in checked.judged if j.outcome == outcome)
        for outcome in ("mandatory", "advisory", "waived")
    }
    if said := by_outcome["mandatory"]:
        failure = ElementTree.SubElement(case, "failure", message=_text(said.splitlines()[0]), type=checked.rule.id)
        failure.text = _text(said)
    elif said := by_outcome["waived"]:
        ElementTree.SubElement(case, "skipped", message=_text(" ".join(said.split())))
    if said := by_outcome["advisory"]:
        ElementTree.SubElement(case, "system-out").text = _text(said)
    return case


def _text(value: str) -> str:
    return _FORBIDDEN.sub("?", value)
