"""The sandbox's command line: `python -m sandbox <command>`, mostly used through the Makefile.

Every command runs the real `pulumi`, with the state, cloud and settings of one instance. Options that follow the
environment's name go to `pulumi` as they are: `python -m sandbox preview dev --diff`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated, NoReturn

import typer
from rich.console import Console

from sandbox import summary
from sandbox.instance import Instance, SandboxError
from sandbox.paths import ROOT
from sandbox.plan_check import check_before_up, has_resources, preview_and_check
from sandbox.report import check_digest, report_against
from sandbox.report import report as report_on

POLICY_PACK = "policy"
DEMO_ENVIRONMENT = "dev"
SILENT = ["--non-interactive"]
POLICIES = ["--policy-pack", POLICY_PACK]
AT_ONCE = ["--yes", "--skip-preview", "--suppress-progress"]
#: The outputs hold a whole sizing record for each deployment: read them with `output`.
QUIET = ["--suppress-outputs"]

app = typer.Typer(help="Run the platform with the real Pulumi engine and no cloud.", no_args_is_help=True)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Environment = Annotated[str, typer.Argument(metavar="ENV", help="The environment: dev or prod, by Pulumi.<ENV>.yaml.")]


def instance() -> Instance:
    """The instance in use: the one of the sandbox's shell, else the default one."""
    folder = os.environ.get("SANDBOX_INSTANCE")
    return Instance(Path(folder)) if folder else Instance.named("default")


def pulumi_command(used: Instance, arguments: Sequence[str]) -> list[str]:
    """The engine's command line, without colours when nobody sees them."""
    colour = [] if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ["--color", "never"]
    return [used.pulumi(), *arguments, *SILENT, *colour]


def become_pulumi(env_name: str, arguments: Sequence[str], extra: Sequence[str]) -> NoReturn:
    """Replace this process by the engine: its exit code and the keyboard's Ctrl-C are then its own affair."""
    used = instance()
    env = used.stack_environ(ROOT, env_name)
    command = pulumi_command(used, [*arguments, "--stack", env_name, *extra])
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(command[0], command, env)  # noqa: S606


def preview_command(env_name: str, extra: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """A preview's command line and its environment; the stack exists afterwards."""
    used = instance()
    environ = used.stack_environ(ROOT, env_name)
    return pulumi_command(used, ["preview", "--suppress-progress", "--stack", env_name, *extra]), environ


@app.command(context_settings=PASS_ON)
def preview(context: typer.Context, env: Environment) -> None:
    """Show what would change, with the policies and what would be lost."""
    command, environ = preview_command(env, [*POLICIES, *QUIET, *context.args])
    raise typer.Exit(preview_and_check(run_to_its_end, command, environ, ROOT, env))


@app.command(context_settings=PASS_ON)
def report(
    context: typer.Context,
    env: Environment,
    base: Annotated[
        str | None, typer.Option(help="Commit of git to compare with: brought up for this, and thrown away afterwards.")
    ] = None,
) -> None:
    """Report on a preview of ENV as a reviewer reads it. Options that follow go to `python -m components.preview_report`."""
    if base is None:
        code = report_on(run_to_its_end, instance(), ROOT, env, context.args)
    else:
        code = report_against(run_to_its_end, base, ROOT, env, context.args)
    raise typer.Exit(code)


@app.command(context_settings=PASS_ON)
def up(
    context: typer.Context,
    env: Environment,
    digest: Annotated[
        str | None, typer.Option(help="Digest of a report, or its JSON file: refuse where its input has changed since.")
    ] = None,
) -> None:
    """Create or change what ENV describes, with the policies; nothing that holds something is lost without agreement."""
    if digest is not None and (code := check_digest(run_to_its_end, instance(), ROOT, env, digest)):
        raise typer.Exit(code)
    command, environ = preview_command(env, context.args)
    # policies are judged by the update itself
    if has_resources(instance(), ROOT, env) and (code := check_before_up(run_to_its_end, command, environ, ROOT, env)):
        raise typer.Exit(code)
    become_pulumi(env, ["up", *AT_ONCE, *POLICIES, *QUIET], context.args)


@app.command(context_settings=PASS_ON)
def refresh(context: typer.Context, env: Environment) -> None:
    """Compare the state with the stand-ins' cloud and take over what differs."""
    become_pulumi(env, ["refresh", *AT_ONCE], context.args)


@app.command(context_settings=PASS_ON)
def destroy(context: typer.Context, env: Environment) -> None:
    """Remove everything that ENV describes."""
    # with its preview: there what is protected refuses before anything is deleted, without it only the protected is kept
    become_pulumi(env, ["destroy", "--yes", "--suppress-progress"], context.args)


@app.command(context_settings=PASS_ON)
def output(context: typer.Context, env: Environment) -> None:
    """Print the outputs of ENV (add --json for programs)."""
    become_pulumi(env, ["stack", "output"], context.args)


@app.command()
def reset() -> None:
    """Forget the sandbox's state and cloud. What set-up made stays."""
    used = instance()
    if used.folder.exists():
        shutil.rmtree(used.folder)
        typer.echo(f"removed {used.folder}")
    else:
        typer.echo(f"nothing to remove: {used.folder} does not exist")


@app.command()
def demo() -> None:
    """Bring dev up from nothing and say what came up, where, why and for how much money."""
    used, start = Instance.named("demo"), time.monotonic()
    shutil.rmtree(used.folder, ignore_errors=True)
    env = used.stack_environ(ROOT, DEMO_ENVIRONMENT) | {"PULUMI_DEBUG_COMMANDS": "true"}
    events = used.folder / "events.json"
    arguments = ["up", *AT_ONCE, *POLICIES, *QUIET, "--stack", DEMO_ENVIRONMENT, "--event-log", str(events)]
    typer.echo(f"Bringing {DEMO_ENVIRONMENT} up from nothing, with the real Pulumi engine and stand-ins for the cloud.")
    code = run_to_its_end(pulumi_command(used, arguments), env)
    if code != 0 or summary.errors(events):
        typer.echo(f"demo: the update of {DEMO_ENVIRONMENT} failed, see above", err=True)
        raise typer.Exit(code or 1)
    found = summary.collect(used, ROOT, DEMO_ENVIRONMENT, ROOT / POLICY_PACK, events, time.monotonic() - start)
    summary.show(found, Console())


def run_to_its_end(command: Sequence[str], env: Mapping[str, str], output: IO[bytes] | None = None) -> int:
    """Run the engine as a child and return its exit code. What it says goes into `output` where that is given.

    The child has a session of its own, so that a Ctrl-C reaches it exactly once, through here: the engine takes a
    first interrupt as "end in good order" and a second one as "stop at once, whatever is half done".
    """
    child = subprocess.Popen(
        command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )
    previous = {number: signal.signal(number, _pass_on_to(child)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _pass_on_to(child: subprocess.Popen[bytes]) -> Callable[[int, object], None]:
    def handler(number: int, frame: object) -> None:
        child.send_signal(signal.SIGINT)

    return handler


@app.command(context_settings=PASS_ON)
def shell(context: typer.Context, env: Environment = DEMO_ENVIRONMENT) -> None:
    """Open $SHELL in the project, where plain `pulumi` means the sandbox. Options go to the shell."""
    used = instance()
    environ = used.stack_environ(ROOT, env)
    # The settings are found per command by the `pulumi` of this shell, as the stack may be changed in it.
    del environ["PULUMI_OPTION_CONFIG_FILE"]
    subprocess.run([used.pulumi(), "stack", "select", env], cwd=ROOT, env=environ, check=True, capture_output=True)
    programs = [str(used.layout.shell_programs), str(used.layout.venv / "bin")]
    environ["PATH"] = os.pathsep.join([*programs, environ["PATH"]])
    program = os.environ.get("SHELL") or "/bin/sh"
    command = [program, *context.args]
    if Path(program).name == "bash" and not context.args:
        command += ["--rcfile", str(_bash_settings(used, environ["PATH"]))]
    if not context.args:
        typer.echo(
            f"You are in the sandbox, stack {env}: `pulumi` is the real engine, with a private home, state and cloud\n"
            f"in {used.folder}. Nothing here reaches Google Cloud, a cluster or your own stacks,\n"
            "and the tracked files stay as they are. Try `pulumi preview --policy-pack policy`, `pulumi up`,\n"
            "`pulumi stack`, `pulumi state`. `exit` leaves; `python -m sandbox reset` forgets what was made."
        )
    os.chdir(ROOT)
    os.execvpe(program, command, environ)  # noqa: S606


def _bash_settings(used: Instance, path: str) -> Path:
    """The user's own settings, and after them the PATH again: many of them put something before it."""
    file = used.folder / "bashrc"
    file.write_text(f'[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={_quoted(path)}\nPS1="(sandbox) $PS1"\n', encoding="utf-8")
    return file


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def main() -> None:
    """Run the command line; what the user can put right is one line and exit code 1."""
    try:
        app(prog_name="python -m sandbox", standalone_mode=True)
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")
