"""`PodProcess`: the program of one pod, with a network, a host name and a file system of its own.

It sees nothing of this machine but itself, its volumes and a few devices: its root is a file system in memory, so that a mount
may be anywhere and nothing of the machine can be changed. Its processes are the machine's: they have no namespace of their own.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cluster.network import BRIDGE, POD_NETWORK, ending_with_parent, find, ip
from sandbox.progress import SetupError

#: Longest wait for the new namespaces, and for the end of a program that was asked to end.
START_SECONDS = 5.0
STOP_SECONDS = 3.0
POLL_SECONDS = 0.02
HOST_NAME_LENGTH = 63
#: The lowest priority of Linux.
LAST = 19
DEVICES = ("null", "zero", "full", "random", "urandom")
#: Where the program lies in its pod.
PROGRAM_FOLDER = "/ko-app"
_PREFIX = POD_NETWORK.rpartition("/")[2]
_LINK = re.compile(r"^\d+: (pod\d+-\d+)@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of this machine, and where the pod has it."""

    source: Path
    path: str


@dataclass(frozen=True, slots=True)
class PodProgram:
    """All that one start needs."""

    file: Path
    arguments: Sequence[str]
    """Of the program, or of the one at `inside`."""
    env: Mapping[str, str]
    host_name: str
    address: str
    root: Path
    """An empty folder, over which the pod's root is mounted, for the pod alone."""
    binds: Sequence[Bind]
    """Outer ones first."""
    log: Path
    inside: str | None = None
    """Path of the program in the pod, when a bind brings it; else it lies in PROGRAM_FOLDER."""
    background: bool = False
    """Runs in the time that the others leave over."""


@dataclass
class PodProcess:
    """A program that was started; to be started and stopped by the main thread, with which it ends."""

    program: PodProgram
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = field(default_factory=time.monotonic)
    _asked: float | None = None

    def __post_init__(self) -> None:
        """Starts it. Raises SetupError when its network cannot be made."""
        self.program.root.mkdir(parents=True, exist_ok=True)
        self.program.log.parent.mkdir(parents=True, exist_ok=True)
        command = [_tool("unshare"), "--net", "--mount", "--uts", _tool("sh"), "-c", script(self.program)]
        with self.program.log.open("ab") as log:
            self.process = subprocess.Popen(
                ending_with_parent(command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.program.env),
                cwd="/",
                start_new_session=self.program.background,
            )
        if self.program.background:
            leave_time_to_others(self.process.pid)
        try:
            self._connect()
        except (SetupError, OSError):
            self.stop()
            raise

    @property
    def ended(self) -> int | None:
        """How the program ended; None while it runs."""
        return self.process.poll()

    def ask_to_end(self) -> None:
        """Asks the program to end; `stop` waits for it, counted from here."""
        self._asked = time.monotonic() if self._asked is None else self._asked
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    def stop(self) -> None:
        """Ends the program, if need be by force; its interface goes with its network."""
        self.ask_to_end()
        assert self._asked is not None
        try:
            self.process.wait(max(0.0, self._asked + STOP_SECONDS - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(SetupError):  # the kernel was faster
            ip("link", "delete", link_name(self.program.address))

    def last_lines(self, count: int) -> list[str]:
        """The end of its log."""
        return last_lines(self.program.log, count)

    def _connect(self) -> None:
        link, pid = link_name(self.program.address), str(self.process.pid)
        self._wait_for_namespace()
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", pid)
        ip("link", "set", link, "master", BRIDGE, "up")
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:  # it has ended: its log says why
            stdin.write(b"\n")

    def _wait_for_namespace(self) -> None:
        own = Path("/proc/self/ns/net").readlink()
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{self.process.pid}/ns/net").readlink() != own:
                    return
            time.sleep(POLL_SECONDS)
        raise SetupError(f"no namespace for {self.program.file.name}: see {self.program.log}")


def leave_time_to_others(session: int) -> None:
    """Lets a process that leads a session of its own run last, and all that it starts."""
    os.setpriority(os.PRIO_PROCESS, session, LAST)
    # where Linux shares the time by sessions, a process' own number counts only within its session (sched(7), autogroup)
    with contextlib.suppress(OSError):
        Path(f"/proc/{session}/autogroup").write_text(str(LAST), encoding="ascii")


def script(program: PodProgram) -> str:
    """What the shell does in the pod's namespaces, once it is told that the interface is there: it becomes the program."""
    mount, mkdir, touch, link = (_tool(name) for name in ("mount", "mkdir", "touch", "ln"))
    ip_tool, root = _tool("ip"), program.root
    inside = program.inside or f"{PROGRAM_FOLDER}/{program.file.name}"
    commands: list[Sequence[str | Path]] = [
        # leaders of Knative and KServe go by it
        (_tool("hostname"), program.host_name[:HOST_NAME_LENGTH]),
        (ip_tool, "link", "set", "lo", "up"),
        (ip_tool, "address", "add", f"{program.address}/{_PREFIX}", "dev", "eth0"),
        (ip_tool, "link", "set", "eth0", "up"),
        (mount, "-t", "tmpfs", "-o", "mode=0755", "tmpfs", root),
        (mkdir, *(root / name for name in ("proc", "dev", "run", "tmp", "var"))),
        (link, "-s", "../run", root / "var" / "run"),
        (mount, "--rbind", "/proc", root / "proc"),
    ]
    files = [Bind(Path("/dev") / name, f"/dev/{name}") for name in DEVICES]
    own = [] if program.inside else [Bind(program.file, inside)]
    for bind in (*files, *own, *program.binds):
        target = root / bind.path.lstrip("/")
        if bind.source.is_dir():
            # with what is mounted inside: the kernel shows no folder without it to somebody else
            commands += [(mkdir, "-p", target), (mount, "--rbind", bind.source, target)]
        else:
            commands += [(mkdir, "-p", target.parent), (touch, target), (mount, "--bind", bind.source, target)]
    lines = [shlex.join(map(str, command)) for command in commands]
    become = shlex.join([_tool("chroot"), str(root), inside, *program.arguments])
    return "\n".join(["set -e", "read -r go", *lines, f"exec {become} </dev/null", ""])


def link_name(address: str) -> str:
    """Name of the interface by which the bridge reaches a pod."""
    return "pod{}-{}".format(*address.split(".")[2:])


def remove_links() -> None:
    """Removes the interfaces of pods that a kubelet before this one left behind."""
    shown = subprocess.run([_tool("ip"), "-o", "link", "show"], capture_output=True, text=True).stdout
    for name in _LINK.findall(shown):
        with contextlib.suppress(SetupError):
            ip("link", "delete", name)


def last_lines(log: Path, count: int) -> list[str]:
    """The end of a log; nothing for one that is not there."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip("\n") for line in deque(lines, count)]
    except FileNotFoundError:
        return []


def _tool(name: str) -> str:
    found = find(name)
    if found is None:
        raise SetupError(f"{name} is missing: install the packages util-linux, iproute2, hostname and coreutils")
    return found
