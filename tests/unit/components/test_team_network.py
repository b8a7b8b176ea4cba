"""Who can talk to whom around a team's namespace, judged by the rules of NetworkPolicy.

Source of the rules: kubernetes.io/docs/concepts/services-networking/network-policies (2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from components.kubernetes.team_network import make_policies
from tests.unit.components.test_team_quota import workload

POLICIES = make_policies(
    [
        workload(name="chat"),
        workload(name="fast", standard_mode=True, caller_namespaces=["web", "shop"]),
        workload(name="alone", standard_mode=True),
    ],
    "199.36.153.8/30",
)


@dataclass(frozen=True)
class Pod:
    """A pod with its labels, and those of its namespace."""

    namespace: str
    labels: dict[str, str] = field(default_factory=dict)
    namespace_labels: dict[str, str] = field(default_factory=dict)

    @property
    def of_namespace(self) -> dict[str, str]:
        return {"kubernetes.io/metadata.name": self.namespace, **self.namespace_labels}


def engine(name: str, namespace: str = "team-a") -> Pod:
    return Pod(namespace, {"serving.kserve.io/inferenceservice": name}, {"gemma-platform/team": namespace[5:]})


JOB = Pod("team-a", {"job-name": "try"}, {"gemma-platform/team": "a"})
GATEWAY = Pod("knative-serving", {"app": "3scale-kourier-gateway"})
ACTIVATOR, AUTOSCALER = (Pod("knative-serving", {"app": app}) for app in ("activator", "autoscaler"))
COLLECTOR = Pod("gmp-system", {"app.kubernetes.io/name": "collector"})
OTHER_TEAMS_JOB = Pod("team-b", {"job-name": "try"}, {"gemma-platform/team": "b"})


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """A label selector; an empty one selects everything."""
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for one in selector.get("matchExpressions", ()):
        found = {
            "Exists": one["key"] in labels,
            "DoesNotExist": one["key"] not in labels,
            "In": labels.get(one["key"]) in one.get("values", ()),
        }
        if not found[one["operator"]]:
            return False
    return True


def is_peer(peer: dict[str, Any], other: Pod | str, own_namespace: str) -> bool:
    if isinstance(other, str):
        block, address = peer.get("ipBlock"), IPv4Address(other)
        return (
            bool(block)
            and address in IPv4Network(block["cidr"])
            and not any(address in IPv4Network(left_out) for left_out in block.get("except", ()))
        )
    if "ipBlock" in peer:
        return False  # Dataplane V2 never matches pods by their addresses
    if "namespaceSelector" in peer:
        inside = selects(peer["namespaceSelector"], other.of_namespace)
    else:
        inside = other.namespace == own_namespace
    return inside and selects(peer.get("podSelector", {}), other.labels)


def allows(pod: Pod, direction: str, other: Pod | str, port: int, policies: dict[str, Any], protocol: str) -> bool:
    """Whether the policies of the pod's namespace let it talk; without one that selects it everything may."""
    rules, peers = {"Egress": ("egress", "to"), "Ingress": ("ingress", "from")}[direction]
    applying = [
        spec
        for spec in policies.values()
        if direction in spec["policyTypes"] and selects(spec["podSelector"], pod.labels)
    ]
    return not applying or any(
        {"protocol": protocol, "port": port} in rule["ports"]
        and any(is_peer(peer, other, pod.namespace) for peer in rule[peers])
        for spec in applying
        for rule in spec.get(rules, ())
    )


def enters(other: Pod | str, pod: Pod, port: int) -> bool:
    return allows(pod, "Ingress", other, port, POLICIES, "TCP")


def leaves(
    pod: Pod, other: Pod | str, port: int, protocol: str = "TCP", policies: dict[str, Any] | None = None
) -> bool:
    return allows(pod, "Egress", other, port, policies or POLICIES, protocol)


@pytest.mark.parametrize("port", [8012, 8013, 8112])
@pytest.mark.parametrize("sender", [GATEWAY, ACTIVATOR])
def test_knatives_data_path_reaches_the_queue_proxy(sender: Pod, port: int) -> None:
    assert enters(sender, engine("chat"), port)
    assert not enters(Pod(sender.namespace, {"app": "other"}), engine("chat"), port)
    assert not enters(Pod("default", sender.labels), engine("chat"), port)


def test_the_gateway_does_not_reach_the_engine_past_the_queue_proxy() -> None:
    assert not enters(GATEWAY, engine("chat"), 8080)
    assert not enters(ACTIVATOR, engine("chat"), 8080)


def test_the_autoscaler_reads_its_own_port_only() -> None:
    assert [port for port in (8012, 8080, 9090, 9091) if enters(AUTOSCALER, engine("chat"), port)] == [9090]


def test_the_collector_reads_engine_and_queue_proxy() -> None:
    assert [port for port in (8012, 8080, 9090, 9091) if enters(COLLECTOR, engine("chat"), port)] == [8080, 9091]


def test_in_standard_mode_the_own_namespace_and_those_named_reach_the_engine() -> None:
    reaching = {
        name: [
            one.namespace for one in (JOB, Pod("web"), Pod("shop"), Pod("default")) if enters(one, engine(name), 8080)
        ]
        for name in ("fast", "alone", "chat")
    }
    assert reaching == {"fast": ["team-a", "web", "shop"], "alone": ["team-a"], "chat": []}


def test_in_standard_mode_no_other_port_is_open_to_callers() -> None:
    assert not [port for port in (80, 8012, 8081, 9090) if enters(Pod("web"), engine("fast"), port)]


def test_engines_do_not_talk_to_each_other() -> None:
    assert not leaves(engine("chat"), engine("fast"), 8080)
    assert not enters(engine("chat"), engine("fast"), 8080)
    assert not leaves(engine("chat"), engine("chat"), 8080)


def test_nobody_else_gets_in() -> None:
    for stranger in (OTHER_TEAMS_JOB, engine("chat", "team-b"), Pod("kube-system"), "10.1.2.3", "8.8.8.8"):
        for pod in (engine("chat"), engine("fast"), JOB):
            assert not [port for port in (80, 443, 8012, 8080, 9090, 9091) if enters(stranger, pod, port)], stranger


@pytest.mark.parametrize(
    "resolver",
    [
        Pod("kube-system", {"k8s-app": "kube-dns"}),
        Pod("kube-system", {"k8s-app": "node-local-dns"}),
        "169.254.20.10",
        "169.254.169.254",
    ],
)
@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("pod", [engine("chat"), JOB], ids=["engine", "job"])
def test_every_pod_can_resolve_names(pod: Pod, resolver: Pod | str, protocol: str) -> None:
    assert leaves(pod, resolver, 53, protocol)
    assert not leaves(pod, Pod("default", {"k8s-app": "kube-dns"}), 53, protocol)


def test_engines_reach_googles_apis_and_their_tokens_and_nothing_else() -> None:
    apis, metadata = ["199.36.153.8", "199.36.153.11"], ["169.254.169.254", "169.254.169.252"]
    reached = [
        (address, port)
        for address in [*apis, *metadata, "199.36.153.12", "8.8.8.8", "10.0.0.1"]
        for port in (80, 443, 988, 6443, 8080)
        if leaves(engine("chat"), address, port)
    ]
    assert reached == [
        ("199.36.153.8", 443),
        ("199.36.153.11", 443),
        ("169.254.169.254", 80),
        ("169.254.169.252", 988),
    ]


def test_other_pods_reach_neither_googles_apis_nor_tokens() -> None:
    assert not leaves(JOB, "199.36.153.8", 443)
    assert not leaves(JOB, "169.254.169.254", 80)


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("142.250.0.1", True),
        ("10.8.0.1", False),
        ("172.20.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
    ],
)
def test_without_a_range_for_googles_apis_all_public_addresses_are_open_on_443(address: str, reached: bool) -> None:
    open_wide = make_policies([], None)
    assert leaves(engine("chat"), address, 443, policies=open_wide) is reached
    assert not leaves(engine("chat"), address, 22, policies=open_wide)


def test_a_job_of_the_team_can_call_models_in_both_modes() -> None:
    assert leaves(JOB, GATEWAY, 8081)
    assert leaves(JOB, engine("fast"), 8080)
    # another team decides by itself whom it lets in
    assert leaves(JOB, engine("fast", "team-b"), 8080)
    assert not leaves(JOB, Pod("default"), 8080)
    assert not leaves(engine("chat"), GATEWAY, 8081)


@pytest.mark.parametrize("text", ["199.36.153.8/24", "private.googleapis.com", "2600:2d00::/64"])
def test_a_range_that_is_no_block_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"google_apis_range is .*write an IPv4 block such as 199\.36\.153\.8/30"):
        make_policies([], text)
