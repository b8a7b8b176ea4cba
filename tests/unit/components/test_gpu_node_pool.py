"""What a GPU pool declares for each machine, way to buy and way to share, and what it refuses before anything is registered.

The inputs are also put before the stand-in of Google Cloud, which knows the same limits from other tables.
"""

from __future__ import annotations

from typing import Any

import pytest

from components.google.gpu_machines import ADDABLE_LOCAL_SSDS, UNCOUNTED_LOCAL_SSD
from components.google.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.sizing.catalogue import Machine, load_catalogue
from sandbox.providers.gcp.types.node_pool import _pool_limits
from tests.unit.components.registering import Program, register

POOL = "gcp:container/nodePool:NodePool"
CATALOGUE = load_catalogue()


def pool_of(base: str = "g2-standard-24", option: str = "on-demand", **changes: Any) -> GpuNodePoolArgs:
    """Arguments for a machine of the catalogue, in zones that have it."""
    machine = CATALOGUE.machine(base)
    accelerator = CATALOGUE.accelerator(machine.accelerator)
    region = accelerator.regions[0] if accelerator.regions else "us-central1"
    zones = list(accelerator.zones.get(region, (f"{region}-a", f"{region}-b")))
    args: dict[str, Any] = {
        "name": "pool",
        "cluster_name": "c",
        "location": region,
        "node_locations": zones,
        "machine_type": base,
        "accelerator": accelerator.node_label,
        "accelerator_count": machine.gpu_count,
        "max_nodes": 2,
        "purchase_option": option,
        "boot_disk_type": machine.boot_disk_type,
        "service_account": "nodes@p.iam.gserviceaccount.com",
        "labels": {"owner": "o"},
        "node_labels": {"gemma-platform/pool": "p"},
        **({"reservation": "held"} if option == "reservation" else {}),
        **changes,
    }
    return GpuNodePoolArgs(**args)


def made(args: GpuNodePoolArgs) -> Program:
    return register(lambda: GpuNodePool("pool", args))


def node_of(args: GpuNodePoolArgs) -> dict[str, Any]:
    return made(args).one(POOL).inputs["nodeConfig"]


def sold() -> list[tuple[str, str]]:
    return [(m.id, option) for m in CATALOGUE.machines for option, can in m.buy.items() if can is not False]


def not_sold() -> list[tuple[str, str]]:
    # what the organisation has reserved is its own to know
    return [(m.id, o) for m in CATALOGUE.machines for o, can in m.buy.items() if can is False and o != "reservation"]


def test_every_way_to_buy_every_machine_of_the_catalogue_becomes_a_pool_that_google_takes() -> None:
    for machine_type, option in sold():
        inputs = made(pool_of(machine_type, option)).one(POOL).inputs
        assert _pool_limits(inputs) == [], (machine_type, option)
        machine, node = CATALOGUE.machine(machine_type), inputs["nodeConfig"]
        (gpu,) = node["guestAccelerators"]
        assert gpu["count"] == machine.gpu_count
        assert node["diskType"] == machine.boot_disk_type
        # exactly one way to buy is asked for
        reserved = node["reservationAffinity"]["consumeReservationType"] == "SPECIFIC_RESERVATION"
        assert [node["spot"], node.get("flexStart", False), reserved] == [
            option == "spot",
            option == "flex-start",
            option == "reservation",
        ]
        assert ("maxRunDuration" in node) == (option == "flex-start")


@pytest.mark.parametrize(("machine_type", "option"), not_sold())
def test_what_is_not_sold_is_refused_with_what_is(machine_type: str, option: str) -> None:
    with pytest.raises(ValueError, match=f"purchase_option is '{option}'; {machine_type} is not sold") as caught:
        GpuNodePool("pool", pool_of(machine_type, option))
    possible = [name for name, can in CATALOGUE.machine(machine_type).buy.items() if can]
    assert possible
    assert all(name in str(caught.value).partition("but as")[2] for name in possible)


def test_one_h100_on_demand_is_among_what_is_refused() -> None:
    assert ("a3-highgpu-1g", "on-demand") in not_sold()
    with pytest.raises(ValueError, match=r"but as spot, flex-start$"):
        GpuNodePool("pool", pool_of("a3-highgpu-1g"))


@pytest.mark.parametrize(
    ("machine_type", "changes", "message"),
    [
        ("g2-standard-24", {"purchase_option": "preemptible"}, "'preemptible'; allowed: on-demand, reservation"),
        ("g2-standard-24", {"purchase_option": "reservation"}, "belong together"),
        ("g2-standard-24", {"reservation": "held"}, "belong together"),
        ("g2-standard-24", {"machine_type": "g2-standard-20"}, "machine_type: .*did you mean 'g2-standard-"),
        ("g2-standard-24", {"accelerator": "nvidia-t4"}, "accelerator is 'nvidia-t4'; g2-standard-24 has nvidia-l4"),
        ("g2-standard-24", {"accelerator_count": 1}, "accelerator_count is 1; g2-standard-24 has exactly 2"),
        ("g4-standard-6", {"accelerator": "nvidia-rtx-pro-6000-1of8"}, "g4-standard-6 has nvidia-rtx-pro-6000$"),
        ("g2-standard-24", {"node_locations": []}, "node_locations is empty"),
        ("g2-standard-24", {"node_locations": ["us-central1-a"] * 2}, "more than once"),
        ("g2-standard-24", {"node_locations": ["us-east4-a"]}, "'us-east4-a'; the cluster is in us-central1"),
        ("g2-standard-24", {"location": "us-east4-a"}, "'us-central1-a'; the cluster is in us-east4"),
        (
            "g2-standard-24",
            {"location": "europe-north1", "node_locations": ["europe-north1-a"]},
            "location is in europe-north1; nvidia-l4 is in us-central1, ",
        ),
        (
            "g4-standard-48",
            {"node_locations": ["us-central1-a"]},
            "only in us-central1-b, us-central1-f of us-central1",
        ),
        ("g4-standard-24", {"node_locations": ["us-central1-f"]}, "1of2 is only in us-central1-b"),
        ("g2-standard-24", {"max_nodes": 0}, "max_nodes is 0; at least 1"),
        ("g2-standard-24", {"driver_version": "580"}, "driver_version is '580'; allowed: DEFAULT, LATEST"),
        ("g4-standard-48", {"boot_disk_type": "pd-balanced"}, "g4-standard-48 boots from hyperdisk-balanced only"),
        ("g2-standard-24", {"mig_profile": "1g.5gb"}, "nvidia-l4 has none, it cannot be partitioned"),
        ("g4-standard-24", {"mig_profile": "1g.24gb"}, "1of2 has none"),
        ("a2-highgpu-1g", {"mig_profile": "1g.10gb"}, "has 1g.5gb, 2g.10gb, 3g.20gb, 7g.40gb"),
        ("g2-standard-24", {"sharing": {"strategy": "mig", "clients": 2}}, "'mig'; allowed: time-sharing, mps"),
        ("g2-standard-24", {"sharing": {"strategy": "mps", "clients": 1}}, "sharing.clients is 1; 2 to 48"),
        ("g2-standard-24", {"sharing": {"strategy": "mps", "clients": 49}}, "sharing.clients is 49; 2 to 48"),
        ("g2-standard-24", {"local_ssds": 1}, "local_ssds is 1; g2-standard-24 takes 2"),
        ("g4-standard-6", {"local_ssds": 1}, "g4-standard-6 takes none"),
        ("a2-ultragpu-2g", {"local_ssds": 1}, "a2-ultragpu-2g takes 2"),
        ("g2-standard-24", {"local_ssds": 0}, "local_ssds is 0"),
    ],
)
def test_what_google_does_not_make_is_refused_naming_field_value_and_what_is_possible(
    machine_type: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        GpuNodePool("pool", pool_of(machine_type, **changes))


def test_it_grows_from_zero_in_any_zone_and_an_upgrade_needs_no_spare_gpu() -> None:
    inputs = made(pool_of(max_nodes=3)).one(POOL).inputs
    assert inputs["initialNodeCount"] == 0
    assert inputs["autoscaling"] == {"totalMinNodeCount": 0, "totalMaxNodeCount": 3, "locationPolicy": "ANY"}
    assert inputs["upgradeSettings"] == {"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1}


def test_nodes_have_the_newest_driver_streamed_images_secure_boot_and_their_own_identity() -> None:
    node = node_of(pool_of())
    assert node["guestAccelerators"][0]["gpuDriverInstallationConfig"] == {"gpuDriverVersion": "LATEST"}
    assert node["gcfsConfig"] == {"enabled": True}
    assert node["shieldedInstanceConfig"]["enableSecureBoot"] is True
    assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert node["serviceAccount"] == "nodes@p.iam.gserviceaccount.com"
    assert node["labels"] == {"gemma-platform/pool": "p"}
    assert node["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]


def test_a_pool_of_a_class_bears_its_name_as_label_and_taint_beside_the_gpus() -> None:
    node = node_of(pool_of(compute_class="ladder-x"))
    assert node["labels"] == {"gemma-platform/pool": "p", "cloud.google.com/compute-class": "ladder-x"}
    assert [(taint["key"], taint["value"]) for taint in node["taints"]] == [
        ("nvidia.com/gpu", "present"),
        ("cloud.google.com/compute-class", "ladder-x"),
    ]


def bundling() -> list[Machine]:
    return [m for m in CATALOGUE.machines if m.local_ssd_gib and not m.id.startswith(UNCOUNTED_LOCAL_SSD)]


@pytest.mark.parametrize("machine", bundling(), ids=lambda machine: machine.id)
def test_the_local_ssd_that_a_machine_bundles_is_its_ephemeral_storage(machine: Machine) -> None:
    option = next(option for option, can in machine.buy.items() if can)
    node = node_of(pool_of(machine.id, option))
    assert node["ephemeralStorageLocalSsdConfig"]["localSsdCount"] * 375 == machine.local_ssd_gib


def test_local_ssd_is_added_only_where_asked_for_and_where_no_source_counts_it_not_at_all() -> None:
    assert "ephemeralStorageLocalSsdConfig" not in node_of(pool_of("g2-standard-24"))
    assert node_of(pool_of("g2-standard-24", local_ssds=2))["ephemeralStorageLocalSsdConfig"] == {"localSsdCount": 2}
    assert "ephemeralStorageLocalSsdConfig" not in node_of(pool_of("a4x-highgpu-4g", "reservation"))


def test_machines_that_take_local_ssd_are_machines_of_the_catalogue_that_bundle_none() -> None:
    assert all(CATALOGUE.machine(machine_type).local_ssd_gib == 0 for machine_type in ADDABLE_LOCAL_SSDS)


def test_a_gpu_is_shared_by_time_or_by_partition_or_by_both() -> None:
    args = pool_of("a2-highgpu-1g", sharing={"strategy": "time-sharing", "clients": 4}, mig_profile="3g.20gb")
    inputs = made(args).one(POOL).inputs
    (gpu,) = inputs["nodeConfig"]["guestAccelerators"]
    assert gpu["gpuSharingConfig"] == {"gpuSharingStrategy": "TIME_SHARING", "maxSharedClientsPerGpu": 4}
    assert gpu["gpuPartitionSize"] == "3g.20gb"
    assert _pool_limits(inputs) == []
    (alone,) = node_of(pool_of("a2-highgpu-1g"))["guestAccelerators"]
    assert not {"gpuSharingConfig", "gpuPartitionSize"} & alone.keys()


def test_a_machine_of_the_organisations_own_catalogue_is_known(tmp_path: Any) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "machines: [{id: g2-own-8, accelerator: nvidia-l4, gpu_count: 1, vcpu: 8, memory_gb: 32, "
        "boot_disk_type: pd-balanced, buy: {spot: true, on-demand: false}}]\n",
        encoding="utf-8",
    )
    changes = {"machine_type": "g2-own-8", "accelerator_count": 1}
    assert node_of(pool_of(option="spot", catalogue=str(own), **changes))["machineType"] == "g2-own-8"
    with pytest.raises(ValueError, match="g2-own-8 is not sold that way, but as spot"):
        GpuNodePool("pool", pool_of(catalogue=str(own), **changes))
    with pytest.raises(ValueError, match="machine_type"):
        GpuNodePool("pool", pool_of(option="spot", **changes))
