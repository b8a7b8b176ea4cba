"""Where names of Google's APIs lead, and in which order. That a resolver answers so is for a real network to show."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any, cast

import pytest

from components.google.google_apis import BLOCKS, GoogleApis, GoogleApisArgs, block_of
from components.kubernetes.team_network import make_policies
from tests.unit.components.registering import Program, previews_the_same, register

ROUTE = "gcp:compute/route:Route"
ZONE = "gcp:dns/managedZone:ManagedZone"
RECORD = "gcp:dns/recordSet:RecordSet"


def arguments(**changes: Any) -> GoogleApisArgs:
    plain = {
        "name": "google-apis",
        "network_id": "projects/p/global/networks/n",
        "reach": "private",
        "labels": {"team": "platform"},
    }
    return cast(GoogleApisArgs, plain | changes)


def made(**changes: Any) -> Program:
    return register(lambda: GoogleApis("apis", arguments(**changes)))


def records(program: Program) -> dict[tuple[str, str], list[str]]:
    return {(r.inputs["name"], r.inputs["type"]): r.inputs["rrdatas"] for r in program.of(RECORD)}


@pytest.mark.parametrize(("reach", "first"), [("private", "199.36.153.8"), ("restricted", "199.36.153.4")])
def test_every_name_leads_to_the_four_addresses_of_the_reach_and_a_route_leads_there(reach: str, first: str) -> None:
    program = made(reach=reach)
    block = [str(IPv4Address(first) + number) for number in range(4)]
    assert records(program) == {
        (f"{reach}.googleapis.com.", "A"): block,
        ("*.googleapis.com.", "CNAME"): [f"{reach}.googleapis.com."],
    }
    route = program.one(ROUTE).inputs
    assert [str(address) for address in IPv4Network(route["destRange"])] == block
    assert route["nextHopGateway"] == "default-internet-gateway"
    assert program.outputs == {"block": route["destRange"]}


def test_the_zone_is_seen_by_this_network_alone() -> None:
    program = made()
    zone = program.one(ZONE).inputs
    assert zone["dnsName"] == "googleapis.com."
    assert zone["visibility"] == "private"
    network = arguments()["network_id"]
    assert zone["privateVisibilityConfig"] == {"networks": [{"networkUrl": network}]}
    assert program.one(ROUTE).inputs["network"] == network
    assert zone["labels"] == {"team": "platform"}


def test_names_lead_nowhere_before_there_is_a_way_and_an_address() -> None:
    program = made()
    route, zone = program.one(ROUTE), program.one(ZONE)
    addresses, names = sorted(program.of(RECORD), key=lambda record: record.inputs["type"])
    assert any(urn.endswith(f"::{route.name}") and "route" in urn for urn in zone.dependencies)
    assert any(urn.endswith(f"::{addresses.name}") for urn in names.dependencies)


@pytest.mark.parametrize("reach", BLOCKS)
def test_a_rule_for_the_block_lets_an_engine_talk_to_it_and_to_no_other_public_address(reach: str) -> None:
    (apis, *metadata) = make_policies([], block_of(reach))["google-apis"]["egress"]
    assert apis == {"to": [{"ipBlock": {"cidr": BLOCKS[reach]}}], "ports": [{"protocol": "TCP", "port": 443}]}
    blocks = [IPv4Network(peer["ipBlock"]["cidr"]) for rule in metadata for peer in rule["to"]]
    assert all(block.is_link_local for block in blocks)


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: GoogleApis("apis", arguments()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reach": "public"}, "reach is 'public'; allowed: private, restricted"),
        ({"name": ""}, "0 characters; 1 to 63"),
        ({"name": "x" * 64}, "64 characters; 1 to 63"),
    ],
)
def test_what_google_would_not_take_is_refused_before_it_is_registered(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GoogleApis("apis", arguments(**changes))
