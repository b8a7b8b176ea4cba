"""A log as a measured case of an organisation's catalogue file, and that file with cases added."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from components.sizing.calibration import logged_graphs, outcome_of
from components.sizing.catalogue import Deployment, MeasuredCase
from components.sizing.engine_log import EngineLog
from components.sizing.errors import SizingError


def measured_case(
    log: EngineLog, deployment: Deployment, *, case_id: str, source: str, date: datetime.date
) -> dict[str, Any]:
    """The log as a row of `measured:` in an organisation's catalogue file; `deployment` is that of its comparison.

    Raises SizingError when the log ends before it shows whether the engine starts.
    """
    outcome = outcome_of(log)
    if outcome is None:
        raise SizingError(
            "the log ends before the engine has its KV cache or refuses to start, so it is no measured case"
        )
    described = {name: value for name, value in deployment.model_dump().items() if name != "id"}
    row = {
        "id": case_id,
        **described,
        "weights_gib": log.weights_gib,
        "kv_avail_gib": log.kv_avail_gib,
        "kv_tokens": log.kv_tokens,
        "max_concurrency_x": log.max_concurrency_x,
        "cuda_graphs_gib": logged_graphs(log),
        "outcome": outcome,
        # as in measured.yaml: version, flags or GPU missing is one step less
        "reliability": "high" if deployment.gpu and deployment.engine_version and log.args else "med",
        "source": " ".join(source.split()),
        "date": date,
    }
    row = {name: value for name, value in row.items() if value is not None}
    MeasuredCase.model_validate(row)
    return row


def as_yaml(cases: Sequence[Mapping[str, Any]]) -> str:
    """The text of an organisation's catalogue file with these cases."""
    return f"{MEASURED}:\n" + _rows(cases, 2)


#: The list of an organisation's catalogue file that holds measured cases.
MEASURED = "measured"


def _rows(cases: Iterable[Mapping[str, Any]], column: int) -> str:
    """The cases as entries of a YAML list that starts in that column."""
    # wide, so that every value stays on its line and can be indented
    text = yaml.safe_dump([dict(case) for case in cases], sort_keys=False, allow_unicode=True, width=100_000)
    return "".join(" " * column + line + "\n" for line in text.splitlines())


def with_cases(text: str, cases: Sequence[Mapping[str, Any]]) -> str:
    """The text of an organisation's catalogue file with cases added; all that is there stays as it is, comments too.

    Raises SizingError when it is no such file, holds one of the ids, or keeps its cases in a form that cannot be extended.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        before = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SizingError(f"cannot be read: {error}") from None
    if root is None:
        return text + as_yaml(cases)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or not isinstance(before, dict):
        raise SizingError("expected a mapping with a list of the catalogue on each top-level line")
    existing = before.get(MEASURED) or []
    ids = {row.get("id") for row in existing if isinstance(row, dict)} if isinstance(existing, list) else set()
    if repeated := [case["id"] for case in cases if case["id"] in ids]:
        raise SizingError(f"'{repeated[0]}' is there already; give another id")
    node = next((value for key, value in root.value if key.value == MEASURED), None)
    if node is None:
        whole = text if text.endswith("\n") else text + "\n"
        after = whole + "\n" + as_yaml(cases)
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        lines = text.splitlines(keepends=True)
        last = _last_line(node)
        lines[last] = lines[last].rstrip("\r\n") + "\n"
        after = "".join(lines[: last + 1]) + "\n" + _rows(cases, node.start_mark.column) + "".join(lines[last + 1 :])
    else:
        raise SizingError(f"'{MEASURED}' is not a list with one entry a line")
    if yaml.safe_load(after) != before | {MEASURED: [*existing, *(dict(case) for case in cases)]}:
        raise SizingError(f"'{MEASURED}' is written in a form that cannot be extended")
    return after


def _last_line(node: yaml.Node) -> int:
    """The last line that a node's content is on; a block's own end lies after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line
