"""Run the real engine on a copy of the project, from tests.

Each `Sandbox` has its own state, its own cloud and its own copy of the working tree, so tests can edit any file and
run side by side. The engine, the stand-ins and the virtual environment are those that `make setup` made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sandbox.instance import Instance
from sandbox.paths import ROOT, Layout
from sandbox.shim import prepare

TIME_LIMIT_SECONDS = 300.0
NEVER_INTERACTIVE = ("--non-interactive", "--color", "never")
AT_ONCE = ("--yes", "--skip-preview")


@dataclass(frozen=True)
class Result:
    """What one run of the engine gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """stdout and, after it, stderr."""
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Change:
    """One step of a preview. `op` is the engine's word: create, update, replace, delete, same and so on."""

    urn: str
    op: str

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """The resource's own type token, without those of its parents."""
        return self.urn.split("::")[2].rpartition("$")[2]


@dataclass(frozen=True)
class Sandbox:
    """An isolated instance of the sandbox with a copy of a project."""

    project: Path
    instance: Instance
    policy_pack: str | None = "policy"
    time_limit: float = TIME_LIMIT_SECONDS
    """Seconds that one run of the engine may take."""

    @classmethod
    def create(cls, tmp_path: Path, project: Path | None = None, policy_pack: str | None = "policy") -> Sandbox:
        """Copy `project` (this repository when None) into `tmp_path`.

        The copy holds the tracked files as they are now and the untracked ones that git does not ignore; a folder that
        is no git repository is copied whole. `.venv` is a link to the one of set-up. `policy_pack` is passed to every
        preview and up, relative to the project; None passes none.
        """
        target = tmp_path / "project"
        copy_tree(project or ROOT, target)
        venv = target / ".venv"
        if not venv.exists():
            venv.symlink_to(Layout().venv, target_is_directory=True)
        return cls(target, Instance(tmp_path / "instance"), policy_pack)

    def pulumi(self, *args: str, check: bool = False) -> Result:
        """Run any `pulumi` command line in the project, as in `make sandbox-shell`.

        With `check` an exit code other than 0 is an AssertionError that shows the output. Raises SandboxError for what
        the sandbox refuses and subprocess.TimeoutExpired after the time limit.
        """
        call = prepare(self.instance, args, self.project)
        answer = subprocess.run(
            call.command,
            cwd=self.project,
            env=call.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=self.time_limit,
        )
        result = Result(answer.returncode, answer.stdout, answer.stderr)
        assert not check or result.exit_code == 0, f"pulumi {' '.join(args)}: {result.exit_code}\n{result.output}"
        return result

    def preview(self, env: str = "dev", *more: str, expect_no_changes: bool = False, as_json: bool = False) -> Result:
        """`pulumi preview` with the policy pack. `as_json` gives the digest on stdout."""
        flags = [*(["--expect-no-changes"] if expect_no_changes else []), *(["--json"] if as_json else [])]
        return self._on_stack("preview", env, *self._policies(), *flags, *more)

    def up(self, env: str = "dev", *more: str) -> Result:
        """`pulumi up` with the policy pack, without a preview before it."""
        return self._on_stack("up", env, *AT_ONCE, *self._policies(), *more)

    def refresh(self, env: str = "dev", *more: str) -> Result:
        """`pulumi refresh`, without a preview before it."""
        return self._on_stack("refresh", env, *AT_ONCE, *more)

    def destroy(self, env: str = "dev", *more: str) -> Result:
        """`pulumi destroy`, with a preview before it: what is protected refuses there, before anything is deleted."""
        return self._on_stack("destroy", env, "--yes", *more)

    def changes(self, env: str = "dev") -> dict[str, str]:
        """Each resource's name and what a preview would do to it; what stays the same is left out.

        When several resources of one name change (of different types), their distinct operations are joined by commas
        in the order of the alphabet; `steps` tells them apart. A failing preview is an AssertionError with the output.
        """
        found: dict[str, set[str]] = {}
        for step in self.steps(env):
            if step.op != "same":
                found.setdefault(step.name, set()).add(step.op)
        return {name: ",".join(sorted(ops)) for name, ops in found.items()}

    def steps(self, env: str = "dev") -> list[Change]:
        """Every step of a preview, also of what stays the same; AssertionError when the preview fails."""
        result = self.preview(env, as_json=True)
        assert result.exit_code == 0, result.output
        return [Change(step["urn"], step["op"]) for step in json.loads(result.stdout).get("steps", [])]

    def stack_outputs(self, env: str = "dev") -> dict[str, Any]:
        """The stack's outputs; secrets are shown as "[secret]"."""
        self._ensure(env)
        return json.loads(self.pulumi("stack", "output", "--json", "--stack", env, check=True).stdout)

    def resources(self, env: str = "dev") -> list[dict[str, Any]]:
        """The resources in the state as `pulumi stack export` gives them (urn, type, inputs, outputs, parent, ...)."""
        self._ensure(env)
        exported = json.loads(self.pulumi("stack", "export", "--stack", env, check=True).stdout)
        return exported["deployment"].get("resources", [])

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which must occur exactly once in a file of the project; AssertionError when it does not."""
        file = self.project / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times, not once"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Create or overwrite a file of the project, with its folders."""
        file = self.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def remove(self, path: str) -> None:
        """Remove a file of the project."""
        (self.project / path).unlink()

    def fault(self, resource_name: str, kind: Literal["fail", "hang"]) -> None:
        """Make the stand-in's next operations on the resource of this Pulumi name fail or never answer."""
        faults = self._faults()
        self._write_faults(faults | {resource_name: kind})

    def clear_fault(self, resource_name: str) -> None:
        """Take one fault back; KeyError when it was not set."""
        faults = self._faults()
        del faults[resource_name]
        self._write_faults(faults)

    def environ(self, env: str = "dev") -> dict[str, str]:
        """The engine's environment for a test that starts it by itself; the stack exists afterwards."""
        return self.instance.stack_environ(self.project, env)

    def _on_stack(self, command: str, env: str, *flags: str) -> Result:
        self._ensure(env)
        return self.pulumi(command, "--stack", env, *NEVER_INTERACTIVE, *flags)

    def _ensure(self, env: str) -> None:
        self.instance.stack_environ(self.project, env)

    def _policies(self) -> list[str]:
        return ["--policy-pack", self.policy_pack] if self.policy_pack else []

    def _faults(self) -> dict[str, str]:
        file = self.instance.cloud / "faults.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def _write_faults(self, faults: dict[str, str]) -> None:
        self.instance.cloud.mkdir(parents=True, exist_ok=True)
        (self.instance.cloud / "faults.json").write_text(json.dumps(faults), encoding="utf-8")


def copy_tree(source: Path, target: Path) -> None:
    """Copy the files that belong to a project; links stay links."""
    for file in _project_files(source):
        copy = target / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, copy, follow_symlinks=False)


def _project_files(source: Path) -> Iterator[Path]:
    if not (source / ".git").exists():
        yield from (path.relative_to(source) for path in source.rglob("*") if path.is_file() or path.is_symlink())
        return
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    listed = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=True).stdout
    # A tracked file that was removed in the working tree is still listed.
    yield from (Path(name) for name in listed.split("\0") if name and (source / name).exists())
