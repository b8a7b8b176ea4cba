"""The git repository of a release: what it says, and one commit with one tag that are made both or not at all."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from release.errors import ReleaseError


class Repository:
    """A working tree. Nothing here talks to a remote."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def branch(self) -> str | None:
        """The branch that is checked out; None for a commit without one."""
        return self._git("symbolic-ref", "--short", "--quiet", "HEAD", accept=(0, 1)).strip() or None

    def changed_files(self) -> list[str]:
        """What differs from the last commit, files that git does not know included."""
        return [line[3:] for line in self._git("status", "--porcelain").splitlines()]

    def is_shallow(self) -> bool:
        """True where old commits were not fetched."""
        return self._git("rev-parse", "--is-shallow-repository").strip() == "true"

    def tags(self) -> list[str]:
        """All tags, of other branches too: a version is given once."""
        return self._git("tag", "--list").split()

    def subjects(self, since: str | None) -> list[str]:
        """First lines of the commits since a tag, newest first, without merges."""
        span = f"{since}..HEAD" if since else "HEAD"
        return self._git("log", "--no-merges", "--format=%s", span, "--").splitlines()

    def commit_and_tag(self, files: Mapping[str, bytes], message: str, tag: str, tag_message: str) -> None:
        """Writes the files, commits them alone, and tags the commit. When anything fails, everything is as before.

        The tree must be clean: what the files hold now is what is put back.
        """
        before = self._git("rev-parse", "HEAD").strip()
        old = {file: path.read_bytes() if (path := self.root / file).exists() else None for file in files}
        try:
            for file, content in files.items():
                (self.root / file).write_bytes(content)
            self._git("add", "--", *files)
            self._git("commit", "--quiet", "--message", message, "--only", "--", *files)
            self._git("tag", "--annotate", "--cleanup=verbatim", "--file=-", tag, stdin=tag_message)
        except BaseException:
            # also when somebody presses Ctrl-C: a half-made release looks like one
            self._git("reset", "--soft", "--quiet", before)
            for file, content in old.items():
                if content is None:
                    (self.root / file).unlink(missing_ok=True)
                else:
                    (self.root / file).write_bytes(content)
            self._git("reset", "--quiet", "--", *files)
            raise

    def _git(self, *arguments: str, accept: tuple[int, ...] = (0,), stdin: str | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, input=stdin, capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode not in accept:
            said = done.stderr.strip() or done.stdout.strip()
            raise ReleaseError(f"git {arguments[0]} failed, and everything is as it was: {said}")
        return done.stdout
