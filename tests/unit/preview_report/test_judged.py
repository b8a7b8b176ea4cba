"""What policies, settings and engine say becomes findings. The sentences come from the code that makes them, not from here."""

from __future__ import annotations

from typing import Any

import pytest

from components.google.preflight import DECLARED
from components.preview_report import judged
from components.preview_report.facts import Facts, Loss, Losses
from components.preview_report.markdown import report_markdown
from components.preview_report.preview import Message, Violation
from components.preview_report.report import GOES_ON, NOT_PREVIEWED, STOPPED
from policy import pack
from policy.judging import Judgement
from policy.rules import RULES
from tests.unit.preview_report.made import FACTS, TODAY, change, preview_of, report_of

BUDGET = next(rule for rule in RULES if rule.id == "quota-and-budget")
IMAGES = next(rule for rule in RULES if rule.id == "allowed-images")
PLACE = "stacks/dev/teams/support.yaml"


def urn(name: str) -> str:
    return change("same", "gcp:cloudrunv2/service:Service", name).urn


def said(rule: Any, message: str, *, mandatory: bool = True, place: str | None = None, name: str = "a") -> Violation:
    """A violation as the engine hands it on: the policy's description, and the sentence."""
    sentence = Judgement(rule, None, name, message, "mandatory" if mandatory else "advisory", place=place).sentence
    policy = rule.id if mandatory else rule.id + pack.ADVICE
    return Violation(policy, mandatory, f"{rule.title}: {rule.why}.\n{sentence}", urn(name))


def test_the_names_of_the_pack_are_those_that_it_uses() -> None:
    assert (judged.WHOLE_STACK, judged.ENVIRONMENT, judged.ADVICE) == (pack.WHOLE_STACK, pack.ENVIRONMENT, pack.ADVICE)


def test_a_violation_is_told_with_its_place_and_its_way_out(deployed: dict[str, Any]) -> None:
    violation = said(IMAGES, "a: image not by digest.", place=f"{PLACE}:10")
    report = report_of(preview_of(deployed, violations=(violation,), failure="error: it failed"), deployed)
    (found,) = report.findings
    assert (found.stops, found.rule, found.message, found.place) == (
        True,
        IMAGES.id,
        "a: image not by digest",
        f"{PLACE}:10",
    )
    assert found.fix == IMAGES.fix
    assert (report.exit_code, report.stopped_by) == (STOPPED, "1 policy stops this")
    assert f"| stops | {IMAGES.id} |" in report_markdown(report)


def test_what_is_wrong_with_a_whole_stack_names_its_rule_and_a_budget_its_line(deployed: dict[str, Any]) -> None:
    sentence = Judgement(
        BUDGET, None, "support", "support: 20 above the monthly_budget_usd 100.", "mandatory", place=PLACE
    ).sentence
    violation = Violation(pack.WHOLE_STACK, True, f"About the whole stack\n{BUDGET.id}: {sentence}", "")
    facts = Facts("dev", TODAY, budgets={"support": f"{PLACE}:8"})
    (found,) = report_of(preview_of(deployed, violations=(violation,), failure="x"), deployed, facts).findings
    assert (found.rule, found.place) == (BUDGET.id, f"{PLACE}:8")


def test_the_same_advice_about_many_is_one_row_and_advice_about_what_stays_is_folded_away(
    deployed: dict[str, Any],
) -> None:
    violations = tuple(
        said(IMAGES, f"{name}: no digest.", mandatory=False, name=name) for name in ("a", "b", "c", "d", "e")
    )
    steps = tuple(change("update", "gcp:cloudrunv2/service:Service", name) for name in ("a", "b", "c", "d"))
    report = report_of(preview_of(deployed, violations=violations, changes=steps), deployed)
    assert [(one.message, one.touched) for one in report.findings] == [
        ("a, b, c and 1 more: no digest", True),
        ("e: no digest", False),
    ]
    assert report.exit_code == GOES_ON
    assert "<details><summary>advice about what this does not change (1)" in report_markdown(report)


def test_what_was_not_checked_is_said_with_why(deployed: dict[str, Any]) -> None:
    messages = (
        Message(
            "info",
            f"the check of GPU quota and zones did not run, because googleapi: Error 403: no credentials; {DECLARED}",
        ),
        Message("info", "quota X was not checked, because it is not found; the declared quota is used"),
        Message("info", f"preflight is off, so that Google was not asked: {DECLARED}"),
    )
    unknown = Violation("vram-fit", False, "can't run policy 'vram-fit' during preview: x is unknown", "")
    report = report_of(preview_of(deployed, messages=messages, violations=(unknown,)), deployed)
    assert report.not_checked == (
        "GPU quota and zones (no credentials)",
        "quota X (it is not found)",
        "preflight is off",
        "vram-fit (values that only the update knows)",
    )
    assert report.findings == ()


def test_settings_that_cannot_be_read_are_told_by_their_place_and_nothing_is_planned(deployed: dict[str, Any]) -> None:
    facts = Facts("dev", TODAY, problems=((f"{PLACE}:12", "context_tokens: too many"), (PLACE, "owner: is missing")))
    messages = (Message("error", "2 problems in the settings of 'dev'; nothing was changed."),)
    report = report_of(preview_of(None, messages=messages, failure="x"), deployed, facts)
    assert (report.exit_code, report.stopped_by) == (STOPPED, "2 problems in the settings stop this")
    text = report_markdown(report)
    assert f"| stops | settings | context_tokens: too many | {PLACE}:12 |" in text
    assert "a month expected stays as it is, 2 problems in the settings stop this" in text
    assert "By team" not in text


def test_an_engine_that_stops_for_another_reason_is_told_in_its_own_words(deployed: dict[str, Any]) -> None:
    messages = (Message("error", "Program failed with an unhandled exception:\nKeyError: 'x'"),)
    report = report_of(preview_of(None, messages=messages, failure="x"), deployed)
    assert report.exit_code == NOT_PREVIEWED
    assert "| stops | engine | Program failed with an unhandled exception: KeyError: 'x' | - |" in report_markdown(
        report
    )
    silent = report_of(preview_of(None, failure="code: 255\nstderr: error: the stack is locked"), deployed)
    assert silent.findings[0].message == "stderr: error: the stack is locked"


@pytest.mark.parametrize(("agreed", "code"), [(None, STOPPED), ("agreed until 2026-12-05: moved", GOES_ON)])
def test_a_loss_stops_until_somebody_has_agreed(deployed: dict[str, Any], agreed: str | None, code: int) -> None:
    lost = Losses(
        (Loss("node pool a", "replaced", "its zone changes", agreed),), ("acknowledge:",) if agreed is None else ()
    )
    report = report_of(preview_of(deployed), deployed, FACTS, lost)
    assert report.exit_code == code
    text = report_markdown(report)
    assert ("someone must agree to 1 loss" in text) == (agreed is None)
    assert (agreed or "`acknowledge:` in Pulumi.dev.yaml") in text


def test_a_warning_of_the_program_that_a_policy_tells_too_is_told_once(deployed: dict[str, Any]) -> None:
    violation = said(IMAGES, "a: image not by digest.", mandatory=False)
    messages = (
        Message("warning", "a: image not by digest"),
        Message("warning", "payments/assistant expires on 2026-12-01"),
    )
    found = report_of(preview_of(deployed, violations=(violation,), messages=messages), deployed).findings
    assert [(one.rule, one.stops) for one in found] == [(IMAGES.id, False), ("plan", False)]
