"""How a report names quantities: tokens, GiB, minutes, machines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.sizing.catalogue import GIB

TOKENS_OF_K = 1024


def arrow(before: object, after: object) -> str:
    """`a -> b`."""
    return f"{before} -> {after}"


def tokens(count: Any) -> str:
    """16384 is 16k, as people say it; 20000 is 20,000."""
    if not isinstance(count, int):
        return str(count)
    return f"{count // TOKENS_OF_K}k" if count % TOKENS_OF_K == 0 else f"{count:,}"


def gib(size: Any) -> str:
    """Bytes as GiB with one digit."""
    return f"{size / GIB:.1f}" if isinstance(size, int | float) else "?"


def minutes(seconds: Any) -> str:
    """Seconds as minutes, at least one."""
    return f"{max(1, round(seconds / 60))} min" if isinstance(seconds, int | float) else "some min"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 policy`, `2 policies`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def gpus(record: Mapping[str, Any]) -> str:
    """GPUs of a replica: `2 L4`."""
    card = str(record.get("accelerator") or "GPU").removeprefix("nvidia-").upper()
    return f"{record.get('gpu_count')} {card}"


def replicas(record: Mapping[str, Any]) -> str:
    """`1 replica`, `0 to 3 replicas`."""
    found = record.get("replicas")
    least, most = found if isinstance(found, list) and len(found) == 2 else (None, None)
    return counted(most, "replica") if least == most and isinstance(most, int) else f"{least} to {most} replicas"


def host(record: Mapping[str, Any]) -> str:
    """The machine type; `Cloud Run` without one."""
    return str(record.get("machine_type") or "Cloud Run")


def fit(record: Mapping[str, Any]) -> str:
    """Whether it fits, and what is left: `fits, 2.1 GiB spare a GPU`."""
    return f"{record.get('verdict')}, {gib(record.get('spare_bytes'))} GiB spare a GPU"


def listed(names: list[str], most: int = 3) -> str:
    """`a, b and c`, `a, b, c and 4 more`."""
    shown, left = names[:most], len(names) - most
    if left > 0:
        return f"{', '.join(shown)} and {left} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
