"""Which Pulumi a command of the CI drives: the real backend that PULUMI_BACKEND_URL names, else the sandbox.

In both cases it is the engine that set-up pinned. Knows the engine's exit codes; decides nothing about changes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import CiError
from sandbox.instance import Instance, SandboxError
from sandbox.paths import ROOT, Layout
from stacks.environment_names import environment_names

BACKEND = "PULUMI_BACKEND_URL"
NEVER_INTERACTIVE = ("--non-interactive", "--color", "never")
#: `--expect-no-changes` met changes (measured with 3.259.0); other failures have other codes.
CHANGES_MET = 7


@dataclass(frozen=True)
class Engine:
    """The `pulumi` of one environment, and where its state lies."""

    env: str
    environ: Mapping[str, str]
    #: True for a backend of one's own, False for the sandbox.
    real: bool

    def run(self, *arguments: str) -> int:
        """Runs `pulumi` for people to see, and gives its exit code."""
        return self._pulumi(arguments).returncode

    def answer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `pulumi` and gives what it wrote."""
        return self._pulumi(arguments, capture_output=True)

    def _pulumi(self, arguments: Sequence[str], capture_output: bool = False) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--stack", self.env, *NEVER_INTERACTIVE]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL, capture_output=capture_output, text=True
        )


def engine_of(env: str) -> Engine:
    """The engine for an environment. Raises CiError where set-up has not been done or there is no such environment."""
    check_environment(env)
    try:
        if not os.environ.get(BACKEND):
            return Engine(env, Instance.in_use().stack_environ(ROOT, env), real=False)
        programs = Layout().engine_programs()
    except (SandboxError, FileNotFoundError) as error:
        raise CiError(str(error)) from None
    path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    return Engine(env, {**os.environ, "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}, real=True)


def check_environment(env: str) -> None:
    """Raises CiError for a name without a Pulumi.<env>.yaml."""
    known = environments()
    if env not in known:
        raise CiError(f"'{env}' is no environment; there are {', '.join(known)} (Pulumi.<environment>.yaml)")


def environments() -> list[str]:
    """All environments, in the order of the alphabet."""
    return environment_names(ROOT)


def run_python(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs one of the project's own commands for people to see, and gives its exit code."""
    command = [str(Layout().python), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL).returncode
