"""Get the Pulumi engine: an installed one, the official release, or a build from source. Standard library only.

The version is the one that `sandbox/engine/go.mod` pins, so that there is one place to change it; an installed engine
must satisfy `requiredPulumiVersion` of Pulumi.yaml.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import SetupError, run_logged, say, step

HOST = "pulumi-language-python"
LAUNCHER = "pulumi-language-python-exec"
PROGRAMS = ("pulumi", HOST, LAUNCHER)

RELEASES = "https://get.pulumi.com/releases/sdk"
CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0

WAYS = ("path", "download", "build")
"""In the order in which they are tried. SANDBOX_ENGINE names one of them to try no other."""


class NotPossible(Exception):  # noqa: N818 - not an error: the next way is tried
    """This way of getting an engine is not open here; the text says why."""


@dataclass(frozen=True)
class Pin:
    """What the engine must be."""

    version: str
    """The version to build or download, without a leading v."""

    minimum: str
    """The lowest version of an installed engine that will do."""

    go: str
    """The lowest version of Go that builds it."""


def read_pin(layout: Layout) -> Pin:
    """Read the pinned versions from go.mod and Pulumi.yaml; raises SetupError when a line is missing."""
    module = (layout.engine_source / "go.mod").read_text(encoding="utf-8")
    project = (layout.root / "Pulumi.yaml").read_text(encoding="utf-8")
    return Pin(
        version=_find(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", module, "go.mod"),
        minimum=_find(r"(?m)^requiredPulumiVersion:\s*[\"']?>=\s*([\d.]+)", project, "Pulumi.yaml"),
        go=_find(r"(?m)^go (\S+)", module, "go.mod"),
    )


def _find(pattern: str, text: str, where: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SetupError(f"{where} has no line that matches {pattern}")
    return found.group(1)


def numbers(version: str) -> tuple[int, ...]:
    """`v3.259.0-alpha` as (3, 259, 0), to compare versions; a text without a number gives ()."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0]))


def make_engine(layout: Layout) -> None:
    """Make sure that there is an engine; does nothing when the last one's inputs are unchanged."""
    forced = os.environ.get("SANDBOX_ENGINE", "")
    if forced and forced not in WAYS:
        raise SetupError(f"SANDBOX_ENGINE is {forced!r}: it must be one of {', '.join(WAYS)}, or not be set")
    pin = read_pin(layout)
    key = _inputs_key(layout, pin)
    if _is_current(layout, key, forced):
        return
    layout.engine_stamp.unlink(missing_ok=True)
    for way in [forced] if forced else WAYS:
        try:
            programs = _get(way, layout, pin)
        except NotPossible as reason:
            if forced:
                raise SetupError(f"SANDBOX_ENGINE={forced}: {reason}") from None
            say(f"engine: {reason}")
        else:
            stamp = {"key": key, "way": way, "programs": str(programs)}
            write_whole(layout.engine_stamp, json.dumps(stamp, indent=2) + "\n")
            return
    raise AssertionError("the last way, the build, either succeeds or raises SetupError")


def _get(way: str, layout: Layout, pin: Pin) -> Path:
    if way == "path":
        return from_path(pin)
    if way == "download":
        return _replace_engine(layout, lambda folder: download(pin, folder))
    return _replace_engine(layout, lambda folder: build(layout, pin, folder))


def _inputs_key(layout: Layout, pin: Pin) -> str:
    digest = hashlib.sha256(repr((pin, str(layout.root), platform.machine(), host_script(layout))).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((layout.engine_source / name).read_bytes())
    return digest.hexdigest()


def _is_current(layout: Layout, key: str, forced: str) -> bool:
    try:
        stamp = json.loads(layout.engine_stamp.read_text(encoding="utf-8"))
        programs = Path(stamp["programs"])
        right = stamp["key"] == key and stamp["way"] in ((forced,) if forced else WAYS)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    wanted = (programs / name for name in PROGRAMS)
    return right and all(os.access(program, os.X_OK) for program in wanted)


def _replace_engine(layout: Layout, fill: Callable[[Path], None]) -> Path:
    """Fill a scratch folder and only then put it in the engine's place: a half-made engine is never found."""
    layout.private.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="engine-", dir=layout.private) as scratch:
        folder = Path(scratch) / "bin"
        folder.mkdir()
        fill(folder)
        shutil.rmtree(layout.engine, ignore_errors=True)
        layout.engine.mkdir(parents=True)
        folder.rename(layout.engine / "bin")
    return layout.engine / "bin"


def from_path(pin: Pin) -> Path:
    """The folder of the installed `pulumi`. Its own language host must lie beside it, as in official releases."""
    found = shutil.which("pulumi")
    if found is None:
        raise NotPossible("no pulumi on PATH")
    program = Path(found).resolve()
    missing = [name for name in (HOST, LAUNCHER) if not (program.parent / name).exists()]
    if missing:
        raise NotPossible(f"{program} is not used: {' and '.join(missing)} not beside it")
    version = engine_version(program)
    if numbers(version) < numbers(pin.minimum):
        raise NotPossible(f"{program} is not used: it is {version}, and {pin.minimum} is the lowest that will do")
    say(f"engine: using {program}, {version}")
    return program.parent


def engine_version(program: Path) -> str:
    """What `pulumi version` prints; an empty text when it does not run. Touches no home of a user."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            answer = subprocess.run([program, "version"], env=env, capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def download(pin: Pin, folder: Path, releases: str = RELEASES) -> None:
    """Put the official release's programs into `folder`.

    Raises NotPossible when the server cannot be reached or refuses, SetupError when what came is not what the
    release's list of checksums says.
    """
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    archive = f"pulumi-v{pin.version}-{platform.system().lower()}-{machine}.tar.gz"
    try:
        sums = _read(f"{releases}/pulumi-{pin.version}-checksums.txt", CONNECT_SECONDS).decode()
        # Each line: checksum, blanks, name of the archive.
        expected = next((line.split()[0] for line in sums.splitlines() if line.split()[1:] == [archive]), None)
        if expected is None:
            raise NotPossible(f"the official release {pin.version} has no {archive}")
        with step(f"downloading {archive}"):
            content = _read(f"{releases}/{archive}", READ_SECONDS)
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        reason = getattr(error, "reason", error)
        raise NotPossible(f"the official release cannot be downloaded here ({reason}): it is built instead") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise SetupError(f"{archive} does not have the checksum of the release's list: nothing of it was used")
    _unpack(content, folder)
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    if missing:
        raise SetupError(f"{archive} holds no {' and no '.join(missing)}")


def _read(url: str, timeout: float) -> bytes:
    with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 - the address is ours
        return answer.read()


def _unpack(content: bytes, folder: Path) -> None:
    """Write the programs that are wanted and nothing else, so that no path of the archive is ever trusted."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            for member in archive:
                source = archive.extractfile(member) if Path(member.name).name in PROGRAMS else None
                if source is not None:
                    write_program(folder / Path(member.name).name, source.read())


def build(layout: Layout, pin: Pin, folder: Path) -> None:
    """Build the engine from the Go modules that sandbox/engine pins; raises SetupError."""
    go = _find_go(pin)
    env = {**os.environ, "GOBIN": str(folder), "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    version = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{pin.version}"
    command = [go, "install", "-trimpath", "-buildvcs=false", "-mod=readonly", "-tags=osusergo,grpcnotrace"]
    # The version must be in: without it requiredPulumiVersion is not enforced.
    command += ["-ldflags", f"-w -s {version}", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"]
    with step(f"building the Pulumi engine {pin.version} with Go (about 4 minutes, once)"):
        log = layout.logs / "engine-build.log"
        run_logged(command, log, doing="building the engine", env=env, cwd=layout.engine_source)
        sdk = _module_folder(go, layout, env)
        write_program(folder / LAUNCHER, (sdk / "python" / "cmd" / LAUNCHER).read_bytes())
        write_program(folder / HOST, host_script(layout).encode())
        built = engine_version(folder / "pulumi")
        if built != f"v{pin.version}":
            raise SetupError(f"the engine that was built says that it is {built!r}, not v{pin.version}")


def _find_go(pin: Pin) -> str:
    go = shutil.which("go")
    if go is None:
        raise SetupError(
            f"Go is missing: install Go {pin.go} or later (go.dev/doc/install), then run `make setup` again"
        )
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run([go, "env", "GOVERSION"], env=env, cwd=Path(go).parent, capture_output=True, text=True)
    found = answer.stdout.strip().removeprefix("go")
    if numbers(found) < numbers(pin.go):
        raise SetupError(f"Go {found} is too old: install Go {pin.go} or later, then run `make setup` again")
    return go


def _module_folder(go: str, layout: Layout, env: dict[str, str]) -> Path:
    command = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]
    answer = subprocess.run(command, env=env, cwd=layout.engine_source, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"Go cannot find Pulumi's SDK module: {answer.stderr.strip()}")
    return Path(answer.stdout.strip())


def host_script(layout: Layout) -> str:
    """The executable that the engine starts as its Python language host: ours, apart from every PYTHONPATH (-I)."""
    host = layout.root / "sandbox" / "language_host.py"
    return (
        "#!/bin/sh\n# Made by `make setup`: the sandbox's own Python language host.\n"
        f"SANDBOX_ENGINE_BIN={shlex.quote(str(layout.engine / 'bin'))}\nexport SANDBOX_ENGINE_BIN\n"
        f'exec {shlex.quote(str(layout.python))} -I {shlex.quote(str(host))} "$@"\n'
    )


def write_program(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that no reader ever sees half of it."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
