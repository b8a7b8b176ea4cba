"""The programs of a real Prometheus: Debian's package, unpacked below `.sandbox/tools/` without root; elsewhere built with Go.

Debian's is 2.42, as bookworm has it, pinned by version and checksum. Where there is no `apt-get`, or its archive has moved on,
the Go module pinned in `prometheus/` is built instead: 3.5, the long-term release (many minutes on 2 cores, once). What is
tested
holds for both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout
from sandbox.progress import SetupError, say, step
from sandbox.upstream.go_programs import go_program

PACKAGE, VERSION = "prometheus", "2.42.0+ds-5+deb12u1"
#: Checksums of the package as Debian's index of bookworm states them (2026-11).
SHA256 = {
    "amd64": "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55",
    "arm64": "ca131aa102390083398afbc80be9c8dd1dda78f9f92154fc00df8f7f1f4556e9",
}
MODULE = "github.com/prometheus/prometheus/cmd"
SOURCE = Path(__file__).parent / "prometheus"
#: Its page needs assets that are built with Node; the API does not.
FLAGS = ("-ldflags=-w -s", "-tags=netgo")
APT_SECONDS = 180


@dataclass(frozen=True)
class Installed:
    """Both programs, and where they are from."""

    prometheus: Path
    promtool: Path
    origin: str


def build(layout: Layout) -> Installed:
    """The programs, made when the pins have changed. Raises SetupError saying why neither way went."""
    try:
        return _debian(layout)
    except SetupError as why_not:
        say(f"{why_not}; building Prometheus with Go instead")
        try:
            programs = [
                go_program(layout, SOURCE, f"{MODULE}/{name}", flags=FLAGS) for name in ("prometheus", "promtool")
            ]
        except SetupError as error:
            raise SetupError(
                f"there is no Prometheus to test with: {why_not}; and {error}. Give the machine Debian 12's archive, or Go and "
                "its module proxy"
            ) from None
        return Installed(*programs, origin="Go module")


def _debian(layout: Layout) -> Installed:
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
    if (
        architecture not in SHA256
        or platform.system() != "Linux"
        or not shutil.which("apt-get")
        or not shutil.which("dpkg")
    ):
        raise SetupError(f"Debian's package {PACKAGE} cannot be used here")
    tools = layout.private / "tools"
    folder = tools / f"prometheus-debian-{SHA256[architecture][:12]}"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "prometheus-debian.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with step("getting Debian's prometheus (once)"):
                _unpack(tools, folder, architecture)
    programs = folder / "usr" / "bin"
    return Installed(programs / "prometheus", programs / "promtool", f"Debian {VERSION}")


def _unpack(tools: Path, folder: Path, architecture: str) -> None:
    """Downloads, checks and unpacks; the folder appears whole."""
    with tempfile.TemporaryDirectory(dir=tools) as temporary:
        package = _download(Path(temporary), architecture)
        found = hashlib.sha256(package.read_bytes()).hexdigest()
        if found != SHA256[architecture]:
            raise SetupError(f"Debian's {package.name} has the checksum {found}, not {SHA256[architecture]}")
        part = Path(temporary) / "unpacked"
        _run(["dpkg", "-x", package, part], Path(temporary))
        for old in tools.glob("prometheus-debian-*"):
            shutil.rmtree(old)
        part.rename(folder)


def _download(folder: Path, architecture: str) -> Path:
    """The package; with lists of our own where the machine's have none, so that nobody needs to be root."""
    wanted = ["download", f"{PACKAGE}:{architecture}={VERSION}"]
    try:
        _run(["apt-get", *wanted], folder)
    except SetupError:
        (folder / "lists" / "partial").mkdir(parents=True)
        own = ["-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]
        (folder / "cache" / "archives" / "partial").mkdir(parents=True)
        _run(["apt-get", *own, "update"], folder)
        _run(["apt-get", *own, *wanted], folder)
    (package,) = folder.glob("*.deb")
    return package


def _run(command: list[str | Path], folder: Path) -> None:
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=APT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"`{command[0]}` took more than {APT_SECONDS} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it failed without a word"]
        raise SetupError(f"`{command[0]}` cannot give {PACKAGE} {VERSION}: {lines[-1]}")
