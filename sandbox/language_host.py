"""The Python language host: what the Pulumi engine starts to run a Python program, policy pack or component plugin.

Official releases of the Pulumi CLI bring their own host. The engine that set-up builds comes without it (its Go module
is not published), so this file answers the same gRPC service, with the stubs that the `pulumi` package carries. It does
what the engine needs to run programs that have their virtual environment: it generates and installs nothing.

It is one file on purpose: the engine starts it with `python -I`, so that neither the working directory nor PYTHONPATH
can change what it imports.

Start-up: the last argument is the engine's address; the port on which this process serves is the first line on stdout.
Its end: SIGINT or SIGTERM from the engine, or the engine's death, which is watched. No child survives it.

Source of the behaviour: pulumi/pulumi v3.259.0, sdk/proto/pulumi/language.proto and sdk/python/cmd.
"""

# The names of the methods are those of the gRPC service.
# ruff: noqa: N802

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import language_pb2 as lang
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

LAUNCHER = "pulumi-language-python-exec"
"""The script of Pulumi's SDK that prepares the runtime and then runs the program."""

BAIL_EXIT_CODE = 32
"""With this code the launcher says: the error was already shown to the user."""

ENGINE_CHECK_SECONDS = 1.0
"""How often the host looks whether the engine that started it is still alive."""

GRACE_SECONDS = 2.0
"""What a child gets between SIGTERM and SIGKILL. The engine kills this host five seconds after its own SIGINT."""


class Children:
    """The processes that this host started, each the leader of a process group of its own.

    After `stop_all` nothing more can be started: a request that arrives while the host goes down must not leave a
    process behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def start(
        self, command: Sequence[str], folder: str, env: Mapping[str, str], output: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `command`; raises OSError when it cannot be started, RuntimeError when the host is going down."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the language host is shutting down")
            start = functools.partial(subprocess.Popen[bytes], stdin=subprocess.DEVNULL, start_new_session=True)
            child = start(command, cwd=folder, env=env, stdout=output, stderr=output)
            self._running.add(child)
            return child

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """End the whole process group of `child`, and kill what is left of it after the grace time."""
        # Not SIGINT: each Python would write a traceback, in the middle of what the user reads.
        _signal_group(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        # The leader may be gone while a grandchild is not: the group is killed in any case.
        _signal_group(child, signal.SIGKILL)
        child.wait()
        with self._lock:
            self._running.discard(child)

    def stop_all(self) -> None:
        """Stop every child at once, and let no other start."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        threads = [threading.Thread(target=self.stop, args=(child,)) for child in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # macOS answers EPERM, not ESRCH, for a group that has just ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def interpreter(info: lang.ProgramInfo) -> str:
    """The Python that runs the program: that of the `virtualenv` option, else this host's own.

    Raises FileNotFoundError with a sentence for the user when the virtual environment has no interpreter.
    """
    option = str(json_format.MessageToDict(info.options).get("virtualenv") or "")
    if not option:
        return sys.executable
    python = Path(info.root_directory, option, "bin", "python")
    if not python.exists():
        raise FileNotFoundError(f"the virtual environment {python.parent.parent} has no Python; run the set-up again")
    return str(python)


def launcher() -> str:
    """The launcher beside the engine, else on PATH. Raises FileNotFoundError when there is none."""
    found = shutil.which(LAUNCHER, path=os.environ.get("SANDBOX_ENGINE_BIN")) or shutil.which(LAUNCHER)
    if found is None:
        raise FileNotFoundError(f"{LAUNCHER} is neither beside the engine nor on PATH; run the set-up again")
    return found


def program_command(request: lang.RunRequest, engine_address: str) -> list[str]:
    """The command line that runs the program of a `Run` request."""
    flags = {
        "--monitor": request.monitor_address,
        "--engine": engine_address,
        "--project": request.project,
        "--stack": request.stack,
        "--pwd": request.pwd,
        "--dry_run": "true" if request.dryRun else "false",
        "--parallel": str(request.parallel),
        "--organization": request.organization,
        "--root_directory": request.info.root_directory,
    }
    given = [part for flag, value in flags.items() if value for part in (flag, value)]
    return [interpreter(request.info), "-u", launcher(), *given, request.info.entry_point or ".", *request.args]


def plugin_command(request: lang.RunPluginRequest) -> list[str]:
    """The command line of a policy pack or a component plugin.

    Raises ValueError when the folder holds nothing that can be run, OSError when a file cannot be read.
    """
    python, folder = interpreter(request.info), Path(request.info.program_directory)
    if request.kind == "analyzer":
        pack = folder / (request.info.entry_point or ".")
        return [python, "-u", "-m", "pulumi.policy", *request.args[-1:], str(pack)]
    if (folder / "__main__.py").exists():
        return [python, "-u", str(folder), *request.args]
    name = _packaged_plugin_name(folder / "pyproject.toml")
    if name is None:
        raise ValueError(f"{folder} has neither a __main__.py nor a pyproject.toml that names a package and its build")
    return [python, "-u", "-m", "pulumi.run.plugin", name, *request.args]


def _packaged_plugin_name(pyproject: Path) -> str | None:
    if not pyproject.exists():
        return None
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    return settings.get("project", {}).get("name") if settings.get("build-system", {}).get("build-backend") else None


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine. An error that the user can act on travels as the RPC's status text, never as a traceback."""

    def __init__(self, engine_address: str, children: Children) -> None:
        self._engine_address = engine_address
        self._children = children

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> lang.GetRequiredPackagesResponse:
        # Empty on purpose: each resource carries its provider's version, and the engine must download nothing.
        return lang.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> lang.RuntimeOptionsResponse:
        return lang.RuntimeOptionsResponse()

    def InstallDependencies(
        self, request: lang.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[lang.InstallDependenciesResponse]:
        return iter(())  # a stream that ends at once means "done": set-up has installed everything

    def About(self, request: lang.AboutRequest, context: grpc.ServicerContext) -> lang.AboutResponse:
        python = _or_abort(context, interpreter, request.info)
        answer = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
        return lang.AboutResponse(executable=python, version=answer.stdout.removeprefix("Python ").strip())

    def GetProgramDependencies(
        self, request: lang.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> lang.GetProgramDependenciesResponse:
        """Every distribution in the program's environment (asked by `pulumi about`)."""
        python = _or_abort(context, interpreter, request.info)
        command = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        found = [lang.DependencyInfo(name=each["name"], version=each["version"]) for each in json.loads(answer.stdout)]
        return lang.GetProgramDependenciesResponse(dependencies=found)

    def Run(self, request: lang.RunRequest, context: grpc.ServicerContext) -> lang.RunResponse:
        """Run the program to its end. It inherits stdout and stderr, which the engine shows as messages."""
        environment = os.environ | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = _or_abort(context, program_command, request, self._engine_address)
        child = self._start(context, command, request.pwd, environment)
        code = child.wait()
        if code == 0:
            return lang.RunResponse()
        if code == BAIL_EXIT_CODE:
            return lang.RunResponse(bail=True)
        return lang.RunResponse(error=f"program exited with non-zero exit code: {code}")

    def RunPlugin(
        self, request: lang.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[lang.RunPluginResponse]:
        """Run a policy pack or component plugin; the engine ends it by cancelling this call."""
        environment = dict(os.environ)
        for pair in request.env:
            name, _, environment[name] = pair.partition("=")
        command = _or_abort(context, plugin_command, request)
        child = self._start(context, command, request.pwd, environment, subprocess.PIPE)
        yield from _pump(child)
        yield lang.RunPluginResponse(exitcode=child.wait())

    def _start(self, context: grpc.ServicerContext, *arguments: Any) -> subprocess.Popen[bytes]:
        """Start a child that is stopped when the call ends, also when the call was cancelled before it got here."""
        child = _or_abort(context, self._children.start, *arguments)
        if not context.add_callback(functools.partial(self._children.stop, child)):
            self._children.stop(child)
        return child


def _or_abort(context: grpc.ServicerContext, function: Any, *arguments: Any) -> Any:
    """Call `function`; what goes wrong becomes the call's status, which the engine shows as one error line."""
    try:
        return function(*arguments)
    except (OSError, RuntimeError, ValueError) as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _pump(child: subprocess.Popen[bytes]) -> Iterator[lang.RunPluginResponse]:
    """What the child writes, at once: the engine reads the plugin's port from the first chunk."""
    chunks: queue.SimpleQueue[lang.RunPluginResponse | None] = queue.SimpleQueue()

    def read(stream: IO[bytes], is_error: bool) -> None:
        while data := os.read(stream.fileno(), 65536):
            chunks.put(lang.RunPluginResponse(stderr=data) if is_error else lang.RunPluginResponse(stdout=data))
        chunks.put(None)

    for stream, is_error in ((child.stdout, False), (child.stderr, True)):
        threading.Thread(target=read, args=(stream, is_error), daemon=True).start()
    open_streams = 2
    while open_streams:
        chunk = chunks.get()
        if chunk is None:
            open_streams -= 1
        else:
            yield chunk


def main(arguments: Sequence[str]) -> None:
    """Serve until the engine ends this process or has gone itself; does not return."""
    children, engine = Children(), os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    # A thread is busy for as long as a program or plugin runs, and several packs and plugins may run at once.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64))
    host = LanguageHost(arguments[-1] if arguments else "", children)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    try:
        print(server.add_insecure_port("127.0.0.1:0"), flush=True)
        server.start()
        # The engine does not signal its hosts on every path (measured at v3.259.0): look whether it is still there.
        while os.getppid() == engine:
            time.sleep(ENGINE_CHECK_SECONDS)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        children.stop_all()
        server.stop(grace=None)
        # Not sys.exit: threads that wait for the last output of a stopped child must not keep this process.
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
