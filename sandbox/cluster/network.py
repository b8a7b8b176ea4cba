"""The cluster's network: a namespace of its own, which reaches nothing outside, with a bridge for pods.

Kubernetes takes no loopback address for an endpoint, and its controllers want their own ports; both come with the namespace.
Everything is made with the rights of a user namespace, so that nobody needs to be root. Linux only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from sandbox.progress import SetupError

BRIDGE = "pods0"
#: Address of the cluster's own processes; the API server's.
HOST = "10.200.0.1"
#: Addresses of pods whose programs run here, all on the bridge; of those on kwok's nodes, where nothing answers; of Services.
POD_NETWORK = "10.200.0.0/16"
KWOK_NETWORK = "10.201.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
API_PORT = 6443
#: Programs of the packages util-linux, iproute2, coreutils and hostname, which make namespaces and interfaces.
NEEDED = ("unshare", "setpriv", "nsenter", "ip", "mount", "chroot", "hostname")


def check_possible() -> None:
    """Raises SetupError where no such network can be made."""
    if sys.platform != "linux":
        raise SetupError("a real control plane needs Linux: its network is a namespace of the kernel")
    missing = [name for name in NEEDED if find(name) is None]
    if missing:
        raise SetupError(
            f"{', '.join(missing)} missing: install the packages util-linux, iproute2, coreutils and hostname"
        )
    answer = subprocess.run(alone(["true"]), capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"this machine lets nobody make a network namespace: {answer.stderr.strip()}")


def alone(command: Sequence[str]) -> list[str]:
    """The command in new namespaces, where it is root and the network is empty."""
    return [_program("unshare"), "--user", "--map-root-user", "--net", "--mount", *command]


def inside(pid: int, command: Sequence[str]) -> list[str]:
    """The command in the namespaces of a process."""
    return [_program("nsenter"), "--target", str(pid), "--user", "--net", "--preserve-credentials", *command]


def ending_with_parent(command: Sequence[str]) -> list[str]:
    """The command, which the kernel kills when the thread that started it ends."""
    return [_program("setpriv"), "--pdeathsig", "KILL", *command]


def set_up() -> None:
    """Makes the interfaces; to be called once, inside."""
    for arguments in (
        ("link", "set", "lo", "up"),
        ("link", "add", BRIDGE, "type", "bridge"),
        ("address", "add", f"{HOST}/16", "dev", BRIDGE),
        ("link", "set", BRIDGE, "up"),
    ):
        ip(*arguments)


def ip(*arguments: str) -> None:
    """Runs `ip`; raises SetupError with what it says."""
    answer = subprocess.run([_program("ip"), *arguments], capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"ip {' '.join(arguments)}: {answer.stderr.strip()}")


def find(name: str) -> str | None:
    """A program of the system; those of administrators are not on everybody's PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


def _program(name: str) -> str:
    found = find(name)
    if found is None:
        raise SetupError(f"{name} is missing: install the packages util-linux, iproute2, coreutils and hostname")
    return found
