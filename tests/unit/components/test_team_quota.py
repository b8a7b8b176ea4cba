"""What a team's namespace may hold, in numbers, and that its deployments always find room to be rolled out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kubernetes import team_limits, team_quota
from components.kubernetes.inference_service import KNATIVE, STANDARD, make_spec
from components.kubernetes.team_quota import OTHER_PODS, TeamWorkload
from components.served_model import ServedModelArgs
from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Adapter
from components.sizing.host import host_needs, host_too_small, node_room
from tests.unit.components.models import model_of
from tests.unit.sizing.test_placement import PAYMENTS

GPUS = "requests.nvidia.com/gpu"
SUFFIXES = {"m": Decimal("0.001"), "": Decimal(1), "k": Decimal(1000), "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
#: Of the pods beside the replicas: (requests, limits).
OTHERS_CPU, OTHERS_MEMORY = (Decimal("0.2"), Decimal(2)), (200 * 2**20, 2 * 2**30)


def workload(gpus: int = 2, least: int = 1, most: int = 3, **changes: Any) -> TeamWorkload:
    """A deployment of 6 cores and 22 GiB a replica."""
    made = TeamWorkload(
        name="assistant",
        gpus=gpus,
        vcpu=6,
        memory_gib=22,
        min_replicas=least,
        max_replicas=most,
        standard_mode=False,
        bucket_volumes=False,
        caller_namespaces=[],
    )
    return TeamWorkload(**{**made, **changes})


def amount(quantity: str) -> Decimal:
    """A quantity of Kubernetes as a number."""
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", quantity)
    assert found, quantity
    return Decimal(found[1]) * SUFFIXES[found[2]]


def hard(*workloads: TeamWorkload) -> dict[str, Decimal]:
    return {key: amount(quantity) for key, quantity in team_quota.make_spec(workloads)["hard"].items()}


@pytest.mark.parametrize(
    ("workloads", "gpus", "pods"),
    [
        ([], 0, 0),
        # peaks, the largest rollout, and the pod that Knative tries
        ([workload(2, 0, 1)], 2 + 2 + 2, 1 + 1 + 1),
        ([workload(2, 0, 3)], 6 + 2 + 2, 3 + 1 + 1),
        ([workload(2, 1, 1)], 2 + 2 + 2, 1 + 1 + 1),
        ([workload(2, 2, 3)], 6 + 4 + 2, 3 + 2 + 1),
        ([workload(2, 1, 3), workload(8, 0, 2)], 6 + 16 + 8 + 8, 5 + 1 + 1),
        # the rollout that needs most GPUs and the one that needs most pods need not be the same
        ([workload(1, 3, 3), workload(8, 1, 1)], 3 + 8 + 8 + 8, 4 + 3 + 1),
        # Knative tries nothing of a deployment that is not its own
        ([workload(2, 0, 3, standard_mode=True)], 6 + 2, 3 + 1),
    ],
    ids=[
        *("no deployment", "one from zero", "from zero", "one", "two always", "two deployments", "different largest"),
        "standard mode",
    ],
)
def test_gpus_and_pods_are_those_of_all_peaks_of_the_largest_rollout_and_of_a_trial(
    workloads: list[TeamWorkload], gpus: int, pods: int
) -> None:
    quota = hard(*workloads)
    assert quota[GPUS] == gpus
    assert quota["pods"] == pods + OTHER_PODS


def test_cores_and_memory_count_the_queue_proxy_in_knative_mode() -> None:
    quota = hard(workload(least=0, most=1))
    # 2 replicas of 6 cores and 22 GiB with Knative's own figures for the queue-proxy beside each, and a trial without one
    assert quota["requests.cpu"] == 2 * (6 + Decimal("0.025")) + 6 + OTHERS_CPU[0]
    assert quota["limits.cpu"] == 2 * (6 + 1) + 6 + OTHERS_CPU[1]
    assert quota["requests.memory"] == 2 * (22 * 2**30 + 400 * 2**20) + 22 * 2**30 + OTHERS_MEMORY[0]
    assert quota["limits.memory"] == 2 * (22 * 2**30 + 800 * 2**20) + 22 * 2**30 + OTHERS_MEMORY[1]


def test_there_is_no_queue_proxy_in_standard_mode() -> None:
    quota = hard(workload(least=0, most=1, standard_mode=True))
    assert quota["requests.cpu"] == 12 + OTHERS_CPU[0]
    assert quota["limits.memory"] == 44 * 2**30 + OTHERS_MEMORY[1]


@pytest.mark.parametrize("standard_mode", [True, False])
def test_cores_and_memory_count_the_container_that_serves_bucket_volumes_in_either_mode(standard_mode: bool) -> None:
    without, with_it = (
        hard(workload(least=1, most=3, standard_mode=standard_mode, bucket_volumes=reads)) for reads in (False, True)
    )
    # 3 replicas and the one of a rollout, each with 250m and 256Mi more, which are its limits too
    assert with_it["requests.cpu"] - without["requests.cpu"] == with_it["limits.cpu"] - without["limits.cpu"] == 1
    assert with_it["requests.memory"] - without["requests.memory"] == 4 * 256 * 2**20
    assert with_it["limits.memory"] - without["limits.memory"] == 4 * 256 * 2**20
    assert [with_it[key] == without[key] for key in (GPUS, "pods")] == [True, True]


def with_adapter(mode: str) -> ServedModelArgs:
    adapter = Adapter("tone", 16, "adapters/payments/tone", "v2")
    return model_of(replace(PAYMENTS, model="gemma-4-31b-it", adapters=(adapter,)), mode)


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
@pytest.mark.parametrize("adapters", [True, False])
def test_a_replica_counts_as_much_as_its_pod_and_what_is_put_beside_it_ask_for(mode: str, adapters: bool) -> None:
    model = with_adapter(mode) if adapters else model_of(PAYMENTS, mode)
    predictor = make_spec("a", model, "pool", "models", {}, "p")["predictor"]
    (engine,) = predictor["containers"]
    one = team_quota.replica(
        workload(
            gpus=int(model["accelerator_count"]),
            vcpu=int(model["vcpu"]),
            memory_gib=int(model["memory_gib"]),
            standard_mode=mode == STANDARD,
            bucket_volumes=adapters,
        )
    )
    # Knative's own figures, and what the pod's annotations tell GKE
    beside = (
        {} if mode == STANDARD else {"cpu-request": 25, "cpu-limit": 1000, "memory-request": 400, "memory-limit": 800}
    )
    told = predictor.get("annotations", {})
    assert bool(told) is adapters

    def beside_engine(figure: str, unit: str) -> Decimal:
        return beside.get(figure, 0) + amount(told.get(f"gke-gcsfuse/{figure}", "0")) / amount(unit)

    asked = engine["resources"]["requests"]
    assert one.gpus == amount(asked["nvidia.com/gpu"])
    for bound, cpu, memory in (
        ("request", one.requests_cpu, one.requests_memory),
        ("limit", one.limits_cpu, one.limits_memory),
    ):
        assert cpu == amount(asked["cpu"]) * 1000 + beside_engine(f"cpu-{bound}", "1m")
        assert memory == amount(asked["memory"]) / 2**20 + beside_engine(f"memory-{bound}", "1Mi")
    assert engine["resources"]["limits"] == asked


def test_what_is_put_beside_an_engine_fits_on_the_smallest_share_of_a_node_that_sizing_fills() -> None:
    beside = workload(gpus=0, bucket_volumes=True, vcpu=0, memory_gib=0)
    extra = team_quota.replica(beside)
    shares = [
        (machine.id, ranks, node_room(machine), host_needs(ranks))
        for machine in load_catalogue().machines
        for ranks in (1, 2, 4, 8)
        if ranks <= machine.gpu_count and host_too_small(machine, None, ranks) is None
    ]
    assert len(shares) > 20
    for name, ranks, (vcpu, memory_gib), needs in shares:
        share = Decimal(ranks) / load_catalogue().machine(name).gpu_count
        assert vcpu * share >= needs.vcpu + Decimal(extra.requests_cpu) / 1000, (name, ranks)
        assert memory_gib * share >= needs.memory_gib + Decimal(extra.requests_memory) / 1024, (name, ranks)


@st.composite
def deployments(draw: st.DrawFn) -> TeamWorkload:
    most = draw(st.integers(1, 40))
    return TeamWorkload(
        name="any",
        gpus=draw(st.integers(0, 8)),
        vcpu=draw(st.integers(1, 200)),
        memory_gib=draw(st.integers(1, 2000)),
        min_replicas=draw(st.integers(0, most)),
        max_replicas=most,
        standard_mode=draw(st.booleans()),
        bucket_volumes=draw(st.booleans()),
        caller_namespaces=[],
    )


def used(workload: TeamWorkload, replicas: int) -> dict[str, Decimal]:
    """What so many pods take from the quota, counted from the workload alone."""
    sidecar = 0 if workload["standard_mode"] else 1
    fuse = 1 if workload.get("bucket_volumes") else 0
    cpu = workload["vcpu"] + fuse * Decimal("0.25")
    memory = Decimal(workload["memory_gib"] * 2**30 + fuse * 256 * 2**20)
    return {
        GPUS: Decimal(workload["gpus"] * replicas),
        "requests.cpu": replicas * (cpu + sidecar * Decimal("0.025")),
        "limits.cpu": replicas * (cpu + sidecar),
        "requests.memory": replicas * (memory + sidecar * 400 * 2**20),
        "limits.memory": replicas * (memory + sidecar * 800 * 2**20),
        "pods": Decimal(replicas),
    }


def tried(workload: TeamWorkload) -> dict[str, Decimal]:
    """What the pod takes that Knative tries: the engine alone, and nothing where Knative does not serve."""
    alone = TeamWorkload(**{**workload, "standard_mode": True, "bucket_volumes": False})
    return used(alone, 0 if workload["standard_mode"] else 1)


@given(st.lists(deployments(), min_size=1, max_size=6))
def test_any_one_deployment_can_be_rolled_out_while_all_are_at_their_peak(workloads: list[TeamWorkload]) -> None:
    quota = hard(*workloads)
    at_peak = [used(one, one["max_replicas"]) for one in workloads]
    free = {key: quota[key] - sum(one[key] for one in at_peak) for key in at_peak[0]}
    rollouts = [used(one, max(1, one["min_replicas"])) for one in workloads]
    trials = [tried(one) for one in workloads]
    others = {GPUS: Decimal(0), "pods": Decimal(OTHER_PODS)}
    others |= {"requests.cpu": OTHERS_CPU[0], "limits.cpu": OTHERS_CPU[1]}
    others |= {"requests.memory": Decimal(OTHERS_MEMORY[0]), "limits.memory": Decimal(OTHERS_MEMORY[1])}
    for key, room in free.items():
        # enough for every one of them and for what Knative tries meanwhile, and not more than the largest takes
        assert room == max(one[key] for one in rollouts) + max(one[key] for one in trials) + others[key]


@given(st.lists(deployments(), max_size=6))
def test_quantities_are_written_as_the_api_server_writes_them(workloads: list[TeamWorkload]) -> None:
    for quantity in team_quota.make_spec(workloads)["hard"].values():
        found = re.fullmatch(r"(\d+)([A-Za-z]*)", quantity)
        assert found
        number, suffix = int(found[1]), found[2]
        larger = {"m": 1000, "": 1000, "Mi": 1024, "Gi": 1024}.get(suffix)
        assert number == 0 or larger is None or number % larger, f"{quantity} has a shorter form"


@pytest.mark.parametrize(
    ("millicores", "written"), [(0, "0"), (25, "25m"), (1000, "1"), (1500, "1500m"), (12000, "12"), (2_000_000, "2k")]
)
def test_cores_have_the_largest_suffix_that_leaves_no_fraction(millicores: int, written: str) -> None:
    assert team_limits.cpu_quantity(millicores) == written


@pytest.mark.parametrize(("mebibytes", "written"), [(400, "400Mi"), (1024, "1Gi"), (1536, "1536Mi"), (2**20, "1Ti")])
def test_memory_has_the_largest_suffix_that_leaves_no_fraction(mebibytes: int, written: str) -> None:
    assert team_limits.memory_quantity(mebibytes) == written


def test_nothing_public_can_be_made() -> None:
    quota = hard(workload())
    public = ("services.loadbalancers", "services.nodeports", "count/ingresses.networking.k8s.io")
    assert [quota[key] for key in (*public, "count/gateways.gateway.networking.k8s.io")] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("least", "most", "message"),
    [
        (0, 0, "max_replicas of 'assistant' is 0; at least 1"),
        (-1, 2, "min_replicas of 'assistant' is -1; 0 to its max_replicas 2"),
        (3, 2, "min_replicas of 'assistant' is 3; 0 to its max_replicas 2"),
    ],
)
def test_replicas_that_cannot_be_are_refused(least: int, most: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        team_quota.make_spec([workload(least=least, most=most)])
