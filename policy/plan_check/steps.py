"""The steps of a preview, from either of the two forms in which the engine writes them.

`pulumi preview --json` gives one document for programs (pkg/display/json.go of v3.259.0); `--event-log` writes the same steps as
events while the preview is shown to people (sdk/go/common/apitype/events.go).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from components.plan_step import Step


class IncompletePreviewError(Exception):
    """What was given is no preview, or one that did not come to its end: nothing can be said of the whole plan."""


def read_steps(text: str) -> list[Step]:
    """The steps of a preview. Raises IncompletePreviewError for one that failed, and for what is none."""
    try:
        documents = _documents(text)
        digest = documents[0]
        if len(documents) == 1 and "sequence" not in digest:
            return _of_digest(digest)
        return _of_events(documents)
    except (json.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise IncompletePreviewError(f"this is not what `pulumi preview --json` writes: {error!r}") from None


def _documents(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _of_digest(digest: Mapping[str, Any]) -> list[Step]:
    errors = [one["message"].strip() for one in digest.get("diagnostics", ()) if one["severity"] == "error"]
    if errors or "changeSummary" not in digest:
        raise IncompletePreviewError(f"the preview failed: {' '.join(errors) or 'it did not come to its end'}")
    return [
        Step(
            step["op"],
            step["urn"],
            _inputs(step.get("oldState")),
            _inputs(step.get("newState")),
            tuple(step.get("replaceReasons") or ()),
        )
        for step in digest.get("steps", ())
    ]


def _of_events(events: Iterable[Mapping[str, Any]]) -> list[Step]:
    steps, results = [], []
    for event in events:
        if "summaryEvent" in event:
            results.append(event["summaryEvent"].get("result"))
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            reasons = tuple(step.get("keys") or ())
            steps.append(Step(step["op"], step["urn"], _inputs(step.get("old")), _inputs(step.get("new")), reasons))
    if results != ["succeeded"]:
        raise IncompletePreviewError("the preview failed, or did not come to its end")
    return steps


def _inputs(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (state or {}).get("inputs") or {}
