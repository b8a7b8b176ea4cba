"""The engine's events become a preview that does not depend on the order in which they came."""

from __future__ import annotations

import random
from typing import Any

from pulumi.automation import EngineEvent

from components.preview_report.events import STACK, preview_of

URN = "urn:pulumi:dev::p::"


def event(**content: Any) -> EngineEvent:
    """One event from the JSON that the engine writes."""
    return EngineEvent.from_json({"sequence": 1, "timestamp": 0, **content})


def step(op: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    state = {"type": kind, "urn": f"{URN}{kind}::{name}", "custom": True, **more}
    return {"metadata": {"op": op, "urn": state["urn"], "type": kind, "new": state, "keys": ["zone"]}}


def of_stack(outputs: dict[str, Any]) -> EngineEvent:
    return event(resOutputsEvent=step("same", STACK, "p-dev", outputs=outputs))


def said(severity: str, text: str, **more: Any) -> EngineEvent:
    return event(diagnosticEvent={"severity": severity, "message": f"{text}\n", "color": "never", **more})


def violation(policy: str, level: str) -> EngineEvent:
    content = {"policyName": policy, "enforcementLevel": level, "message": "m", "color": "never"}
    return event(policyEvent={**content, "policyPackName": "p", "policyPackVersion": "1", "policyPackVersionTag": "1"})


def test_the_order_of_steps_and_violations_makes_no_difference() -> None:
    events = [event(resourcePreEvent=step("create", "a:b:C", str(number))) for number in range(9)]
    events += [violation(f"rule-{number}", "advisory") for number in range(5)] + [violation("strict", "mandatory")]
    shuffled = events.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311
    found = preview_of(shuffled, None)
    assert found == preview_of(events, None)
    assert found.violations[0].policy == "strict"
    assert found.changes[0].reasons == ("zone",)


def test_outputs_are_those_of_a_program_that_came_to_its_end() -> None:
    deployed, planned = of_stack({"records": {"a": 1}}), of_stack({"records": {"a": 2}})
    assert preview_of([deployed, planned], None).outputs == {"records": {"a": 2}}
    assert preview_of([deployed], "failed").outputs is None
    # a program that breaks off registers no outputs: then the engine tells the deployed ones twice
    assert preview_of([deployed, said("error", "no"), deployed], "failed").outputs is None
    # a policy stops a preview after the program's end
    stopped = [deployed, violation("strict", "mandatory"), planned, said("error", "preview failed")]
    assert preview_of(stopped, "failed").outputs == {"records": {"a": 2}}
    slow = said(
        "error", "Detected that /a/pulumi-resource-gcp exited prematurely.\n  This is *always* a bug in the provider."
    )
    assert preview_of([*stopped, slow], "failed") == preview_of(stopped, "failed")
    assert preview_of(stopped, "failed").errors == []


def test_the_trace_of_the_engine_and_passing_messages_are_left_out() -> None:
    events = [
        said("debug", "registering"),
        said("info", "shown"),
        said("info#err", "too"),
        said("info", "x", ephemeral=True),
    ]
    found = preview_of([*events, said("info", "shown")], None).messages
    assert [(message.severity, message.text) for message in found] == [("info", "shown"), ("info", "too")]
