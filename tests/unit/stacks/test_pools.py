"""Which pools a set of deployments becomes: one a machine and way to buy, named so that no team touches another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.kubernetes.engine_pod import LADDER_PREFIX
from components.naming import NAME_LIMITS, Scope, Service, cloud_name
from components.sizing.catalogue import PurchaseOption, load_catalogue
from components.sizing.demand import Demand, Reservation, Supply
from components.sizing.placement import place
from components.sizing.prices import ladder as rungs_in_order
from stacks.plan import make_plan
from stacks.pools import PlannedLadder, Rungs, make_ladders, notes_of, rungs_of, warnings_of
from tests.unit.sizing.test_placement import PAYMENTS, SUPPLY
from tests.unit.stacks.test_environment_files import PAYMENTS as PAYMENTS_FILE
from tests.unit.stacks.test_environment_files import TODAY, Tree, tree

__all__ = ["tree"]

CATALOGUE = load_catalogue()
BOTH = replace(SUPPLY, purchase_order=("on-demand", "spot"), batch_purchase_order=("spot", "on-demand"))
HELD = (Reservation("held", "g2-standard-24", 2, "us-central1-b"),)


def ladders_of(supply: Supply, *demands: Demand) -> list[PlannedLadder]:
    placed = []
    for demand in demands:
        record = place(replace(demand, runs_on="gke"), supply, CATALOGUE)
        rungs = rungs_of(record, supply, CATALOGUE)
        assert rungs is not None
        placed.append((rungs, record))
    return make_ladders(placed, supply)


def keys(ladders: list[PlannedLadder]) -> list[str]:
    return [pool.key for ladder in ladders for pool in ladder.pools]


def test_one_way_to_buy_is_one_pool_and_no_class() -> None:
    (ladder,) = ladders_of(SUPPLY, PAYMENTS)
    assert (ladder.name, ladder.compute_class, keys([ladder])) == (
        "g2-standard-24-on-demand",
        None,
        ["g2-standard-24-on-demand"],
    )


def test_several_ways_are_pools_in_the_order_of_the_settings_and_share_class_and_maximum() -> None:
    (ladder,) = ladders_of(BOTH, PAYMENTS)
    assert ladder.compute_class == ladder.name == "ladder-g2-standard-24"
    assert keys([ladder]) == ["g2-standard-24-on-demand", "g2-standard-24-spot"]
    assert {pool.max_nodes for pool in ladder.pools} == {ladder.nodes} == {2}
    # one pool at a time carries a replica, so the ladder needs no more than a pool of it
    assert ladder.gpus == 4
    turned = replace(BOTH, purchase_order=("spot", "on-demand"))
    assert keys(ladders_of(turned, PAYMENTS)) == ["g2-standard-24-spot", "g2-standard-24-on-demand"]


def test_what_the_machine_is_not_sold_as_becomes_no_pool() -> None:
    machine = CATALOGUE.machine("a3-highgpu-1g")
    supply = replace(
        SUPPLY,
        zones=("us-central1-a", "us-central1-b"),
        purchase_order=("on-demand", "flex-start", "spot"),
        gke_quota={"nvidia-h100-80gb": 8},
    )
    assert machine.buy["on-demand"] is False
    demand = replace(PAYMENTS, model="gemma-4-31b-it", precision="bf16")
    on_h100 = [pool for pool in keys(ladders_of(supply, demand)) if pool.startswith("a3-")]
    assert on_h100
    assert not any(pool.startswith("a3-highgpu-") and pool.endswith("g-on-demand") for pool in on_h100)


def test_batch_has_pools_of_its_own_only_where_it_buys_the_machine_otherwise() -> None:
    batch = replace(PAYMENTS, team="b", interruptible=True)
    apart = ladders_of(BOTH, PAYMENTS, batch)
    # a pool is in one class at most, and here are two orders
    assert keys(apart) == [
        "g2-standard-24-on-demand",
        "g2-standard-24-spot",
        "g2-standard-24-batch-spot",
        "g2-standard-24-batch-on-demand",
    ]
    together = ladders_of(replace(BOTH, batch_purchase_order=BOTH.purchase_order), PAYMENTS, batch)
    assert [ladder.name for ladder in together] == ["ladder-g2-standard-24"]
    assert len(together[0].pools) == 2


def test_a_teams_change_makes_or_removes_pools_or_moves_a_maximum_and_touches_nothing_else() -> None:
    batch, other = replace(PAYMENTS, team="b", interruptible=True), replace(PAYMENTS, team="c")
    alone = ladders_of(BOTH, PAYMENTS)

    def fixed(ladders: list[PlannedLadder]) -> dict[str, tuple[object, ...]]:
        """Everything that a pool is made of, but its maximum."""
        return {
            pool.key: (
                *(pool.option, pool.reservation, pool.zones, ladder.compute_class, ladder.record.machine_type),
                *(ladder.record.accelerator, ladder.record.gpus_of_host, ladder.record.boot_disk_type),
            )
            for ladder in ladders
            for pool in ladder.pools
        }

    for demands in ([PAYMENTS, batch], [batch, PAYMENTS], [other, PAYMENTS], [PAYMENTS, batch, other]):
        assert fixed(alone).items() <= fixed(ladders_of(BOTH, *demands)).items()
    assert {pool.max_nodes for pool in ladders_of(BOTH, other, PAYMENTS)[0].pools} == {3}


def test_replicas_that_share_a_machine_are_counted_by_machines_and_the_pool_has_all_its_gpus() -> None:
    supply = replace(SUPPLY, gke_quota={"nvidia-l4": 64})
    small = replace(PAYMENTS, model="gemma-4-e2b-it", context_tokens=8192, peak_concurrent_requests=4)
    record = place(replace(small, runs_on="gke"), supply, CATALOGUE)
    shared = replace(record, replicas_per_host=2, max_replicas=3, min_replicas=1)
    rungs = rungs_of(shared, supply, CATALOGUE)
    assert rungs is not None
    (ladder,) = make_ladders([(rungs, shared)], supply)
    assert ladder.nodes == 2 + 1
    assert ladder.gpus == 3 * 2 * record.gpu_count


def test_a_reservation_gives_no_more_machines_than_it_holds_and_only_in_its_zone() -> None:
    supply = replace(SUPPLY, purchase_order=("reservation", "on-demand"), reservations=HELD)
    (ladder,) = ladders_of(supply, PAYMENTS, replace(PAYMENTS, team="b"))
    reserved, plain = ladder.pools
    assert (reserved.key, reserved.zones, reserved.max_nodes) == (
        "g2-standard-24-reservation-held",
        ("us-central1-b",),
        2,
    )
    assert (plain.zones, plain.max_nodes) == (("us-central1-a", "us-central1-b"), 3)
    assert warnings_of([ladder]) == []
    (short,) = ladders_of(replace(supply, purchase_order=("reservation",)), PAYMENTS, replace(PAYMENTS, team="b"))
    (warning,) = warnings_of([short])
    assert "3 machines are needed at peak and during a rollout, held holds 2" in warning


def test_a_way_to_buy_that_no_source_confirms_is_noted() -> None:
    supply = replace(SUPPLY, purchase_order=("flex-start", "on-demand"))
    (ladder,) = ladders_of(supply, PAYMENTS)
    assert keys([ladder])[0] == "g2-standard-24-flex-start"
    notes = [note for note in notes_of([ladder]) if "flex-start" in note]
    assert notes == [
        "g2-standard-24-flex-start: no source says whether g2-standard-24 is sold as flex-start; the settings are trusted"
    ]


def test_a_quota_that_is_too_small_is_named_once_for_the_ladder_with_the_quotas_that_it_stands_for(tree: Tree) -> None:
    tree.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 3}")
    (problem,) = tree.problems()
    assert "4 GPUs are needed" in problem
    assert "3 are declared (on-demand and preemptible alike)" in problem
    tree.edit("Pulumi.dev.yaml", "[spot, on-demand]", "[spot]")
    (problem,) = tree.problems()
    assert "3 are declared; ask Google" in problem


def test_a_quota_of_exactly_what_one_ladder_needs_is_enough(tree: Tree) -> None:
    plan = make_plan(tree.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 4}").load(), TODAY)
    assert len(plan.pools) == 2
    deployment = next(planned for planned in plan.deployments if planned.loaded.file == PAYMENTS_FILE)
    assert deployment.pool == plan.ladders[0].name == "ladder-g2-standard-24"


@pytest.mark.parametrize("line", ["", "batch"])
def test_names_of_pools_and_ladders_stay_apart_and_within_their_limits(line: str) -> None:
    options: tuple[PurchaseOption, ...] = ("on-demand", "reservation", "flex-start", "spot")
    scope, seen = Scope("p", "production"), set()
    for machine in CATALOGUE.machines:
        supply = replace(
            SUPPLY, purchase_order=options, reservations=(Reservation("r" * 63, machine.id, 1, SUPPLY.zones[0]),)
        )
        rungs = Rungs(machine.id, line, rungs_in_order(CATALOGUE, machine, supply, options))
        names = [cloud_name(Service.NODE_POOL, scope, rungs.key(rung)) for rung in rungs.rungs]
        assert all(len(name) <= NAME_LIMITS[Service.NODE_POOL] for name in names)
        assert not seen & set(names)
        seen |= set(names)
        # both are values of labels
        assert max(len(name) for name in (rungs.name, *(rungs.key(rung) for rung in rungs.rungs))) <= 63
        assert not machine.id.startswith(LADDER_PREFIX)
