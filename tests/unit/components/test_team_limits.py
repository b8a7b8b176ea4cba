"""What the LimitRange of a team gives to containers, and what it lets through."""

from __future__ import annotations

from typing import Any

from components.kubernetes import team_limits, team_quota
from tests.unit.components.test_team_quota import amount


def limits(vcpu: int = 0, memory_gib: int = 0) -> dict[str, Any]:
    (container,) = team_limits.make_spec(vcpu, memory_gib)["limits"]
    assert container["type"] == "Container"
    return container


def test_a_container_that_asks_for_nothing_gets_what_a_storage_initializer_needs() -> None:
    made = limits(vcpu=6, memory_gib=22)
    assert made["defaultRequest"] == {"cpu": "100m", "memory": "100Mi"}
    assert made["default"] == {"cpu": "1", "memory": "1Gi"}
    assert made["max"] == {"cpu": "6", "memory": "22Gi"}


def test_no_container_gets_a_gpu_that_it_did_not_ask_for() -> None:
    # a maximum alone would do it: it becomes the default where there is none
    for bounds in ("default", "defaultRequest", "max"):
        assert limits(vcpu=6, memory_gib=22)[bounds].keys() == {"cpu", "memory"}


def test_without_engines_what_is_filled_in_and_the_queue_proxy_are_still_allowed() -> None:
    made = limits()
    for resource, proxy in (("cpu", team_quota.QUEUE_PROXY_CPU), ("memory", team_quota.QUEUE_PROXY_MEMORY)):
        unit = amount("1m") if resource == "cpu" else amount("1Mi")
        assert amount(made["default"][resource]) <= amount(made["max"][resource])
        assert proxy.limit * unit <= amount(made["max"][resource])
