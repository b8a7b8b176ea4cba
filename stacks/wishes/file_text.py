"""The text of a team's file: a new one, or one with a deployment more. Pure.

What somebody wrote stays as it is, byte for byte: comments, order and blank lines. Fields that are not given are not written, so
that a file says what its team wants and nothing else.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

#: Tells editors where the form is; every team file begins with it.
SCHEMA_LINE = "# yaml-language-server: $schema=../../team.schema.json"
#: Version of the form that is written.
VERSION = 1
KEY = "deployments"


class CannotAddError(ValueError):
    """A file to which no program can add without changing what somebody wrote; the message says what to do."""


def team_text(team: Mapping[str, Any], deployments: list[Mapping[str, Any]]) -> str:
    """A whole new file."""
    text = f"{SCHEMA_LINE}\n{_lines({'schema': VERSION, **team})}"
    return text + (f"{KEY}:\n" + "".join(_item(each, 2, 4) for each in deployments) if deployments else "")


def text_with_deployment(text: str, deployment: Mapping[str, Any]) -> str:
    """`text` with one deployment more, behind those that it has.

    Raises CannotAddError where its deployments are not a list with a line for each field.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    at, added = _place(text, deployment)
    before = text[:at] if at == 0 or text[:at].endswith("\n") else text[:at] + newline
    result = before + added.replace("\n", newline) + text[at:]
    # the judge of all cases above: read again, it says the same and one deployment more
    old = yaml.safe_load(text)
    if _read(result) != {**old, KEY: [*(old.get(KEY) or ()), *yaml.safe_load(_item(deployment, 0, 2))]}:
        raise CannotAddError(f"its end is not a list of {KEY} to which a line can be added; add the deployment by hand")
    return result


def _read(text: str) -> Any:
    """The data of a text; None where it is no YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _place(text: str, deployment: Mapping[str, Any]) -> tuple[int, str]:
    """(where something is put in, what)."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise CannotAddError("it is no mapping with a line for each field; write it so first")
    found = next(((key, value) for key, value in root.value if key.value == KEY), None)
    if found is None:
        return len(text), f"{KEY}:\n{_item(deployment, 2, 4)}"
    key, listed = found
    if not isinstance(listed, yaml.SequenceNode):  # `deployments:` and nothing behind it
        return _line_end(text, key.end_mark.index), _item(deployment, 2, 4)
    if listed.flow_style or not listed.value:
        raise CannotAddError(
            f"line {key.start_mark.line + 1}: {KEY} is written in brackets; write each deployment as `- name: ...` in lines of "
            f"its own, or drop the empty {KEY}, and try again"
        )
    dash, column = listed.start_mark.column, listed.value[-1].start_mark.column
    return _behind(text, _end(listed.value[-1]), dash), _item(deployment, dash, column)


def _end(node: yaml.Node) -> int:
    """Index behind the last character of a node; a block itself ends only where the next thing begins."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return node.end_mark.index
    last = node.value[-1]
    return max(_end(part) for part in (last if isinstance(last, tuple) else (last,)))


def _behind(text: str, index: int, dash: int) -> int:
    """Where the next item begins: behind the line of `index`, and behind comments that are indented like its fields."""
    at = index if index and text[index - 1] == "\n" else _line_end(text, index)
    while at < len(text):
        end = _line_end(text, at)
        line = text[at:end]
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) <= dash:
            break
        at = end
    return at


def _line_end(text: str, index: int) -> int:
    """Index behind the line break that follows."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _item(deployment: Mapping[str, Any], dash: int, column: int) -> str:
    """One item of the list, its dash and its fields at these columns."""
    lines = textwrap.indent(_lines(deployment), " " * column)
    return f"{' ' * dash}-{lines[dash + 1 :]}"


def _lines(fields: Mapping[str, Any]) -> str:
    """A line for each field; what is more than one value stands in brackets."""
    return "".join(f"{name}: {_value(value)}\n" for name, value in fields.items())


def _value(value: Any) -> str:
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=True, width=math.inf, allow_unicode=True)
    return text.removesuffix("...\n").rstrip("\n")
