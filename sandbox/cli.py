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
from typing import IO, Annotated, Literal, NoReturn

import typer
from rich.console import Console

from sandbox import summary
from sandbox.cluster import lifecycle
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.programs import build_all, program
from sandbox.instance import Instance, SandboxError, check_environment
from sandbox.paths import ROOT
from sandbox.plan_check import check_before_up, has_resources, preview_and_check
from sandbox.progress import SetupError
from sandbox.report import check_digest, report_against
from sandbox.report import report as report_on

POLICY_PACK = "policy"
DEMO_ENVIRONMENT = "dev"
SILENT = ["--non-interactive"]
POLICIES = ["--policy-pack", POLICY_PACK]
AT_ONCE = ["--yes", "--skip-preview", "--suppress-progress"]
#: The outputs hold a whole sizing record for each deployment: read them with `output`.
QUIET = ["--suppress-outputs"]

app = typer.Typer(no_args_is_help=True)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Environment = Annotated[str, typer.Argument(metavar="ENV", help="The environment: dev or prod, by Pulumi.<ENV>.yaml.")]


Clusters = Literal["files", "real"]


@app.callback()
def choose_cluster(
    context: typer.Context,
    cluster: Annotated[
        Clusters, typer.Option(help="What stands for the Kubernetes cluster: files, or the API server of `cluster`.")
    ] = "files",
) -> None:
    """Run the platform with the real Pulumi engine and no cloud."""
    context.obj = cluster


def instance(context: typer.Context, env_name: str) -> Instance:
    """That of the environment's real cluster where it is asked for, else the one in use.

    Raises SandboxError when the real cluster is asked for and does not run.
    """
    return running_instance(env_name) if context.obj == "real" else Instance.in_use()


def running_instance(env_name: str) -> Instance:
    """The instance whose stack an environment's real cluster belongs to. Raises SandboxError when it does not run."""
    layout = ClusterLayout.named(env_name)
    if lifecycle.running(layout) is None:
        raise SandboxError(f"no cluster of {env_name} runs: `make cluster ENV={env_name}` starts it")
    return Instance(layout.instance, kubeconfig=layout.kubeconfig)


def pulumi_command(used: Instance, arguments: Sequence[str]) -> list[str]:
    """The engine's command line, without colours when nobody sees them."""
    colour = [] if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ["--color", "never"]
    return [used.pulumi(), *arguments, *SILENT, *colour]


def become_pulumi(context: typer.Context, env_name: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the engine: its exit code and the keyboard's Ctrl-C are then its own affair."""
    used = instance(context, env_name)
    env = used.stack_environ(ROOT, env_name)
    command = pulumi_command(used, [*arguments, "--stack", env_name, *context.args])
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(command[0], command, env)  # noqa: S606


def preview_command(context: typer.Context, env_name: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """A preview's command line and its environment; the stack exists afterwards."""
    used = instance(context, env_name)
    environ = used.stack_environ(ROOT, env_name)
    return pulumi_command(
        used, ["preview", "--suppress-progress", "--stack", env_name, *options, *context.args]
    ), environ


@app.command(context_settings=PASS_ON)
def preview(context: typer.Context, env: Environment) -> None:
    """Show what would change, with the policies and what would be lost."""
    command, environ = preview_command(context, env, *POLICIES, *QUIET)
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
        code = report_on(run_to_its_end, instance(context, env), ROOT, env, context.args)
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
    if digest is not None and (code := check_digest(run_to_its_end, instance(context, env), ROOT, env, digest)):
        raise typer.Exit(code)
    command, environ = preview_command(context, env)
    # policies are judged by the update itself
    if has_resources(instance(context, env), ROOT, env) and (
        code := check_before_up(run_to_its_end, command, environ, ROOT, env)
    ):
        raise typer.Exit(code)
    become_pulumi(context, env, ["up", *AT_ONCE, *POLICIES, *QUIET])


@app.command(context_settings=PASS_ON)
def refresh(context: typer.Context, env: Environment) -> None:
    """Compare the state with the stand-ins' cloud and take over what differs."""
    become_pulumi(context, env, ["refresh", *AT_ONCE])


@app.command(context_settings=PASS_ON)
def destroy(context: typer.Context, env: Environment) -> None:
    """Remove everything that ENV describes."""
    # with its preview: there what is protected refuses before anything is deleted, without it only the protected is kept
    become_pulumi(context, env, ["destroy", "--yes", "--suppress-progress"])


@app.command(context_settings=PASS_ON)
def output(context: typer.Context, env: Environment) -> None:
    """Print the outputs of ENV (add --json for programs)."""
    become_pulumi(context, env, ["stack", "output"])


@app.command()
def reset(context: typer.Context) -> None:
    """Forget the sandbox's state and cloud. What set-up made stays, and so do real clusters: `cluster-down` is for them."""
    used = instance(context, DEMO_ENVIRONMENT)
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


@app.command()
def cluster(env: Environment = DEMO_ENVIRONMENT) -> None:
    """Start a real Kubernetes control plane for ENV; its programs are built the first time."""
    check_environment(ROOT, env)
    try:
        lifecycle.start(ClusterLayout.named(env), lambda text: typer.echo(f"cluster: {text}"))
    except SetupError as error:
        raise SandboxError(f"cluster: {error}") from None
    typer.echo(
        f"cluster: `make up ENV={env} CLUSTER=real` brings the stack up in it, `make cluster-shell` opens a shell"
    )


@app.command(name="cluster-programs")
def cluster_programs() -> None:
    """Build the programs of a control plane, as `cluster` does, and start nothing."""
    try:
        build_all()
    except SetupError as error:
        raise SandboxError(f"cluster: {error}") from None


@app.command(name="cluster-down")
def cluster_down(env: Environment = DEMO_ENVIRONMENT) -> None:
    """End the control plane of ENV and remove all that it held, the state of its stack included."""
    found = lifecycle.stop(ClusterLayout.named(env))
    typer.echo(f"cluster: {'ended and removed' if found else 'there is none'}")


@app.command(name="cluster-shell", context_settings=PASS_ON)
def cluster_shell(context: typer.Context, env: Environment = DEMO_ENVIRONMENT) -> None:
    """Open $SHELL where `kubectl` reaches the real cluster of ENV. Options go to the shell."""
    used = running_instance(env)
    folder = used.layout.private / "shell-cluster"
    folder.mkdir(exist_ok=True)
    link = folder / "kubectl"
    link.unlink(missing_ok=True)
    link.symlink_to(program("kubectl"))
    environ = {**os.environ, "KUBECONFIG": str(used.kubeconfig)}
    environ["PATH"] = os.pathsep.join([str(folder), environ["PATH"]])
    shell_program = os.environ.get("SHELL") or "/bin/sh"
    command = [shell_program, *context.args]
    if Path(shell_program).name == "bash" and not context.args:
        command += ["--rcfile", str(_bash_settings(used, environ["PATH"], "cluster"))]
    os.execvpe(shell_program, command, environ)  # noqa: S606


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
    used = instance(context, env)
    environ = used.stack_environ(ROOT, env)
    # The settings are found per command by the `pulumi` of this shell, as the stack may be changed in it.
    del environ["PULUMI_OPTION_CONFIG_FILE"]
    subprocess.run([used.pulumi(), "stack", "select", env], cwd=ROOT, env=environ, check=True, capture_output=True)
    programs = [str(used.layout.shell_programs), str(used.layout.venv / "bin")]
    environ["PATH"] = os.pathsep.join([*programs, environ["PATH"]])
    program = os.environ.get("SHELL") or "/bin/sh"
    command = [program, *context.args]
    if Path(program).name == "bash" and not context.args:
        command += ["--rcfile", str(_bash_settings(used, environ["PATH"], "sandbox"))]
    if not context.args:
        typer.echo(
            f"You are in the sandbox, stack {env}: `pulumi` is the real engine, with a private home, state and cloud\n"
            f"in {used.folder}. Nothing here reaches Google Cloud, a cluster or your own stacks,\n"
            "and the tracked files stay as they are. Try `pulumi preview --policy-pack policy`, `pulumi up`,\n"
            "`pulumi stack`, `pulumi state`. `exit` leaves; `python -m sandbox reset` forgets what was made."
        )
    os.chdir(ROOT)
    os.execvpe(program, command, environ)  # noqa: S606


def _bash_settings(used: Instance, path: str, prompt: str) -> Path:
    """The user's own settings, and after them the PATH again: many of them put something before it."""
    file = used.folder / "bashrc"
    file.write_text(f'[ -f ~/.bashrc ] && . ~/.bashrc\nPATH={_quoted(path)}\nPS1="({prompt}) $PS1"\n', encoding="utf-8")
    return file


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def main() -> None:
    """Run the command line; what the user can put right is one line and exit code 1."""
    try:
        app(prog_name="python -m sandbox", standalone_mode=True)
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")
