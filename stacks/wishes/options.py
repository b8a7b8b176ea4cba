"""The flags of a command, made from the fields of the form: same names, same help, same choices."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from stacks.wishes.form_fields import FormField

#: Flags that both commands have beside the fields.
EnvOption = Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Ask nothing: take the flags as they are, and write.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show all, print the file, and write nothing.")]
CheckOption = Annotated[Path | None, typer.Option(help="Instead: say everything that is wrong with this team's file.")]

_KINDS = {"integer": "NUMBER", "number": "NUMBER", "array": "LIST", "object": "NAME=NUMBER,..."}


def with_flags(command: Callable[..., None], fields: Iterable[FormField]) -> Callable[..., None]:
    """`command` with a flag for each of the fields, in front of its own; it gets those that were given in `**given`."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    flags = [_parameter(field) for field in fields]

    def called(**arguments: Any) -> None:
        command(**arguments)

    kept = [each for each in own if each.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*flags, *kept)]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


def given_values(given: Mapping[str, Any], fields: Iterable[FormField]) -> dict[str, Any]:
    """What the flags say, as it would be read from a file; without those that were not given."""
    return {field.name: _value(field, given[field.name]) for field in fields if given.get(field.name) is not None}


def _value(field: FormField, given: Any) -> Any:
    if isinstance(given, bool):
        return given
    return field.read(given)


def _parameter(field: FormField) -> inspect.Parameter:
    help_text = field.description
    if field.default is not None and "default" not in help_text.lower():
        help_text += f" Default: {field.shown(field.default)}."
    if field.type == "boolean":
        option: Any = Annotated[bool | None, typer.Option(f"{field.flag}/--no-{field.flag[2:]}", help=help_text)]
    else:
        option = Annotated[str | None, typer.Option(field.flag, help=help_text, metavar=_metavar(field))]
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)


def _metavar(field: FormField) -> str:
    if field.choices:
        return "|".join(field.choices) if field.type != "array" else f"{','.join(field.choices)}"
    return _KINDS.get(field.type, "TEXT")
