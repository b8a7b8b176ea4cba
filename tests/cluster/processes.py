"""The processes of a cluster, as the kernel knows them."""

from __future__ import annotations

from pathlib import Path

from sandbox.cluster import lifecycle
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.programs import program


def processes_of(layout: ClusterLayout) -> list[int]:
    """Every process of the cluster, those of its pods included: they share the namespace in which they have rights."""
    state = lifecycle.running(layout)
    assert state is not None
    return in_namespace(user_namespace(state.supervisor))


def pod_programs(layout: ClusterLayout, name: str) -> list[int]:
    """The processes of the pods that run a program of the cluster."""
    file = program(name).name
    return [pid for pid in processes_of(layout) if _file_of(pid) == file]


def user_namespace(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/user").readlink())


def in_namespace(name: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(folder.name)
            if user_namespace(pid) == name and not ended(pid):
                found.append(pid)
        except OSError:
            continue  # it has just ended, or is somebody else's
    return found


def ended(pid: int) -> bool:
    """True for a process that is no more, or of which only the exit code is left for its parent to read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _file_of(pid: int) -> str:
    """Name of the file that a process runs; empty for one that has just ended."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""
    return Path(command.partition("\0")[0]).name
