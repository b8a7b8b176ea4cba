"""Turns the engine's events into a preview. Knows their form (sdk/go/common/apitype/events.go of v3.259.0), asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from components.cost.plan.changes import RECORDS
from components.plan_step import SAME
from components.preview_report.preview import Change, Message, Preview, Violation
from components.preview_report.state import STACK

#: Severities that are shown; the engine adds its own trace as "debug".
SHOWN = ("info", "warning", "error")
#: What the engine logs as errors although the program came to its end (3.259.0): how it ends a preview that a policy stops, and
#: providers that it stopped itself, where the machine is slow. Every other failure has an error of its own.
OF_ITS_END = re.compile(r"^preview failed$|^Detected that \S+ exited prematurely\.")


def preview_of(events: Iterable[Any], failure: str | None) -> Preview:
    """The preview that the events tell of. They come in the order of a race, so everything is sorted."""
    changes, violations, messages, outputs = [], [], [], []
    for event in events:
        if event.resource_pre_event is not None:
            changes.append(_change(event.resource_pre_event.metadata))
        elif event.res_outputs_event is not None:
            step = event.res_outputs_event.metadata
            if step.type == STACK and step.new is not None:
                outputs.append(step.new.outputs or {})
        elif event.policy_event is not None:
            said = event.policy_event
            mandatory = said.enforcement_level == "mandatory"
            violations.append(
                Violation(said.policy_name, mandatory, said.message.strip(), getattr(said, "resource_urn", None) or "")
            )
        elif event.diagnostic_event is not None:
            _add_message(event.diagnostic_event, messages)
    return Preview(
        changes=tuple(sorted(changes, key=lambda change: (change.urn, change.op))),
        violations=tuple(sorted(set(violations), key=lambda v: (not v.mandatory, v.policy, v.urn, v.message))),
        messages=tuple(dict.fromkeys(messages)),
        outputs=_final(outputs) if failure is None or not _broke_off(messages) else None,
        failure=failure,
    )


def _change(step: Any) -> Change:
    state = step.new or step.old
    return Change(
        op=str(getattr(step.op, "value", step.op)),
        urn=step.urn,
        old=(step.old.inputs if step.old else None) or {},
        new=(step.new.inputs if step.new else None) or {},
        reasons=tuple(step.keys or ()),
        paths=tuple(sorted(step.detailed_diff or step.diffs or ())) if step.op != SAME else (),
        custom=bool(state.custom) if state else True,
    )


def _add_message(diagnostic: Any, messages: list[Message]) -> None:
    severity, text = diagnostic.severity.partition("#")[0], diagnostic.message.strip()
    if severity in SHOWN and text and not OF_ITS_END.search(text) and not diagnostic.ephemeral:
        messages.append(Message(severity, text))


def _final(outputs: list[Any]) -> Any:
    """The first event about the stack has its outputs as they are deployed, the last one those of the program.

    Records are among them once everything is registered.
    """
    return outputs[-1] if len(outputs) > 1 and RECORDS in outputs[-1] else None


def _broke_off(messages: list[Message]) -> bool:
    """Whether the program did not come to its end: then the last outputs are the deployed ones. A policy is no error."""
    return any(message.severity == "error" for message in messages)
