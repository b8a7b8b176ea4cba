"""What Network logs, lets in and refuses, and the arithmetic of its ranges."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from components.google.network import PODS_RANGE, SERVICES_RANGE, Network, NetworkArgs
from components.google.ranges import Ranges, carve_ranges, check_ranges, check_room, most_nodes, refuse_overlap
from tests.google_api.check import check
from tests.unit.components.registering import Program, previews_the_same, register

SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
FIREWALL = "gcp:compute/firewall:Firewall"
CARVED = Ranges(nodes="10.0.0.0/20", pods="10.4.0.0/14", services="10.0.16.0/20")


def arguments(**changes: object) -> NetworkArgs:
    args = {
        "name": "gemma-dev",
        "region": "us-central1",
        "nodes_range": CARVED.nodes,
        "pods_range": CARVED.pods,
        "services_range": CARVED.services,
    }
    return NetworkArgs(**{**args, **changes})  # type: ignore[typeddict-item]


def network(**changes: object) -> Program:
    return register(lambda: Network("network", arguments(**changes)))


def test_instances_without_a_public_address_reach_google_and_the_cluster_finds_its_ranges() -> None:
    subnetwork = network().one(SUBNETWORK).inputs
    assert subnetwork["privateIpGoogleAccess"] is True
    assert subnetwork["ipCidrRange"] == CARVED.nodes
    secondary = {one["rangeName"]: one["ipCidrRange"] for one in subnetwork["secondaryIpRanges"]}
    assert secondary == {PODS_RANGE: CARVED.pods, SERVICES_RANGE: CARVED.services}


def test_the_network_has_no_subnets_of_googles_choice_whose_ranges_could_overlap() -> None:
    assert network().one("gcp:compute/network:Network").inputs["autoCreateSubnetworks"] is False


def test_a_tenth_of_the_flows_is_logged_unless_told_otherwise() -> None:
    log = network().one(SUBNETWORK).inputs["logConfig"]
    assert log == {
        "flowSampling": 0.1,
        "aggregationInterval": "INTERVAL_1_MIN",
        "metadata": "INCLUDE_ALL_METADATA",
    }
    assert network(flow_log_sampling=1).one(SUBNETWORK).inputs["logConfig"]["flowSampling"] == 1


def test_with_a_sampling_of_0_flow_logs_are_off() -> None:
    assert "logConfig" not in network(flow_log_sampling=0).one(SUBNETWORK).inputs


def test_nat_serves_the_whole_subnet_and_logs_only_what_it_drops() -> None:
    nat = network().one("gcp:compute/routerNat:RouterNat").inputs
    assert nat["sourceSubnetworkIpRangesToNat"] == "ALL_SUBNETWORKS_ALL_IP_RANGES"  # pods pull from the internet too
    assert nat["logConfig"] == {"enable": True, "filter": "ERRORS_ONLY"}


def test_the_only_firewall_rule_denies_and_comes_after_every_rule_of_gke() -> None:
    rule = network().one(FIREWALL).inputs
    assert rule["denies"] == [{"protocol": "all"}]
    assert "allows" not in rule
    assert (rule["direction"], rule["sourceRanges"]) == ("INGRESS", ["0.0.0.0/0"])
    # GKE's rules have 1000, rules without a priority too; 65535 is Google's own last rule, before which this one must come
    assert rule["priority"] == 65534
    assert rule["logConfig"] == {"metadata": "INCLUDE_ALL_METADATA"}


def test_proxies_of_internal_load_balancers_have_a_subnet_of_their_own_when_asked_for() -> None:
    first, proxies = [one.inputs for one in network(proxies_range="10.0.32.0/23").of(SUBNETWORK)]
    assert (proxies["purpose"], proxies["role"]) == ("REGIONAL_MANAGED_PROXY", "ACTIVE")
    assert (proxies["ipCidrRange"], proxies["region"]) == ("10.0.32.0/23", "us-central1")
    assert first["name"] != proxies["name"]
    assert "logConfig" not in proxies  # Google logs no flows of such a subnet


def test_health_checks_and_a_control_plane_reach_the_ports_that_are_named_and_no_others() -> None:
    asked = network(health_check_ports=[8081.0], control_plane_range="172.16.0.0/28", webhook_ports=[8443, 9443])
    rules = {one.name: one.inputs for one in asked.of(FIREWALL)}
    assert rules.keys() == {"network", "network-health-checks", "network-webhooks"}
    health, webhooks = rules["network-health-checks"], rules["network-webhooks"]
    assert health["sourceRanges"] == ["35.191.0.0/16", "130.211.0.0/22"]
    assert health["allows"] == [{"protocol": "tcp", "ports": ["8081"]}]
    assert webhooks["sourceRanges"] == ["172.16.0.0/28"]
    assert webhooks["allows"] == [{"protocol": "tcp", "ports": ["8443", "9443"]}]
    for rule in (health, webhooks):
        assert rule["direction"] == "INGRESS"
        assert rule.get("priority", 1000) < 65534  # else the last rule would come first
        assert "denies" not in rule


def test_google_takes_all_of_it_as_it_is_declared() -> None:
    everything = network(
        proxies_range="10.0.32.0/23",
        health_check_ports=[8081],
        control_plane_range="172.16.0.0/28",
        webhook_ports=[8443],
    )
    assert [line for one in everything.children for line in check(one.type, one.name, one.inputs)] == []


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: Network("network", arguments()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flow_log_sampling": 1.1}, r"flow_log_sampling is 1\.1; allowed: 0 \(none\) to 1"),
        ({"flow_log_sampling": -0.1}, "flow_log_sampling"),
        ({"services_range": "10.4.0.0/20"}, "pods 10.4.0.0/14 overlaps that of services 10.4.0.0/20"),
        ({"nodes_range": "10.0.0.1/20"}, "'10.0.0.1/20' is no IPv4 block"),
        ({"nodes_range": "10.0.0.0/27"}, "nodes 10.0.0.0/27 is too small: at least /26"),
        ({"pods_range": "10.4.0.0/22"}, "pods 10.4.0.0/22 is too small: at least /21"),
        ({"services_range": "10.0.16.0/25"}, "services 10.0.16.0/25 is too small: at least /24"),
        ({"proxies_range": "10.0.32.0/27"}, "proxies 10.0.32.0/27 is too small: at least /26"),
        ({"proxies_range": "10.0.0.0/23"}, "nodes 10.0.0.0/20 overlaps that of proxies 10.0.0.0/23"),
        ({"webhook_ports": [8443]}, "control_plane_range and webhook_ports belong together"),
        ({"control_plane_range": "172.16.0.0/28"}, "belong together"),
        ({"control_plane_range": "here", "webhook_ports": [8443]}, "control_plane_range is 'here'"),
        ({"health_check_ports": []}, r"ports are \[\]; at least one, from 1 to 65535"),
        ({"health_check_ports": [0]}, r"ports are \[0\]"),
        ({"name": "n" * 60, "health_check_ports": [1]}, "too long for 'n*-health-checks': 63 characters"),
    ],
)
def test_what_google_would_refuse_or_what_would_run_out_is_refused_first(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Network("network", arguments(**change))  # outside a program nothing could be registered


@pytest.mark.parametrize("block", ["10.0.0.0/14", "10.8.0.0/13", "10.0.0.0/8", "172.16.0.0/12"])
def test_whatever_is_carved_lies_inside_its_block_and_is_accepted(block: str) -> None:
    ranges = carve_ranges(block)
    check_ranges(ranges)
    assert all(one.subnet_of(IPv4Network(block)) for one in ranges.named().values())


@pytest.mark.parametrize("block", ["10.0.0.0/14", "10.8.0.0/13", "172.16.0.0/12"])
def test_a_range_for_proxies_moves_none_of_the_others(block: str) -> None:
    without, with_proxies = carve_ranges(block), carve_ranges(block, proxies=True)
    assert with_proxies.proxies is not None
    assert replace(with_proxies, proxies=None) == without
    check_ranges(with_proxies)
    own = IPv4Network(with_proxies.proxies)
    assert own.prefixlen == 23
    assert own.subnet_of(IPv4Network(block))


@pytest.mark.parametrize("block", ["127.0.0.0/8", "240.0.0.0/4", "0.0.0.0/8", "0.0.0.0/0"])
def test_blocks_that_are_neither_public_nor_for_subnets_are_refused(block: str) -> None:
    with pytest.raises(ValueError, match=r"is not private; use a block inside 10\.0\.0\.0/8 or 172\.16\.0\.0/12"):
        carve_ranges(block)


@pytest.mark.parametrize(
    ("nodes", "pods", "most"),
    [("10.0.0.0/20", "10.4.0.0/14", 1024), ("10.0.0.0/26", "10.4.0.0/14", 60), ("10.0.0.0/20", "10.4.0.0/21", 8)],
)
def test_the_smaller_of_both_ranges_limits_the_nodes(nodes: str, pods: str, most: int) -> None:
    ranges = Ranges(nodes=nodes, pods=pods, services="10.0.16.0/20")
    assert most_nodes(ranges) == most


@pytest.mark.parametrize(
    ("block", "most", "way_out"),
    [
        ("10.0.0.0/14", 512, "use a block of at least /13"),
        ("172.16.0.0/13", 1024, "use a block of at least /12"),
        ("10.0.0.0/8", 4092, "no block has room for more than 4092"),
    ],
)
def test_a_block_without_room_for_all_nodes_is_refused_naming_one_that_has_it(
    block: str, most: int, way_out: str
) -> None:
    check_room(block, most)
    with pytest.raises(ValueError, match=f"{block} has room for {most} nodes, {most + 1} are needed, .*; {way_out}"):
        check_room(block, most + 1)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("10.0.0.0/24", "nodes 10.0.0.0/20 overlaps 10.0.0.0/24"),
        ("10.0.0.0/8", "nodes 10.0.0.0/20 overlaps 10.0.0.0/8"),
        ("10.7.255.0/24", "pods 10.4.0.0/14 overlaps 10.7.255.0/24"),
        ("10.0.31.255/32", "services 10.0.16.0/20 overlaps 10.0.31.255/32"),
        ("peered", "'peered' is no IPv4 block"),
    ],
)
def test_a_range_that_another_network_uses_is_refused_naming_both(other: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse_overlap(CARVED, ["192.168.0.0/16", other])


def test_ranges_beside_those_of_other_networks_are_accepted() -> None:
    refuse_overlap(CARVED, [])
    refuse_overlap(CARVED, ["10.0.32.0/20", "10.8.0.0/13", "192.168.0.0/16"])
