"""What is wrong with a proposed file, named by the flags and questions that its author knows instead of lines of no file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stacks.problems import Problem, indented
from stacks.wishes.form_fields import deployment_fields, team_fields

_FIELD = re.compile(r"(?:deployments\[(?P<index>\d+)\]\.?)?(?P<name>\w*)(?P<inside>.*)")


def refusal(problems: Sequence[Problem], file: str, index: int, *, whole_file: bool) -> str:
    """All problems, and that nothing came of it. Asked for was the deployment `index` of `file`, or the whole file."""
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    named = [_by_flag(problem, index, whole_file) if problem.file == file else str(problem) for problem in problems]
    return "\n".join([f"{count}; nothing was written.", *(f"  {indented(line)}" for line in named)])


def _by_flag(problem: Problem, index: int, whole_file: bool) -> str:
    found = _FIELD.fullmatch(problem.field)
    if found is None or (not whole_file and found["index"] != str(index)):
        return str(problem)
    flags = {field.name: field.flag for field in (deployment_fields() if found["index"] else team_fields())}
    if found["name"] in flags:
        return f"{flags[found['name']]}{found['inside']}: {problem.message}"
    return problem.message if found["index"] and not found["name"] else str(problem)
