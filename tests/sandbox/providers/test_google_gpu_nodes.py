"""Node pools with GPUs: disks, partitions, sharing, purchase, placement and upgrades."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.gcp.limits import MACHINE_GPUS
from sandbox.providers.gcp.machines import BUNDLED_SSDS, LOCAL_SSDS, MACHINES, PARTITIONS
from tests.sandbox.providers.examples import GOOGLE, POOL, changed, check, refused_paths

ZONES = {"nvidia-b200": "us-central1-b", "nvidia-rtx-pro-6000": "us-central1-b", "nvidia-h200-141gb": "us-central1-a"}
SPECIFIC = {
    "consumeReservationType": "SPECIFIC_RESERVATION",
    "key": "compute.googleapis.com/reservation-name",
    "values": ["ours"],
}


def pool(machine: str, **node: Any) -> dict[str, Any]:
    """A Spot pool of that machine, with its GPUs, in a zone that has them."""
    card, count = MACHINE_GPUS[machine]
    disk = "hyperdisk-balanced" if machine.startswith(("g4-", "a4")) else "pd-balanced"
    config = {"machineType": machine, "diskType": disk, "spot": True, **node}
    config.setdefault("guestAccelerators", [{"type": card, "count": count}])
    zone = ZONES.get(card, "us-central1-a")
    return {**GOOGLE[POOL], "nodeLocations": [zone], "nodeConfig": {k: v for k, v in config.items() if v is not None}}


def cut(machine: str, size: str) -> dict[str, Any]:
    card, count = MACHINE_GPUS[machine]
    return pool(machine, guestAccelerators=[{"type": card, "count": count, "gpuPartitionSize": size}])


@pytest.mark.parametrize(
    ("machine", "count", "accepted"),
    [
        ("g2-standard-8", 1, True),
        ("g2-standard-8", 2, False),
        ("g2-standard-48", 4, True),
        ("g4-standard-6", 1, False),
        ("g4-standard-48", 4, True),
        ("g4-standard-48", 5, False),
        ("a2-highgpu-1g", 4, True),
        ("a2-highgpu-2g", 1, False),
        ("a2-ultragpu-2g", 2, True),
        ("a3-highgpu-1g", 2, True),
        ("a3-highgpu-1g", 16, False),
        ("a3-highgpu-8g", 16, True),
        ("a4-highgpu-8g", 32, True),
        ("a4-highgpu-8g", 16, False),
        ("a3-highgpu-8g", 0, True),
        ("g2-standard-8", UNKNOWN, True),
    ],
)
@pytest.mark.parametrize("field", ["ephemeralStorageLocalSsdConfig", "localNvmeSsdBlockConfig"])
def test_a_machine_takes_its_numbers_of_local_ssds(
    google: GoogleApi, field: str, machine: str, count: Any, accepted: bool
) -> None:
    inputs = pool(machine, **{field: {"localSsdCount": count}})
    assert refused_paths(google, POOL, inputs) == ([] if accepted else [f"nodeConfig.{field}.localSsdCount"])


@pytest.mark.parametrize(
    ("machine", "size", "accepted"),
    [
        ("a2-highgpu-1g", "1g.5gb", True),
        ("a2-highgpu-1g", "1g.10gb", False),
        ("a2-ultragpu-1g", "3g.40gb", True),
        ("a3-highgpu-1g", "7g.80gb", True),
        ("a3-highgpu-1g", "1g.5gb", False),
        ("a3-ultragpu-8g", "1g.18gb", True),
        ("a4-highgpu-8g", "7g.180gb", True),
        ("g4-standard-48", "2g.48gb", True),
        ("g4-standard-48", "1g.12gb", False),
        ("g2-standard-8", "1g.6gb", False),
    ],
)
def test_a_card_is_cut_into_its_own_sizes(google: GoogleApi, machine: str, size: str, accepted: bool) -> None:
    path = "nodeConfig.guestAccelerators[0].gpuPartitionSize"
    assert refused_paths(google, POOL, cut(machine, size)) == ([] if accepted else [path])


@pytest.mark.parametrize(("clients", "accepted"), [(1, False), (2, True), (48, True), (49, False), (UNKNOWN, True)])
@pytest.mark.parametrize("strategy", ["TIME_SHARING", "MPS"])
def test_a_gpu_is_shared_by_2_to_48(google: GoogleApi, strategy: str, clients: Any, accepted: bool) -> None:
    sharing = {"gpuSharingStrategy": strategy, "maxSharedClientsPerGpu": clients}
    inputs = changed(GOOGLE[POOL], "nodeConfig.guestAccelerators.0.gpuSharingConfig", sharing)
    path = "nodeConfig.guestAccelerators[0].gpuSharingConfig"
    assert refused_paths(google, POOL, inputs) == ([] if accepted else [f"{path}.maxSharedClientsPerGpu"])
    slicing = changed(inputs, "nodeConfig.guestAccelerators.0.gpuSharingConfig.gpuSharingStrategy", "SLICES")
    assert f"{path}.gpuSharingStrategy" in refused_paths(google, POOL, slicing)


@pytest.mark.parametrize(
    ("machine", "disk", "accepted"),
    [
        ("g4-standard-48", "hyperdisk-balanced", True),
        ("g4-standard-48", "hyperdisk-ml", False),
        ("g4-standard-48", "pd-ssd", False),
        ("a4-highgpu-8g", "pd-balanced", False),
        ("a4-highgpu-8g", None, False),
        ("g2-standard-8", "pd-ssd", True),
    ],
)
def test_the_newest_machines_boot_from_a_hyperdisk(
    google: GoogleApi, machine: str, disk: str | None, accepted: bool
) -> None:
    assert refused_paths(google, POOL, pool(machine, diskType=disk)) == ([] if accepted else ["nodeConfig.diskType"])
    inside = pool(machine, diskType=None, bootDisk={"diskType": disk}) if disk else pool(machine, diskType=None)
    assert bool(refused_paths(google, POOL, inside)) is not accepted
    cpu = {**GOOGLE[POOL], "nodeConfig": {"machineType": "e2-standard-4", "diskType": "hyperdisk-balanced"}}
    assert refused_paths(google, POOL, cpu) == ["nodeConfig.diskType"]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"reservationAffinity": SPECIFIC, "spot": False}, []),
        ({"reservationAffinity": {"consumeReservationType": "NO_RESERVATION"}}, []),
        ({"reservationAffinity": {"consumeReservationType": "ANY_RESERVATION_THEN_FAIL"}, "spot": False}, []),
        ({"reservationAffinity": SPECIFIC}, ["nodeConfig.reservationAffinity"]),
        (
            {"reservationAffinity": {"consumeReservationType": "SPECIFIC"}, "spot": False},
            ["nodeConfig.reservationAffinity.consumeReservationType"],
        ),
        ({"reservationAffinity": {**SPECIFIC, "key": "name"}, "spot": False}, ["nodeConfig.reservationAffinity.key"]),
        ({"reservationAffinity": {**SPECIFIC, "values": []}, "spot": False}, ["nodeConfig.reservationAffinity.values"]),
        (
            {"reservationAffinity": {**SPECIFIC, "consumeReservationType": "NO_RESERVATION"}, "spot": False},
            ["nodeConfig.reservationAffinity"],
        ),
        ({"flexStart": True}, ["nodeConfig.flexStart"]),
        ({"flexStart": True, "spot": False, "maxRunDuration": "604800s"}, []),
    ],
)
def test_a_way_to_buy_excludes_the_others(google: GoogleApi, changes: dict[str, Any], refused: list[str]) -> None:
    assert refused_paths(google, POOL, pool("g2-standard-8", **changes)) == refused


def test_queued_nodes_come_from_zero_and_from_no_reservation(google: GoogleApi) -> None:
    free = {"consumeReservationType": "NO_RESERVATION"}
    inputs = {
        **pool("a3-highgpu-8g", spot=False, reservationAffinity=free),
        "queuedProvisioning": {"enabled": True},
        "initialNodeCount": 0,
    }
    assert check(google, POOL, inputs) == []
    for path, value, refused in (
        ("nodeConfig.spot", True, "queuedProvisioning"),
        ("nodeConfig.reservationAffinity", None, "queuedProvisioning"),
        ("autoscaling", None, "queuedProvisioning"),
        ("autoscaling.totalMinNodeCount", 1, "autoscaling.totalMinNodeCount"),
        ("initialNodeCount", 1, "initialNodeCount"),
    ):
        assert refused_paths(google, POOL, changed(inputs, path, value)) == [refused], path
    assert check(google, POOL, changed(inputs, "queuedProvisioning", {"enabled": False})) == []


def test_a4x_is_sold_by_reservation_only(google: GoogleApi) -> None:
    assert refused_paths(google, POOL, pool("a4x-highgpu-4g")) == ["nodeConfig.machineType"]
    assert check(google, POOL, pool("a4x-highgpu-4g", spot=False, reservationAffinity=SPECIFIC)) == []


def test_cards_are_had_only_in_the_zones_that_a_source_names(google: GoogleApi) -> None:
    inputs = pool("a2-ultragpu-1g")
    assert check(google, POOL, inputs) == []
    assert refused_paths(google, POOL, {**inputs, "nodeLocations": ["us-central1-b"]}) == ["nodeLocations"]
    assert refused_paths(google, POOL, {**pool("a4-highgpu-8g"), "nodeLocations": ["us-central1-a"]}) == [
        "nodeLocations"
    ]


def test_compact_placement_is_for_one_zone_and_for_machines_that_can_be_placed(google: GoogleApi) -> None:
    compact = {**pool("a2-highgpu-8g"), "placementPolicy": {"type": "COMPACT"}}
    assert check(google, POOL, compact) == []
    assert refused_paths(google, POOL, changed(compact, "placementPolicy.type", "SPREAD")) == ["placementPolicy.type"]
    two = {**compact, "nodeLocations": ["us-central1-a", "us-central1-b"]}
    assert refused_paths(google, POOL, two) == ["nodeLocations"]
    cpu = {**compact, "nodeConfig": {"machineType": "e2-standard-4"}}
    assert refused_paths(google, POOL, cpu) == ["placementPolicy.type"]


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1}, []),
        ({"maxSurge": 0, "maxUnavailable": 0}, ["upgradeSettings"]),
        ({"maxSurge": 15, "maxUnavailable": 6}, ["upgradeSettings"]),
        ({"strategy": "ROLLING"}, ["upgradeSettings.strategy"]),
        ({"maxSurge": -1}, ["upgradeSettings.maxSurge"]),
        ({"maxSurge": UNKNOWN, "maxUnavailable": 0}, []),
    ],
)
def test_an_upgrade_can_move(google: GoogleApi, settings: dict[str, Any], refused: list[str]) -> None:
    assert refused_paths(google, POOL, {**GOOGLE[POOL], "upgradeSettings": settings}) == refused


def test_the_autoscaler_knows_two_ways_to_choose_a_zone(google: GoogleApi) -> None:
    assert check(google, POOL, changed(GOOGLE[POOL], "autoscaling.locationPolicy", "ANY")) == []
    wrong = changed(GOOGLE[POOL], "autoscaling.locationPolicy", "RANDOM")
    assert refused_paths(google, POOL, wrong) == ["autoscaling.locationPolicy"]


def test_the_tables_speak_of_the_same_machines_and_cards() -> None:
    assert {*MACHINE_GPUS, *LOCAL_SSDS, *BUNDLED_SSDS} <= set(MACHINES)
    assert set(PARTITIONS) - {"nvidia-tesla-t4"} <= {card for card, _ in MACHINE_GPUS.values()}
