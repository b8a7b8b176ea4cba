"""What a release would change, and everything that stands against it. Changes nothing."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from semver import Version

from release import changelog
from release.errors import ReleaseError
from release.repository import Repository
from release.semantic_version import latest, parse_version, step, tag_of
from release.stated_versions import PLACES, RELEASED_SCHEMA, SCHEMA, with_version

BRANCH = "main"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A release that nothing stands against."""

    version: Version
    #: "first", "major", "minor" or "patch".
    step: str
    section: str
    files: dict[str, bytes]
    message: str
    tag: str
    tag_message: str


def plan_release(root: Path, wanted: str, day: datetime.date, any_branch: bool) -> Plan:
    """The release of what is committed. Raises ReleaseError with every reason against it."""
    repository = Repository(root)
    version = parse_version(wanted)
    problems = [*_about_the_tree(repository, any_branch)]
    previous = latest(repository.tags())
    since = tag_of(previous) if previous else None
    kind = _collected(problems, lambda: step(previous, version))
    subjects = _collected(problems, lambda: repository.subjects(since)) or []
    if not subjects:
        problems.append(f"there is nothing to release: no commit since {since or 'the beginning'}")
    released = _collected(
        problems, lambda: changelog.release_section(_read(root, changelog.FILE), version, day, subjects, since)
    )
    stated = _collected(problems, lambda: with_version({one.file: _read(root, one.file) for one in PLACES}, version))
    schema = _collected(problems, lambda: _read(root, SCHEMA))
    _collected(problems, lambda: check_schema(root, version))
    if problems or kind is None or released is None or stated is None or schema is None:
        raise ReleaseError(*problems)
    changed = {changelog.FILE: released.text, **stated, RELEASED_SCHEMA: schema}
    title = f"Release {version}"
    return Plan(
        version=version,
        step=kind,
        section=released.section,
        files={file: content.encode() for file, content in changed.items()},
        message=title,
        tag=tag_of(version),
        tag_message=f"{title}\n\n{released.notes}".strip() + "\n",
    )


def check_schema(root: Path, version: Version) -> None:
    """Raises ReleaseError where the components' schema breaks callers more than this version may."""
    command = [sys.executable, "-m", "components.schema_check", "--version", str(version)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8")
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip()
    why = "the components do not allow this version" if done.returncode == 1 else "the schema could not be checked"
    raise ReleaseError(f"{why} (python -m components.schema_check --version {version}):\n{said}")


def _about_the_tree(repository: Repository, any_branch: bool) -> list[str]:
    problems = []
    if changed := repository.changed_files():
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        problems.append(f"the tree has changes that are not committed: {shown}; commit or remove them")
    branch = repository.branch()
    if branch != BRANCH and not any_branch:
        where = f"the branch {branch}" if branch else "no branch"
        problems.append(f"this is {where}; release from {BRANCH}, or say ANY_BRANCH=1 (--any-branch)")
    if repository.is_shallow():
        problems.append("old commits are not here, so changes would be missing; run git fetch --unshallow --tags")
    return problems


def _read(root: Path, file: str) -> str:
    try:
        return (root / file).read_bytes().decode()
    except FileNotFoundError:
        raise ReleaseError(f"{file} is missing; a release needs it") from None


def _collected(problems: list[str], ask: Callable[[], T]) -> T | None:
    """What `ask` gives; where it refuses, its problems join the others."""
    try:
        return ask()
    except ReleaseError as error:
        problems += error.problems
        return None
