"""The `pulumi` of the sandbox's shell and of its tests: any command line of the real engine, made safe for the tree.

It finds out which stack a command is about, gives the engine the sandbox's copy of that stack's settings (see
`sandbox.instance`), and then becomes the engine. Commands whose purpose is to write secret settings into the tracked
file are refused, since what they would write could be read by nobody but the sandbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.instance import Instance, SandboxError

VALUED_FLAGS = frozenset({"-C", "--cwd", "-s", "--stack", "--color", "-v", "--verbose", "--tracing", "--profiling"})
"""Flags before the command whose value is a word of its own."""

WITH_SETTINGS = frozenset({"preview", "pre", "up", "update", "refresh", "destroy", "down", "dn", "import", "watch"})
CONFIG = frozenset({"config", "conf", "cfg"})
PLAIN_WRITERS = frozenset({"set", "set-all", "rm", "rm-all"})
"""Commands of `config` that edit the tracked file, as the user wants, and leave its secrets alone."""

REFUSED = frozenset({("config", "cp"), ("config", "refresh"), ("config", "env"), ("stack", "change-secrets-provider")})


@dataclass(frozen=True)
class Call:
    """What is to be executed."""

    command: list[str]
    env: dict[str, str]


def prepare(instance: Instance, arguments: Sequence[str], folder: Path) -> Call:
    """The real engine's command line and environment for `arguments` given in `folder`; raises SandboxError."""
    given = _flag(arguments, "-C", "--cwd")
    project = _project(folder / given if given else folder)
    words = _words(arguments)
    verb = (("config" if words[0] in CONFIG else words[0]), words[1] if len(words) > 1 else "") if words else ("", "")
    call = Call([instance.pulumi(), *arguments], instance.environ())
    if project is None:
        return call
    if _writes_secrets(verb, arguments):
        raise SandboxError(
            f"`pulumi {' '.join(arguments)}` would write secrets of the sandbox into the tracked settings: "
            "run it against the real backend"
        )
    if verb == ("stack", "init"):
        return _create(instance, project, words[2:] or [_flag(arguments, "-s", "--stack")])
    if verb[0] in WITH_SETTINGS or (verb[0] == "config" and verb[1] not in PLAIN_WRITERS):
        stack = _flag(arguments, "-s", "--stack") or _selected(instance, project)
        name = stack.rpartition("/")[2]
        if name and (project / f"Pulumi.{name}.yaml").exists():
            call.env["PULUMI_OPTION_CONFIG_FILE"] = str(instance.write_settings(project, name))
    return call


def _writes_secrets(verb: tuple[str, str], arguments: Sequence[str]) -> bool:
    """Whether the engine would put a salt or a ciphertext into the tracked settings, whatever we give it."""
    if verb == ("stack", "history"):
        return "--show-secrets" in arguments  # it reads the secrets provider without --config-file, and saves it
    return verb in REFUSED or (verb[0] == "config" and verb[1] in PLAIN_WRITERS and "--secret" in arguments)


def _create(instance: Instance, project: Path, names: Sequence[str]) -> Call:
    """Create the stack beside the copies of the settings, then select it as `stack init` does."""
    if not names[0]:
        raise SandboxError("say which stack: pulumi stack init <environment>")
    instance.stack_environ(project, names[0].rpartition("/")[2])
    return Call([instance.pulumi(), "stack", "select", names[0], "-C", str(project)], instance.environ())


def _words(arguments: Sequence[str]) -> list[str]:
    """The words that are neither flags nor the values of flags that may stand before the command."""
    words, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument.startswith("-"):
            skip = argument in VALUED_FLAGS
        else:
            words.append(argument)
    return words


def _flag(arguments: Sequence[str], short: str, long: str) -> str:
    """The last value given to a flag; an empty text when it is not given."""
    value = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument in (short, long):
            value = following
        elif argument.startswith(f"{long}="):
            value = argument.partition("=")[2]
        elif argument.startswith(short) and not argument.startswith("--"):
            value = argument.removeprefix(short).removeprefix("=")
    return value


def _project(folder: Path) -> Path | None:
    """The nearest folder upwards that holds a project, as the engine looks for it."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if (each / "Pulumi.yaml").exists()), None)


def _selected(instance: Instance, project: Path) -> str:
    """The selected stack; an empty text when none is, which the engine itself then says."""
    command = [instance.pulumi(), "stack", "--show-name", "--non-interactive"]
    env = instance.environ() | {name: os.environ[name] for name in ("PULUMI_STACK",) if name in os.environ}
    answer = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def main(arguments: Sequence[str]) -> None:
    """Become the engine; the instance is that of the shell, named by SANDBOX_INSTANCE."""
    folder = os.environ.get("SANDBOX_INSTANCE")
    instance = Instance(Path(folder)) if folder else Instance.named("default")
    try:
        call = prepare(instance, arguments, Path.cwd())
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")
    # The shell began with a clean environment: what has been set in it since, such as PULUMI_STACK, is meant.
    meant = {name: value for name, value in os.environ.items() if name.startswith("PULUMI_")}
    os.execve(call.command[0], call.command, meant | call.env)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
