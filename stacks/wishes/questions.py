"""Asks somebody at a terminal for the fields of the form, with what they mean, what may be written and what holds otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import typer

from components.sizing.errors import did_you_mean
from stacks.wishes.form_fields import FormField

#: Of the fields that need not be written those that most change what a deployment gets; the others are asked for on request.
ASKED = (
    "group",
    "on_call_group",
    "typical_tokens",
    "active_hours_per_month",
    "inputs",
    "workload",
    "runs_on",
    "scale_to_zero",
    "availability",
)
#: Answer that takes back what was proposed.
LEFT_OUT = "none"
INTRODUCTION = f"An empty answer takes what stands in brackets, else the default; {LEFT_OUT} leaves a field out."
#: A value's own check: what is wrong with it, or None.
Check = Callable[[Any], str | None]


def ask(
    fields: Iterable[FormField], known: Mapping[str, Any], checks: Mapping[str, Check] | None = None
) -> dict[str, Any]:
    """Answers for the fields, in their order; `known` are what is proposed. What is left at its default is not in it."""
    fields = list(fields)
    first = [field for field in fields if field.required or field.name in ASKED or field.name in known]
    rest = [field for field in fields if field not in first]
    answers = dict(known)
    _ask_each(first, answers, checks or {})
    if rest and typer.confirm(f"{len(rest)} more fields, such as {rest[0].name} and {rest[-1].name}?", default=False):
        _ask_each(rest, answers, checks or {})
    return {field.name: answers[field.name] for field in fields if field.name in answers}


def ask_anew(fields: Iterable[FormField], values: dict[str, Any], checks: Mapping[str, Check]) -> None:
    """Asks with what `values` holds as proposals, and puts the answers in their place."""
    answers = ask(fields, values, checks)
    values.clear()
    values.update(answers)


def _ask_each(fields: Iterable[FormField], answers: dict[str, Any], checks: Mapping[str, Check]) -> None:
    for field in fields:
        proposed = answers.pop(field.name, field.default)
        answer = _ask_one(field, proposed, checks.get(field.name))
        if answer is not None and answer != field.default:
            answers[field.name] = answer


def _ask_one(field: FormField, proposed: Any, check: Check | None) -> Any:
    typer.echo(f"\n{field.description}")
    if allowed := _allowed(field):
        typer.echo(f"  {allowed}")
    default = "" if proposed is None else field.shown(proposed)

    def read(text: str) -> Any:
        if text.strip() in ("", LEFT_OUT):
            if field.required:
                raise typer.BadParameter("is needed")
            return None
        value = field.read(text.strip())
        problem = field.problem(value) or (check(value) if check else None)
        if problem is not None:
            raise typer.BadParameter(problem)
        return value

    # an empty answer to a required field has no default to stand for
    return typer.prompt(field.name, default=default, show_default=bool(default), value_proc=read)


def _allowed(field: FormField) -> str:
    if field.choices:
        several = " (several with commas)" if field.type == "array" else ""
        return f"allowed: {', '.join(field.choices)}{several}"
    if field.type == "boolean":
        return "yes or no"
    if examples := field.schema.get("examples"):
        return f"such as {', '.join(str(each) for each in examples)}"
    return ""


def one_of(names: Iterable[str], what: str) -> Check:
    """Accepts these names only."""
    known = list(names)

    def check(value: Any) -> str | None:
        return None if value in known else f"unknown {what} '{value}'{did_you_mean(str(value), known)}"

    return check


def none_of(names: Iterable[str], message: str) -> Check:
    """Accepts any name but these."""
    known = list(names)

    def check(value: Any) -> str | None:
        return message.format(value) if value in known else None

    return check
