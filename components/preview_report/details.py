"""What is folded away in a report: all resources that change, the engines' arguments before and after, and every value. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.plan_step import CREATE, DELETE, REPLACES, SAME, UNKNOWN, UPDATE
from components.preview_report.deployments import Records
from components.preview_report.preview import Change
from components.preview_report.report import Detail
from components.preview_report.state import SHOWN_SECRET, without_secrets
from components.preview_report.words import counted

#: Characters of a value that are shown.
VALUE_CHARACTERS = 120
#: Differing lines of a text that are shown.
TEXT_LINES = 20
SIGNS = {CREATE: "+", DELETE: "-", UPDATE: "~"}
_PART = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')


def counts(changes: Iterable[Change]) -> str:
    """`1 replaced, 1 deleted, 6 changed`; what would be lost comes first."""
    ops: dict[str, set[str]] = {}
    for change in changes:
        if change.counts and change.op != SAME:
            ops.setdefault(change.urn, set()).add(change.op)
    found = Counter(_fate(each) for each in ops.values())
    order = ("replaced", "deleted", "created", "changed")
    return ", ".join(f"{found[fate]} {fate}" for fate in order if found[fate]) or "nothing changes"


def resources(changes: Iterable[Change]) -> Detail | None:
    """Each resource that changes, and where."""
    lines = []
    for urn, steps in _by_resource(changes).items():
        sign = _sign(steps)
        paths = list(dict.fromkeys(path for step in steps for path in (step.reasons or step.paths)))
        kind, name = steps[0].type, urn.rpartition("::")[2]
        where = f": {', '.join(paths[:4])}{f' and {len(paths) - 4} more' if len(paths) > 4 else ''}" if paths else ""
        lines.append(f"{sign} {kind} {name}{where}")
    if not lines:
        return None
    return Detail(f"all resources ({len(lines)})", tuple(lines), "diff", "make preview")


def flags(before: Records, after: Records) -> Detail | None:
    """The engine's arguments, where they differ."""
    lines: list[str] = []
    shown = 0
    for key in sorted({*before, *after}):
        old, new = _arguments(before.get(key)), _arguments(after.get(key))
        if old == new:
            continue
        shown += 1
        lines.append(f"  {key}")
        lines += [f"- {argument}" for argument in old if argument not in new]
        lines += [f"+ {argument}" for argument in new if argument not in old]
    if not lines:
        return None
    title = f"engine flags before and after ({counted(shown, 'deployment')})"
    return Detail(title, tuple(lines), "diff", "the outputs `records` of the stack")


def every_value(changes: Iterable[Change]) -> Detail | None:
    """The preview, value by value."""
    lines: list[str] = []
    for urn, steps in _by_resource(changes).items():
        lines.append(f"{_sign(steps)} {steps[0].type} {urn.rpartition('::')[2]}")
        for step in steps:
            for path in step.paths if step.op == UPDATE or step.op in REPLACES else ():
                lines += _values(path, step)
    return Detail("full preview", tuple(dict.fromkeys(lines)), "diff", "pulumi preview --diff") if lines else None


def _values(path: str, step: Change) -> list[str]:
    old, new = (without_secrets(value_at(side, path)) for side in (step.old, step.new))
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new and old != new:
        return _lines(path, old, new)
    if old == new:
        return [f"      {path}: {'another secret' if old == SHOWN_SECRET else 'known to the provider alone'}"]
    found = [f"-     {path}: {_shown(old)}"] if old is not None else []
    return found + ([f"+     {path}: {_shown(new)}"] if new is not None else [])


def _lines(path: str, old: str, new: str) -> list[str]:
    """Of a text of many lines those that differ."""
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    found = [f"{line[0]}         {line[1:].strip()}" for line in compared if re.match(r"[-+](?![-+])", line)]
    left = len(found) - TEXT_LINES
    more = [f"          and {left} lines more"] if left > 0 else []
    return [f"      {path}:", *found[:TEXT_LINES], *more]


def value_at(inputs: Mapping[str, Any], path: str) -> Any:
    """The value at a place as the engine writes it: `spec.args[15]`, `data["a.b"]`; None where there is none."""
    value: Any = inputs
    for quoted, index, name in _PART.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and len(value) > int(index) else None
        else:
            value = value.get(quoted or name) if isinstance(value, Mapping) else None
    return value


def _shown(value: Any) -> str:
    if value == UNKNOWN:
        return "(known after the update)"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = text.replace(UNKNOWN, "(known after the update)")
    if "\n" in text:
        return f"(text of {len(text.splitlines())} lines)"
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]} ... ({len(text)} characters)"


def _by_resource(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.counts and change.op != SAME:
            found.setdefault(change.urn, []).append(change)
    return dict(sorted(found.items(), key=lambda item: (item[1][0].type, item[1][0].name, item[0])))


def _fate(ops: set[str]) -> str:
    if ops & REPLACES:
        return "replaced"
    return "deleted" if DELETE in ops else "created" if CREATE in ops else "changed"


def _sign(steps: Sequence[Change]) -> str:
    """A replacement is marked as what it is: something goes."""
    ops = {step.op for step in steps}
    return "!" if ops & REPLACES else SIGNS.get(next(iter(ops)), "~")


def _arguments(record: Mapping[str, Any] | None) -> list[str]:
    found = (record or {}).get("arguments")
    return [str(argument) for argument in found] if isinstance(found, list) else []
