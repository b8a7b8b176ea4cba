"""The report on a preview, in the sandbox: against its own state, or against a base that is brought up for it first.

The second is how a pull request is compared without any credential: what its base branch describes is brought up in an instance
of its own, which is thrown away afterwards, and the working tree is previewed against that. The report is the product's.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from sandbox.instance import Instance, SandboxError
from sandbox.paths import Layout

#: Runs a command with an environment to its end, its output shown or put into a file, and gives its exit code.
Run = Callable[[Sequence[str], Mapping[str, str], IO[bytes] | None], int]
COMMAND = [sys.executable, "-m", "components.preview_report"]
UP = [
    "up",
    "--yes",
    "--skip-preview",
    "--suppress-progress",
    "--suppress-outputs",
    "--non-interactive",
    "--color",
    "never",
]
#: Lines of a failed update that are shown.
LAST_LINES = 15


def report(run: Run, used: Instance, project: Path, env: str, arguments: Sequence[str]) -> int:
    """Reports on the working tree against the state of an instance. Gives the exit code of the report."""
    return run([*COMMAND, "--env", env, *arguments], used.stack_environ(project, env), None)


def report_against(run: Run, base: str, project: Path, env: str, arguments: Sequence[str]) -> int:
    """The same against what a commit of git describes, which is brought up first and thrown away afterwards.

    Raises SandboxError where there is no such commit, and where what it describes cannot be brought up.
    """
    commit = _git(project, "rev-parse", "--verify", "--short=7", f"{base}^{{commit}}")
    if commit is None:
        raise SandboxError(
            f"--base: git knows no commit '{base}'; give a branch, a tag or a commit that has been fetched"
        )
    with tempfile.TemporaryDirectory(prefix="base-") as temporary:
        source, scratch = Path(temporary) / "project", Instance(Path(temporary) / "instance")
        _check_out(project, base, source)
        # an environment that the base does not know yet has nothing deployed
        if (source / f"Pulumi.{env}.yaml").is_file():
            _bring_up(run, scratch, source, env, base)
        name = commit.decode().strip()
        label = f"{base} in the sandbox" if base.startswith(name) else f"{base} ({name}) in the sandbox"
        return report(run, scratch, project, env, ["--compared-with", label, *arguments])


def check_digest(run: Run, used: Instance, project: Path, env: str, digest: str) -> int:
    """0 where the input is that of the report with this digest; else says what differs."""
    return report(run, used, project, env, ["--expect", digest, "--digest-only"])


def _bring_up(run: Run, scratch: Instance, source: Path, env: str, base: str) -> None:
    command = [scratch.pulumi(), *UP, "--stack", env, "--cwd", str(source)]
    output = scratch.folder.parent / "output"
    environ = scratch.stack_environ(source, env)
    with output.open("wb") as file:
        code = run(command, environ, file)
    if code:
        last = "\n".join(output.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])
        raise SandboxError(
            f"what {base} describes cannot be brought up, so that nothing can be compared with it:\n{last}"
        )


def _check_out(project: Path, base: str, target: Path) -> None:
    """The files of a commit, with the virtual environment of the working tree."""
    target.mkdir()
    archive = target.with_suffix(".tar")
    with archive.open("wb") as file:
        subprocess.run(["git", "archive", "--format=tar", base], cwd=project, stdout=file, check=True)
    with tarfile.open(archive) as opened:
        opened.extractall(target, filter="tar")
    (target / ".venv").symlink_to(Layout().venv, target_is_directory=True)


def _git(project: Path, *arguments: str) -> bytes | None:
    answer = subprocess.run(["git", *arguments], cwd=project, capture_output=True)
    return answer.stdout if answer.returncode == 0 else None
