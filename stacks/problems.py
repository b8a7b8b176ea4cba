"""What is wrong with a settings file, in words that its author can act on. All problems are collected before any is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from components.sizing.errors import did_you_mean

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `line` is None where the place has no line of its own."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


class SettingsError(Exception):
    """Everything that is wrong with the settings of an environment. Raised before anything is registered."""

    def __init__(self, environment: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        lines = [f"{count} in the settings of '{environment}'; nothing was changed."]
        super().__init__("\n".join([*lines, *(f"  {_indented(problem)}" for problem in problems)]))


def _indented(problem: Problem) -> str:
    return str(problem).replace("\n", "\n  ")


def field_name(path: Path) -> str:
    """A path in a YAML file as people write it: `deployments[0].model`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def problems_of(error: ValidationError, model: type[BaseModel], file: str, lines: Mapping[Path, int]) -> list[Problem]:
    """The problems that pydantic found, each with its line, what was found and what is allowed."""
    return [_problem(dict(details), model, file, lines) for details in error.errors()]


def _problem(details: dict[str, Any], model: type[BaseModel], file: str, lines: Mapping[Path, int]) -> Problem:
    path: Path = tuple(details["loc"])
    found, kind, context = details["input"], details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        message = f"unknown field{did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))}"
    elif kind == "missing":
        message = "is missing"
    elif kind in ("literal_error", "enum"):
        allowed = [part.strip().strip("'") for part in str(context["expected"]).replace(" or ", ", ").split(", ")]
        message = f"found {found!r}{did_you_mean(str(found), allowed)}"
    elif kind == "value_error":
        message = str(context["error"])
    else:
        message = f"{details['msg'][0].lower()}{details['msg'][1:]} (found {found!r})"
    return Problem(file, line_of(path, lines), field_name(path), message)


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of `path`, or of the nearest place around it that has one."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """Names that may be written at `path` of a file that `model` describes."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        current = _model_in(current.model_fields[part].annotation)
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside a type such as `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _model_in(argument)) is not None:
            return found
    return None
