"""The set-up: what it redoes, what it repairs and what it says when something is missing."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import platform
import signal
import socketserver
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import engine_setup, setup
from sandbox.engine_setup import HOST, LAUNCHER, PROGRAMS, NotPossible, Pin
from sandbox.paths import ROOT, Layout
from sandbox.progress import SetupError, run_logged

#: The sandbox itself, through real engine, set-up and processes: much waiting.
pytestmark = pytest.mark.slow

PIN = Pin(version="3.259.0", minimum="3.259.0", go="1.26")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A checkout with nothing but what set-up reads, and requirements that need no download."""
    root = tmp_path / "a checkout"  # the blank is meant
    engine = root / "sandbox" / "engine"
    engine.mkdir(parents=True)
    (root / "requirements.txt").write_text("", encoding="utf-8")
    (root / "requirements-dev.txt").write_text("-r requirements.txt\n", encoding="utf-8")
    (root / "requirements-nodeps.txt").write_text("", encoding="utf-8")
    for name in ("Pulumi.yaml", "sandbox/engine/go.mod", "sandbox/engine/go.sum", "sandbox/language_host.py"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    (root / ".sandbox").mkdir()
    return Layout(root)


@pytest.fixture
def only_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH whose one folder holds nothing yet."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("SANDBOX_ENGINE", raising=False)
    return folder


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def installed_pulumi(folder: Path, version: str, others: tuple[str, ...] = (HOST, LAUNCHER)) -> None:
    program(folder / "pulumi", f"echo v{version}")
    for name in others:
        program(folder / name, "exit 0")


# The real checkout


def test_a_second_set_up_makes_nothing(set_up: Layout) -> None:
    def made() -> dict[str, int]:
        watched = [set_up.engine_stamp, set_up.venv / "sandbox-stamp", set_up.shell_programs / "pulumi"]
        watched += [file for file in set_up.plugins.glob("*/*") if file.is_file()]
        return {str(file): file.stat().st_mtime_ns for file in watched}

    before = made()
    assert len(before) >= 5
    command = [sys.executable, "-m", "sandbox.setup"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = answer.stdout.splitlines()
    assert len(lines) == 1, answer.stdout
    assert lines[0].startswith("setup: ready in ")
    assert made() == before


def test_set_up_runs_without_anything_installed() -> None:
    # -S: no site-packages; -W error: nothing deprecated either.
    load = "import sandbox.setup, sys; print(sorted(m for m in sys.modules if m in ('yaml', 'typer', 'rich', 'grpc')))"
    answer = subprocess.run([sys.executable, "-S", "-W", "error", "-c", load], cwd=ROOT, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout.strip()) == (0, "[]"), answer.stderr


def test_provider_versions_are_those_of_the_sdks(set_up: Layout) -> None:
    found = {path.name for path in set_up.plugins.iterdir() if path.is_dir()}
    assert found == {f"resource-{name}-v{setup.plugin_version(set_up, name)}" for name in setup.PROVIDERS}


# The virtual environment


def test_a_venv_is_made_once_and_again_when_requirements_change(layout: Layout) -> None:
    setup.make_venv(layout)
    mark = layout.venv / "mark"
    mark.touch()
    setup.make_venv(layout)
    assert mark.exists()
    (layout.root / "requirements.txt").write_text("# other\n", encoding="utf-8")
    setup.make_venv(layout)
    assert not mark.exists()
    assert layout.python.exists()


@pytest.mark.parametrize("damage", ["no stamp", "no python", "empty"])
def test_a_half_made_venv_is_repaired(layout: Layout, damage: str) -> None:
    if damage == "empty":
        layout.venv.mkdir()
    else:
        setup.make_venv(layout)
        (layout.python if damage == "no python" else layout.venv / "sandbox-stamp").unlink()
    setup.make_venv(layout)
    subprocess.run([layout.python, "-m", "pip", "--version"], check=True, capture_output=True)


def test_a_venv_whose_requirements_cannot_be_installed_is_not_trusted(layout: Layout) -> None:
    (layout.root / "requirements.txt").write_text("./no-such-folder\n", encoding="utf-8")
    with pytest.raises(SetupError, match="installing failed"):
        setup.make_venv(layout)
    assert not (layout.venv / "sandbox-stamp").exists()


# The engine


def test_missing_go_is_one_line_that_says_what_to_install(layout: Layout, only_python: Path) -> None:
    with pytest.raises(SetupError, match=r"^Go is missing: install Go 1\.26 or later[^\n]*$"):
        engine_setup.build(layout, PIN, only_python)


def test_go_that_is_too_old_is_one_line(layout: Layout, only_python: Path) -> None:
    program(only_python / "go", "echo go1.21.5")
    with pytest.raises(SetupError, match=r"^Go 1\.21\.5 is too old: install Go 1\.26 or later[^\n]*$"):
        engine_setup.build(layout, PIN, only_python)


def test_a_failed_build_leaves_no_engine_and_shows_the_log(
    layout: Layout, only_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_ENGINE", "build")
    layout.engine_stamp.write_text('{"key": "of another version", "way": "build", "programs": "/"}', encoding="utf-8")
    program(only_python / "go", 'if [ "$1" = env ]; then echo go1.26.8; else echo the reason; exit 1; fi')
    with pytest.raises(SetupError, match="the reason"):
        engine_setup.make_engine(layout)
    assert not layout.engine_stamp.exists()
    assert not layout.engine.exists()
    with pytest.raises(FileNotFoundError, match="make setup"):
        layout.engine_programs()


def test_an_unknown_way_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_ENGINE", "magic")
    with pytest.raises(SetupError, match="it must be one of path, download, build"):
        engine_setup.make_engine(layout)


def test_an_installed_engine_is_used(layout: Layout, only_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_pulumi(only_python, "3.300.1")
    engine_setup.make_engine(layout)
    stamp = json.loads(layout.engine_stamp.read_text(encoding="utf-8"))
    assert (stamp["way"], stamp["programs"]) == ("path", str(only_python.resolve()))
    # Uninstalled later: the stamp must not be believed any more. No other way is tried, so no network is needed.
    (only_python / "pulumi").unlink()
    monkeypatch.setenv("SANDBOX_ENGINE", "path")
    with pytest.raises(SetupError, match="no pulumi on PATH"):
        engine_setup.make_engine(layout)


@pytest.mark.parametrize(
    ("version", "others", "reason"),
    [
        ("3.258.9", (HOST, LAUNCHER), "3.259.0 is the lowest"),
        ("3.300.0", (LAUNCHER,), f"{HOST} not beside it"),
        ("nonsense", (HOST, LAUNCHER), "is not used"),
    ],
)
def test_an_installed_engine_that_will_not_do_is_not_used(
    only_python: Path, version: str, others: tuple[str, ...], reason: str
) -> None:
    installed_pulumi(only_python, version, others)
    with pytest.raises(NotPossible, match=reason):
        engine_setup.from_path(PIN)


def test_no_user_of_pulumi_is_touched(only_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", "/the/users/own")
    program(only_python / "pulumi", 'echo "$PULUMI_HOME"')
    assert engine_setup.engine_version(only_python / "pulumi") not in ("", "/the/users/own")


# The download


def release(folder: Path, checksum: str | None = None) -> str:
    """Write a release as the server has it into `folder`; returns the archive's name."""
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    name = f"pulumi-v{PIN.version}-{platform.system().lower()}-{machine}.tar.gz"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path in (*(f"pulumi/{each}" for each in PROGRAMS), "pulumi/pulumi-watch", "../../escaped"):
            entry = tarfile.TarInfo(path)
            entry.size = len(path)
            archive.addfile(entry, io.BytesIO(path.encode()))
    (folder / name).write_bytes(content.getvalue())
    checksum = checksum or hashlib.sha256(content.getvalue()).hexdigest()
    sums = f"{'0' * 64}  another.tar.gz\n{checksum}  {name}\n"
    (folder / f"pulumi-{PIN.version}-checksums.txt").write_text(sums, encoding="utf-8")
    return name


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "releases"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", folder
        listening.shutdown()


def test_a_release_is_unpacked_when_its_checksum_is_right(server: tuple[str, Path], tmp_path: Path) -> None:
    release(server[1])
    target = tmp_path / "bin"
    target.mkdir()
    engine_setup.download(PIN, target, server[0])
    assert {path.name for path in target.iterdir()} == set(PROGRAMS)
    assert all(os.access(path, os.X_OK) for path in target.iterdir())
    assert not list(tmp_path.rglob("escaped"))


def test_a_release_with_another_checksum_is_refused(server: tuple[str, Path], tmp_path: Path) -> None:
    release(server[1], checksum="f" * 64)
    with pytest.raises(SetupError, match="does not have the checksum"):
        engine_setup.download(PIN, tmp_path, server[0])
    assert not (tmp_path / "pulumi").exists()


def test_a_refused_download_is_no_error(server: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"cannot be downloaded here \([^\n]*\)[^\n]*$"):
        engine_setup.download(PIN, tmp_path, server[0])


# Long commands and two set-ups at once


def test_a_long_command_shows_signs_of_life_and_its_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = program(tmp_path / "slow", "sleep 0.5; echo the end; exit 7")
    with pytest.raises(SetupError, match=r"(?s)building failed \(exit code 7\).*the end"):
        run_logged([script], tmp_path / "log", doing="building", heartbeat=0.1)
    assert "still building" in capsys.readouterr().out


def test_an_interrupted_command_takes_its_children_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = program(
        tmp_path / "slow",
        f"sleep 600 & echo $! > '{pid_file}.part'\nmv '{pid_file}.part' '{pid_file}'\nwait",
    )
    code = (
        "import pathlib, sys; from sandbox.progress import run_logged; "
        "run_logged(sys.argv[1:2], pathlib.Path(sys.argv[2]), doing='x')"
    )
    command = [sys.executable, "-c", code, str(script), str(tmp_path / "log")]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while not pid_file.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.wait(30)
    child = int(pid_file.read_text(encoding="utf-8"))
    while is_running(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return answer.returncode == 0 and not answer.stdout.strip().startswith("Z")


def test_two_set_ups_wait_for_each_other(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def slow(_: Layout) -> None:
        order.append("in")
        time.sleep(0.2)
        order.append("out")

    for name in ("make_venv", "make_engine", "make_plugins", "make_shell_programs"):
        monkeypatch.setattr(setup, name, slow if name == "make_engine" else lambda _: None)
    threads = [threading.Thread(target=setup.set_up, args=(layout,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == ["in", "out", "in", "out"]
