"""Whose the hours of nodes are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cost.showback.items import Whose
from components.cost.showback.nodes import Node, Pod, divide_nodes
from components.cost.showback.samples import Run

HOUR = 3600


def run(begin: float, end: float, value: float = 1) -> Run:
    return Run(Decimal(begin) * HOUR, Decimal(end) * HOUR, Decimal(value))


def node(*prices: Run, gpus: int = 1, name: str = "n") -> Node:
    return Node(name, "g2_r_spot", "g2", gpus, prices)


def pod(deployment: str | None, *gpus: Run, team: str | None = None, on: str = "n") -> Pod:
    return Pod("team-a", f"pod-of-{deployment}", on, deployment, team, gpus)


def amounts(nodes: list[Node], pods: list[Pod]) -> dict[tuple[Whose, tuple[str, ...]], Decimal]:
    return {(item.whose, item.names): item.amount for item in divide_nodes(nodes, pods).items}


def test_who_holds_a_gpu_pays_the_whole_machine_and_idle_time_is_the_machine_types() -> None:
    divided = divide_nodes([node(run(0, 10, 2), gpus=2)], [pod("a/x", run(1, 4))])
    assert {(i.whose, i.names): i.amount for i in divided.items} == {
        (Whose.DIRECT, ("a/x",)): 6,
        (Whose.IDLE, ("g2",)): 14,
    }
    assert (divided.held_hours["a/x"], divided.held_types["a/x"]) == (3, {"g2"})
    (idle,) = divided.idle
    assert (idle.hours, idle.usd) == (7, 14)
    (used,) = divided.classes
    assert (used.hours, used.usd) == (10, 20)


def test_deployments_on_one_machine_divide_it_by_gpus_and_share_it_where_they_hold_more_than_it_has() -> None:
    both = [pod("a/x", run(0, 1, 3)), pod("b/x", run(0, 1, 1))]
    assert amounts([node(run(0, 1, 8), gpus=4)], both) == {
        (Whose.DIRECT, ("a/x",)): 6,
        (Whose.DIRECT, ("b/x",)): 2,
    }
    assert amounts([node(run(0, 1, 8), gpus=1)], both) == {(Whose.SHARED, ("a/x", "b/x")): 8}


def test_nodes_without_gpus_are_common_and_strangers_are_told_by_their_team() -> None:
    nodes = [node(run(0, 2, 1), gpus=0), node(run(0, 2, 1), name="m"), node(run(0, 2, 1), name="o")]
    pods = [pod(None, run(0, 2), team="a", on="m"), pod(None, run(0, 2), on="o")]
    assert amounts(nodes, pods) == {
        (Whose.COMMON, ()): 2,
        (Whose.TEAM, ("a",)): 2,
        (Whose.UNATTRIBUTED, ()): 2,
    }


def test_a_pod_proves_its_node_where_nobody_measured_the_node() -> None:
    # the price before holds, or else the next one
    assert amounts([node(run(2, 3, 1), run(6, 7, 5))], [pod("a/x", run(1, 7))]) == {
        (Whose.DIRECT, ("a/x",)): 1 + 1 + 3 + 5
    }


def test_a_node_that_was_not_there_costs_nothing() -> None:
    assert amounts([node(run(0, 1, 1), run(5, 6, 1))], []) == {(Whose.IDLE, ("g2",)): 2}


def test_a_change_of_the_price_counts_from_when_it_was_seen() -> None:
    assert amounts([node(run(0, 1, 1), run(1, 3, 2))], [pod("a/x", run(0, 3))]) == {(Whose.DIRECT, ("a/x",)): 5}


holds = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.integers(1, 4)), max_size=4)


@given(holds, st.integers(0, 4))
def test_nothing_of_a_node_is_lost(held: list[tuple[int, int, int]], gpus: int) -> None:
    pods = [
        pod(f"{'abcd'[number]}/x", run(begin, min(begin + hours, 20), held_gpus))
        for number, (begin, hours, held_gpus) in enumerate(held)
        if begin < 20
    ]
    found = divide_nodes([node(run(0, 20, 3), gpus=gpus)], pods)
    assert sum(item.amount for item in found.items) == pytest.approx(Decimal(60), abs=Decimal("1e-20"))
