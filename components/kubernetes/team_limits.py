"""What a container of a team gets when it asks for nothing, and the most that one may have. Pure.

The quota refuses pods whose containers state no requests and limits; the LimitRange fills them in, for init containers too.
GPUs have no place here: a maximum would become the default of every container that asks for none, the queue-proxy's as well.
Source: kubernetes.io/docs/concepts/policy/limit-range; kubernetes v1.35 pkg/apis/core/v1/defaults.go (2026).
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Bounds(NamedTuple):
    """What a container requests and what it may use at most; CPU in thousandths of a core, memory in MiB."""

    request: int
    limit: int


#: Those of KServe's storage initializer, the largest small container that the platform knows of
#: (kserve v0.20.0 charts/kserve-resources/values.yaml, kserve.storage.resources).
DEFAULT_CPU = Bounds(request=100, limit=1000)
DEFAULT_MEMORY = Bounds(request=100, limit=1024)


def make_spec(largest_vcpu: int, largest_memory_gib: int) -> dict[str, Any]:
    """Spec of the LimitRange of a team whose largest engine has so many cores and GiB; 0 without any."""
    return {
        "limits": [
            {
                "type": "Container",
                "defaultRequest": _resources(DEFAULT_CPU.request, DEFAULT_MEMORY.request),
                "default": _resources(DEFAULT_CPU.limit, DEFAULT_MEMORY.limit),
                # no smaller than what is filled in, or nothing at all would start
                "max": _resources(
                    max(largest_vcpu * 1000, DEFAULT_CPU.limit), max(largest_memory_gib * 1024, DEFAULT_MEMORY.limit)
                ),
            }
        ]
    }


def cpu_quantity(millicores: int) -> str:
    """Thousandths of a core as the API server itself writes them, so that a preview shows no difference."""
    return _quantity(millicores, 1000, ("m", "", "k", "M"))


def memory_quantity(mebibytes: int) -> str:
    """MiB as the API server itself writes them."""
    return _quantity(mebibytes, 1024, ("Mi", "Gi", "Ti", "Pi"))


def _resources(millicores: int, mebibytes: int) -> dict[str, str]:
    return {"cpu": cpu_quantity(millicores), "memory": memory_quantity(mebibytes)}


def _quantity(amount: int, step: int, suffixes: tuple[str, ...]) -> str:
    """The canonical form: the largest suffix that leaves no fraction
    (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity, 2026)."""
    if amount == 0:
        return "0"
    index = 0
    while index < len(suffixes) - 1 and amount % step == 0:
        amount, index = amount // step, index + 1
    return f"{amount}{suffixes[index]}"
