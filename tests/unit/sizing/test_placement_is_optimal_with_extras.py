"""Placement against the brute force where a drafter, adapters, overrides or a longest answer are asked for."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Adapter, Demand, Override, Supply
from components.sizing.errors import SizingError
from components.sizing.placement import place
from tests.unit.sizing.brute_force import Answer, BruteForce, answer_of
from tests.unit.sizing.test_placement_is_optimal import A100, H100, L4, RTX, random_demand, random_supply

CATALOGUE = load_catalogue()
WISHES = 240


def with_extras(draw: random.Random) -> tuple[Demand, Supply]:
    """A random wish in a random environment, with one or two of the options that this file is about."""
    demand, supply = random_demand(draw), random_supply(draw)
    kind = draw.choice(["drafter", "adapters", "override", "override", "answer", "drafter and override"])
    # half of the fractions and goals away, or nothing would be placed
    demand = replace(
        demand, first_token_ms=None, tokens_per_second=None, precision=draw.choice(["auto", "bf16", "w4a16"])
    )
    if "drafter" in kind:
        demand = replace(demand, speculative=True)
    if kind == "adapters":
        ranks = [draw.choice([4, 8, 16, 64, 200]) for _ in range(draw.randint(1, 4))]
        adapters = tuple(Adapter(f"a{i}", rank, f"adapters/a{i}") for i, rank in enumerate(ranks))
        demand = replace(demand, adapters=adapters)
    if kind == "answer":
        demand = replace(demand, max_answer_tokens=draw.randint(demand.typical_answer_tokens, demand.context_tokens))
    if "override" in kind:
        override = Override(
            reason="a test",
            accelerator=draw.choice([None, None, L4, RTX, A100, H100]),
            machine_type=draw.choice([None, None, None, "g2-standard-24", "g4-standard-48"]),
            tensor_parallel_size=draw.choice([None, None, 1, 2]),
            gpu_memory_utilization=draw.choice([None, 0.8, 0.95]),
            max_num_batched_tokens=draw.choice([None, 2496, 6000]),
            kv_cache_dtype=draw.choice([None, None, "fp8", "bfloat16"]),
        )
        supply = replace(supply, overrides={demand.key: override})
    return demand, supply


@cache
def cases() -> list[tuple[Demand, Supply, Answer | None, Answer | None]]:
    """(demand, environment, what placement chose, what the brute force chose)."""
    draw, found = random.Random(6), []  # noqa: S311  (reproducible, not secret)
    for _ in range(WISHES):
        demand, supply = with_extras(draw)
        try:
            placed = answer_of(place(demand, supply, CATALOGUE))
        except SizingError:
            placed = None
        found.append((demand, supply, placed, BruteForce(demand, supply, CATALOGUE).best()))
    return found


def test_placement_chooses_what_a_brute_force_chooses_with_extras() -> None:
    different = [case for case in cases() if case[2] != case[3]]
    assert not different, (len(different), different[0])


def test_every_extra_is_placed_often() -> None:
    placed = [(demand, supply) for demand, supply, answer, _ in cases() if answer is not None]
    assert sum(demand.speculative for demand, _ in placed) >= 15
    assert sum(bool(demand.adapters) for demand, _ in placed) >= 8
    assert sum(bool(supply.overrides) for _, supply in placed) >= 10
    assert sum(demand.max_answer_tokens is not None for demand, _ in placed) >= 10
