"""`pulumi.com/waitFor`: what a program wants to be true of an object before the next ones come. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.providers.cloud import CloudError

WAIT_FOR = "pulumi.com/waitFor"
STEP = re.compile(
    r"""\.(?P<name>(?:\\.|[^.\[\\])+) | \['(?P<quoted>[^']*)'\] | \[(?P<index>\d+|\*)\]
    | \[\?\(@\.(?P<key>[\w.]+)\s*==\s*["']?(?P<wanted>[^"')]*)["']?\)\]""",
    re.VERBOSE,
)


def wishes(annotations: Mapping[str, Any]) -> list[str]:
    """The expressions of the annotation: one as it is, several as a list in JSON. Raises CloudError for anything else."""
    text = str(annotations.get(WAIT_FOR, "")).strip()
    if not text.startswith("["):
        return [text] if text else []
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise CloudError(f"{WAIT_FOR}: {error}") from None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise CloudError(f"{WAIT_FOR} must be an expression or a list of expressions in JSON")
    return found


def unmet(expression: str, live: Mapping[str, Any]) -> str | None:
    """Why the object does not meet the expression yet; None when it does. Raises CloudError for one that nobody understands."""
    kind, equals, rest = expression.partition("=")
    if kind == "condition" and equals:
        name, _, wanted = rest.partition("=")
        return _unmet_condition(name, wanted or "True", live)
    if kind == "jsonpath" and (found := re.fullmatch(r"\{(.*?)\}(?:=(.*))?", rest, re.DOTALL)):
        values, wanted = at_path(live, found[1]), found[2]
        met = bool(values) if wanted is None else bool(values) and all(_text(one) == wanted for one in values)
        return None if met else f"{{{found[1]}}} is {', '.join(map(_text, values)) or 'not there'}"
    raise CloudError(f"{WAIT_FOR}: '{expression}' is neither condition=... nor jsonpath={{...}}=...")


def condition(live: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The condition of that type, if the object's status has it."""
    conditions = (live.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if str(one.get("type")).lower() == name.lower()), None)


def told(one: Mapping[str, Any]) -> str:
    """A condition in words."""
    reason = ": ".join(str(one[key]) for key in ("reason", "message") if one.get(key))
    return f"{one.get('type')}={one.get('status')}" + (f" ({reason})" if reason else "")


def all_told(live: Mapping[str, Any]) -> str:
    """All conditions of an object in words."""
    return "; ".join(told(one) for one in (live.get("status") or {}).get("conditions") or []) or "no conditions yet"


def at_path(live: Any, path: str) -> list[Any]:
    """The values at a JSONPath: names, indexes, `[*]`, and `[?(@.key=="value")]`. Raises CloudError for others."""
    values, rest = [live], path if path.startswith((".", "[")) else f".{path}"
    while rest:
        step = STEP.match(rest)
        if step is None:
            raise CloudError(f"{WAIT_FOR}: the sandbox does not understand '{rest}' of the path {{{path}}}")
        values = [inner for value in values for inner in _stepped(value, step)]
        rest = rest[step.end() :]
    return values


def _stepped(value: Any, step: re.Match[str]) -> list[Any]:
    index = step["index"]
    if step["key"] is not None:
        return [one for one in _list(value) if _text(at_path(one, step["key"])[:1]) == _text([step["wanted"]])]
    if index is not None:
        members = _list(value)
        return members if index == "*" else members[int(index) : int(index) + 1]
    name = step["quoted"] if step["quoted"] is not None else re.sub(r"\\(.)", r"\1", step["name"])
    return [value[name]] if isinstance(value, Mapping) and name in value else []


def _unmet_condition(name: str, wanted: str, live: Mapping[str, Any]) -> str | None:
    status = live.get("status") or {}
    found = condition(live, name)
    # a controller that has not seen the change yet speaks of the object as it was
    for seen in (status.get("observedGeneration"), (found or {}).get("observedGeneration")):
        if seen is not None and seen < live["metadata"].get("generation", seen):
            return "the change has not been seen by its controller yet"
    if found is not None and str(found.get("status")).lower() == wanted.lower():
        return None
    return told(found) if found is not None else f"no condition {name} yet; {all_told(live)}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
