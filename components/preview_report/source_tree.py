"""Which content a folder has: the hash of git's tree and of what differs from it, or of its files where there is no git.

The tree and not the commit, so that a merge of the same content counts as the same.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

#: What set-up and tools make, where no git says what to ignore.
NOT_SOURCE = frozenset({"__pycache__", "node_modules"})


def commit_of(folder: Path) -> str:
    """The short name of the commit, with a plus sign where files differ from it."""
    commit = _git(folder, "rev-parse", "--short=7", "HEAD")
    if commit is None:
        return "unknown"
    return commit.decode().strip() + ("+" if _changed(folder) else "")


def tree_of(folder: Path) -> str:
    """A digest of the content. A clean work tree has that of its commit's tree."""
    tree = _git(folder, "rev-parse", "HEAD^{tree}")
    if tree is None:
        return _of_files(folder)
    changed = _changed(folder)
    if not changed:
        return tree.decode().strip()
    return hashlib.sha256(tree + changed).hexdigest()


def _changed(folder: Path) -> bytes:
    """What differs from the commit: tracked files as a patch, and the others that git does not ignore."""
    patch = (
        _git(folder, "diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv", "--no-color", "--relative") or b""
    )
    others = _git(folder, "ls-files", "--others", "--exclude-standard", "-z") or b""
    names = sorted(name for name in others.decode().split("\0") if name)
    return patch + b"".join(_entry(folder, folder / name) for name in names)


def _of_files(folder: Path) -> str:
    digest = hashlib.sha256()
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCE and not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                digest.update(_entry(folder, Path(current) / name))
    return digest.hexdigest()


def _entry(folder: Path, file: Path) -> bytes:
    content = file.read_bytes() if file.is_file() else b""
    return f"{file.relative_to(folder).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode()


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers; None where the folder is in no repository, or git is not there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(["git", *arguments], cwd=folder, env=kept, capture_output=True)
    except FileNotFoundError:
        return None
    return answer.stdout if answer.returncode == 0 else None
