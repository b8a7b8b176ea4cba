"""What is wrong with a settings file, in words that its author can act on. All problems are collected before any is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from components.form_problems import Path, field_name, message_of

__all__ = ["Path", "Problem", "SettingsError", "field_name", "line_of", "problems_of"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `line` is None where the place has no line of its own."""

    file: str
    line: int | None
    field: str
    message: str

    @property
    def place(self) -> str:
        """File, and line where there is one, as an editor opens it."""
        return f"{self.file}:{self.line}" if self.line is not None else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.field}: {self.message}" if self.field else f"{self.place}: {self.message}"


class SettingsError(Exception):
    """Everything that is wrong with the settings of an environment. Raised before anything is registered."""

    def __init__(self, environment: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        lines = [f"{count} in the settings of '{environment}'; nothing was changed."]
        super().__init__("\n".join([*lines, *(f"  {indented(str(problem))}" for problem in problems)]))


def indented(text: str) -> str:
    """A text of several lines as an entry of a list that is indented by two spaces."""
    return text.replace("\n", "\n  ")


def problems_of(error: ValidationError, model: type[BaseModel], file: str, lines: Mapping[Path, int]) -> list[Problem]:
    """The problems that pydantic found, each with its line, what was found and what is allowed."""
    return [_problem(dict(details), model, file, lines) for details in error.errors()]


def _problem(details: dict[str, Any], model: type[BaseModel], file: str, lines: Mapping[Path, int]) -> Problem:
    path: Path = tuple(details["loc"])
    return Problem(file, line_of(path, lines), field_name(path), message_of(details, model))


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of `path`, or of the nearest place around it that has one."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
