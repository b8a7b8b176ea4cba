"""Generates docs/policies.md from the rules and their examples (`python -m policy.page`)."""

from __future__ import annotations

import datetime
import importlib
from typing import Any

from components.markdown import table
from policy.levels import LEVELS
from policy.plan_check.alarms import WATCHED, alarms
from policy.plan_check.report import report_of
from policy.plan_check.steps import Step
from policy.rules import RULES
from policy.rules.rule import Context, Example, Rule
from stacks.describe.page import ROOT, render

PAGE = ROOT / "docs" / "policies.md"


def render_page() -> str:
    """docs/policies.md."""
    advises = [f"in {name} {', '.join(sorted(parts))}" for name, parts in LEVELS.items() if parts]
    return render(
        "policies.md.j2",
        rules=table(
            ("rule", "what it wants", "severity", "judged", *LEVELS),
            [
                (f"[`{rule.id}`](#{rule.id})", rule.title, rule.severity, _judged(rule), *_levels(rule))
                for rule in RULES
            ],
        ),
        watched=table(
            ("what", "type", "what is lost with it"),
            [(kind, f"`{resource_type}`", loss) for resource_type, (kind, loss) in WATCHED.items()],
        ),
        alarm="\n".join(_alarm_example()),
        advises="; ".join(advises),
        details=[_detail(rule) for rule in RULES],
    )


def examples_of(rule: Rule) -> tuple[Example, ...]:
    """The examples of a rule."""
    return importlib.import_module(f"policy.examples.{rule.id.replace('-', '_')}").EXAMPLES


def _detail(rule: Rule) -> dict[str, Any]:
    shows, message = _refusal(rule)
    return {
        "id": rule.id,
        "title": rule.title,
        "why": rule.why,
        "severity": rule.severity,
        "judged": _judged(rule),
        "shows": shows[0].upper() + shows[1:],
        "message": message,
        "fix": rule.fix,
        "exempt": rule.exempt,
    }


def _levels(rule: Rule) -> list[str]:
    """How strict the rule is in each environment."""
    early = f", before {rule.denies_from} advisory" if rule.denies_from else ""
    return ["advisory" if rule.id in parts else f"mandatory{early}" for parts in LEVELS.values()]


def _alarm_example() -> tuple[str, ...]:
    """What the check of a plan says of a bucket that moves."""
    urn = "urn:pulumi:prod::gemma-platform::gemma-platform:index:ModelBucket$gcp:storage/bucket:Bucket::models"
    moved = Step("replace", urn, {"location": "US-CENTRAL1"}, {"location": "EUROPE-WEST4"}, ("location",))
    day = datetime.date(2026, 11, 26)
    return report_of(alarms([moved], [], day), [], "prod", day).lines


def _judged(rule: Rule) -> str:
    return "at preview, at admission and in audits" if rule.admission(Context()) else "at preview and in audits"


def _refusal(rule: Rule) -> tuple[str, str]:
    """What the first example shows that is refused by itself, and the message that it really gets."""
    for example in examples_of(rule):
        found = rule.check(example.resource, example.context) if example.denied else []
        if found:
            return example.shows, found[0].message
    raise LookupError(f"{rule.id} has no example that is refused by itself")


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
