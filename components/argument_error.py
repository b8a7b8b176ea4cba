"""What is wrong with a component's arguments: every problem with its path, in the names that Python programs write. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from components.form_problems import Path, field_name

__all__ = ["ArgumentError", "ArgumentProblem", "Path", "check_given", "check_way"]


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """One thing to mend; the path is that of an argument, empty where no single one is at fault."""

    path: Path
    message: str

    def __str__(self) -> str:
        return f"{field_name(self.path)}: {self.message}" if self.path else self.message


class ArgumentError(ValueError):
    """Arguments that cannot be used. Raised before anything is registered."""

    def __init__(self, *problems: ArgumentProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def check_given(args: Mapping[str, object], names: Iterable[str], why: str) -> None:
    """Raises ArgumentError with every one of the arguments that is missing; `why` says what needs them, or what they need."""
    if missing := [name for name in names if name not in args]:
        raise ArgumentError(*(ArgumentProblem((name,), f"is missing; {why}") for name in missing))


def check_way(args: Mapping[str, object], derived: Sequence[str], of_wish: Collection[str]) -> bool:
    """True where `args` have a wish, False where they state what follows from one; it must be exactly one of the two.

    `derived` are the arguments that follow from a wish and are all needed without one; `of_wish` those that belong to a wish.
    Raises ArgumentError naming what is missing or too much.
    """
    if "wish" in args:
        stated = [name for name in derived if name in args]
        if stated:
            raise ArgumentError(
                *(ArgumentProblem((name,), "follows from wish; leave one of them out") for name in stated)
            )
        return True
    idle = [ArgumentProblem((name,), "has no meaning without wish") for name in sorted(of_wish) if name in args]
    missing = [name for name in derived if name not in args]
    if missing == list(derived):
        raise ArgumentError(
            *idle, ArgumentProblem(("wish",), f"is missing; give it, or what follows from it: {', '.join(derived)}")
        )
    lacking = [ArgumentProblem((name,), "is missing; give it, or a wish that it follows from") for name in missing]
    if problems := [*idle, *lacking]:
        raise ArgumentError(*problems)
    return False
