"""`make setup`: make the virtual environment, the Pulumi engine and the stand-in providers of the sandbox.

Standard library only: it runs with any Python from 3.11 on, before anything is installed. Each part is redone only
when what it is made from has changed. An interrupted run leaves nothing that a later run would trust: every part gets
its stamp last. Two runs at once wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.engine_setup import make_engine, write_program
from sandbox.paths import Layout
from sandbox.progress import SetupError, run_logged, say, step

MINIMUM_PYTHON = (3, 11)
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-nodeps.txt")
PROVIDERS = ("gcp", "kubernetes")


def main() -> int:
    """Run the whole set-up; returns the exit code."""
    start = time.monotonic()
    try:
        if sys.version_info < MINIMUM_PYTHON:
            raise SetupError(f"this is Python {platform_python()}: install Python 3.11 or later and use it")
        set_up(Layout())
    except SetupError as error:
        print(f"setup: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; `make setup` goes on where it can", file=sys.stderr)
        return 130
    say(f"ready in {time.monotonic() - start:.1f} s")
    return 0


def set_up(layout: Layout) -> None:
    """Bring every part up to date; raises SetupError with a sentence for the user."""
    layout.private.mkdir(exist_ok=True)
    with _alone(layout):
        make_venv(layout)
        make_engine(layout)
        make_plugins(layout)
        make_shell_programs(layout)


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the set-up's lock; the kernel frees it however this process ends."""
    with layout.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up in this folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def platform_python() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def venv_key(layout: Layout) -> str:
    """Changes with everything that the virtual environment is made from."""
    digest = hashlib.sha256(repr((platform_python(), sys.base_prefix, str(layout.root))).encode())
    for name in REQUIREMENTS:
        digest.update((layout.root / name).read_bytes())
    return digest.hexdigest()


def make_venv(layout: Layout) -> None:
    """Make `.venv` with everything pinned; one without the right stamp is thrown away, whatever it holds."""
    stamp, key = layout.venv / "sandbox-stamp", venv_key(layout)
    with contextlib.suppress(OSError):
        if stamp.read_text(encoding="utf-8") == key and layout.python.exists():
            return
    if layout.venv.is_symlink():
        layout.venv.unlink()
    elif layout.venv.exists():
        say("the .venv is unfinished or made from other requirements: it is made anew")
        shutil.rmtree(layout.venv)
    with step("making .venv"):
        try:
            run_logged([_real_python(), "-m", "venv", layout.venv], layout.logs / "venv.log", doing="making .venv")
        except SetupError as error:
            raise SetupError(f"{error}\n    (on Debian and Ubuntu the package python3-venv is needed)") from None
    install = [layout.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    with step("installing requirements-dev.txt"):
        run_logged([*install, "-r", layout.root / "requirements-dev.txt"], layout.logs / "pip.log", doing="installing")
    with step("installing requirements-nodeps.txt"):
        alone = [*install, "--no-deps", "-r", layout.root / "requirements-nodeps.txt"]
        run_logged(alone, layout.logs / "pip-nodeps.log", doing="installing")
    stamp.write_text(key, encoding="utf-8")


def _real_python() -> str:
    """The interpreter outside any virtual environment: ours must not hang on one that may be removed, or is ours."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return str(Path(sys.executable).resolve())


def make_plugins(layout: Layout) -> None:
    """Put the stand-in providers where the engine looks for them, under exactly the version that the SDK asks for."""
    wanted = {}
    for name in PROVIDERS:
        folder = f"resource-{name}-v{plugin_version(layout, name)}"
        wanted[folder] = (f"pulumi-resource-{name}", provider_script(layout, name))
    layout.plugins.mkdir(parents=True, exist_ok=True)
    for present in layout.plugins.iterdir():
        # Another version of ours would only confuse `pulumi plugin ls`; the engine's own notes beside it go as well.
        if present.name.startswith("resource-") and not any(present.name.startswith(folder) for folder in wanted):
            shutil.rmtree(present) if present.is_dir() else present.unlink()
    for folder, (program, script) in wanted.items():
        path = layout.plugins / folder / program
        path.parent.mkdir(exist_ok=True)
        write_if_changed(path, script)


def plugin_version(layout: Layout, name: str) -> str:
    """The version in the SDK's own `pulumi-plugin.json`; raises SetupError when the SDK is not installed."""
    found = sorted(layout.venv.glob(f"lib/python*/site-packages/pulumi_{name}/pulumi-plugin.json"))
    if not found:
        raise SetupError(f"the package pulumi-{name} is not in .venv: is it still in requirements.txt?")
    return json.loads(found[0].read_text(encoding="utf-8"))["version"]


def provider_script(layout: Layout, name: str) -> str:
    # -P: the folder in which the engine starts the provider must not decide what it imports.
    return (
        f"#!/bin/sh\n# Made by `make setup`: a stand-in, which talks to no cloud.\n"
        f"PYTHONPATH={shlex.quote(str(layout.root))}\nexport PYTHONPATH\n"
        f'exec {shlex.quote(str(layout.python))} -P -m sandbox.providers.{name} "$@"\n'
    )


def make_shell_programs(layout: Layout) -> None:
    """The `pulumi` of `make sandbox-shell`: the real engine, told where the sandbox keeps a stack's settings."""
    layout.shell_programs.mkdir(parents=True, exist_ok=True)
    load = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.shim import main; main(sys.argv[1:])"
    # Not with PYTHONPATH: the programs that the engine runs would inherit it.
    script = (
        "#!/bin/sh\n# Made by `make setup`: the real pulumi, with the sandbox's own settings of the stack.\n"
        f'exec {shlex.quote(str(layout.python))} -I -c "{load}" {shlex.quote(str(layout.root))} "$@"\n'
    )
    write_if_changed(layout.shell_programs / "pulumi", script)


def write_if_changed(path: Path, script: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != script or not os.access(path, os.X_OK):
        write_program(path, script.encode())


if __name__ == "__main__":
    sys.exit(main())
