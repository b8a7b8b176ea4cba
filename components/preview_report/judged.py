"""What the policies, the settings and the engine say, as findings with their place and their way out. Pure.

The policies' sentences are made in `policy/judging.py`: what is wrong, `To fix:`, and the place in brackets at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from components.plan_step import SAME
from components.preview_report.preview import Preview, Violation
from components.preview_report.report import Finding
from components.preview_report.words import listed

#: Policies of the pack that are no rule: what a rule finds in the whole stack, and what concerns the environment.
WHOLE_STACK, ENVIRONMENT, ADVICE = "whole-stack", "environment", "-advice"
TO_FIX = " To fix: "
#: Field of a team's file that a finding about its budget names.
BUDGET = "monthly_budget_usd"
_PLACE = re.compile(r" \(([^()\s]+\.ya?ml(?::\d+)?)\)\.?$")
#: How the SDK begins what it says of a policy that met a value which only the update knows.
CANNOT_RUN = "can't run policy"
#: How the components of the platform say what was not checked (`components/google/preflight.py`, `stacks/pools.py`).
_UNCHECKED = re.compile(
    r"^the check of (?P<what>.+?) did not run, because (?P<why>.+); the declared"
    r"|^(?P<quota>quota \S+) was not checked, because (?P<reason>.+); the declared"
    r"|^(?P<off>preflight is off)"
    r"|^(?P<unknown>no quota id is known for [^:]+)"
)
#: What else a preview tells that the report tells itself.
_TOLD = re.compile(
    r"^cost: USD|^cost: .* a month expected, now |^cost: \d+ smaller|: (a new revision|new|removed)[;: ]"
)
WARNING = "warning"


def policy_findings(preview: Preview, places: Mapping[str, str], budgets: Mapping[str, str]) -> list[Finding]:
    """What rules find wrong: what stops first. Advice about the same thing is one finding."""
    touched = {change.urn for change in preview.changes if change.op != SAME}
    found: dict[tuple[bool, str, str | None, bool, str], list[Finding]] = {}
    for one in preview.violations:
        if one.policy == ENVIRONMENT or CANNOT_RUN in one.message:
            continue
        finding = _finding(one, touched, places, budgets)
        # one sentence about many resources differs in their names, which come first
        about = finding.message.partition(": ")[2] or finding.message
        key = (finding.stops, finding.rule, finding.fix, finding.touched, about)
        found.setdefault(key, []).append(finding)
    joined = [_joined(same) for same in found.values()]
    return sorted(joined, key=lambda one: (not one.stops, not one.touched, one.rule, one.message))


def other_findings(
    preview: Preview, problems: Iterable[tuple[str, str]], of_policies: Sequence[Finding]
) -> list[Finding]:
    """What is wrong with the settings, why the engine stopped, and what the program warns of beside the policies."""
    found = [Finding(True, "settings", message, place, None) for place, message in problems]
    if preview.failure is not None and not found and not any(one.stops for one in of_policies):
        told = preview.errors or [_last_words(preview.failure)]
        found += [Finding(True, "engine", text, None, None) for text in dict.fromkeys(told)]
    said = " ".join(one.message for one in of_policies)
    for message in preview.messages:
        text = message.text
        if message.severity == WARNING and text not in said and not _TOLD.search(text) and not _is_old_price(text):
            found.append(Finding(False, "plan", text, None, None))
    return found


def not_checked(preview: Preview) -> list[str]:
    """What this preview takes on trust, each with why."""
    found = []
    for message in preview.messages:
        match = _UNCHECKED.search(message.text)
        if match is not None:
            what = match["what"] or match["quota"] or match["off"] or match["unknown"]
            why = match["why"] or match["reason"]
            found.append(f"{what} ({_reason(why)})" if why else what)
    unknown = {one.policy.removesuffix(ADVICE) for one in preview.violations if CANNOT_RUN in one.message}
    found += [f"{policy} (values that only the update knows)" for policy in sorted(unknown)]
    return list(dict.fromkeys(found))


def notes(preview: Preview) -> list[str]:
    """What else was said, for those who look closer."""
    return [
        message.text
        for message in preview.messages
        if (message.severity == "info" or _is_old_price(message.text))
        and not _TOLD.search(message.text)
        and not _UNCHECKED.search(message.text)
    ]


def _finding(one: Violation, touched: set[str], places: Mapping[str, str], budgets: Mapping[str, str]) -> Finding:
    rule = one.policy.removesuffix(ADVICE)
    # the first line is what the policy is about
    text = one.message.partition("\n")[2].strip() or one.message
    of_stack = rule == WHOLE_STACK
    if of_stack:
        rule, _, text = text.partition(": ")
    message, _, fix = text.partition(TO_FIX)
    match, subject = _PLACE.search(fix), message.partition(": ")[0]
    place = match[1] if match else places.get(subject)
    if BUDGET in message:
        place = budgets.get(subject, place)
    fix = _PLACE.sub("", fix).rstrip(".") or None
    # what a rule finds in the whole stack may come from any change of it
    about_change = of_stack or not one.urn or one.urn in touched
    return Finding(one.mandatory, rule, message.rstrip("."), place, fix, about_change)


def _joined(same: list[Finding]) -> Finding:
    first = same[0]
    if len(same) == 1:
        return first
    names = sorted({one.message.partition(": ")[0] for one in same})
    message = f"{listed(names)}: {first.message.partition(': ')[2]}"
    places = sorted({one.place for one in same if one.place})
    return Finding(first.stops, first.rule, message, listed(places) if places else None, first.fix, first.touched)


def _reason(text: str) -> str:
    """A refusal in two words; anything else as it was said."""
    if "credentials" in text:
        return "no credentials"
    return "no permission" if re.search(r"\b403\b|PERMISSION_DENIED", text) else text


def _is_old_price(text: str) -> bool:
    return text.startswith("cost: the price of ")


def _last_words(failure: str) -> str:
    lines = [line.strip() for line in failure.splitlines() if "error:" in line]
    return lines[-1] if lines else failure.strip()[-500:]
