"""What the way in stands on in Google Cloud: address, certificate and SSL policy, as Google's own API descriptions take them."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.mocks import MockResourceArgs

from components.google.gateway_address import GatewayAddress, GatewayAddressArgs
from components.google.wildcard_certificate import WildcardCertificate, WildcardCertificateArgs
from tests.google_api.check import check
from tests.unit.components import registering
from tests.unit.components.registering import Program, previews_the_same, register

AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
RECORD = {
    "name": "_acme-challenge_abc.models.example.com.",
    "type": "CNAME",
    "data": "x.authorize.certificatemanager.goog.",
}
LABELS = {"owner": "ml-platform"}


@pytest.fixture(autouse=True)
def _google_computes_the_record_and_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared stand-in answers with the inputs; an update also knows what Google computes."""
    answer = registering.Computed.new_resource

    def new_resource(self: Any, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        resource_id, state = answer(self, args)
        if args.typ == AUTHORIZATION and not self.preview:
            state = {**state, "dnsResourceRecords": [RECORD]}
        if args.typ.endswith("Address") and not self.preview:
            state = {**state, "address": "203.0.113.7"}
        return resource_id, state

    monkeypatch.setattr(registering.Computed, "new_resource", new_resource)


def certificate(exposure: str, **changes: object) -> WildcardCertificateArgs:
    args = {"name": "gemma-dev", "domain": "models.example.com", "exposure": exposure, "region": "us-central1"}
    return WildcardCertificateArgs(**{**args, "labels": LABELS, **changes})  # type: ignore[typeddict-item]


def address(exposure: str, **changes: object) -> GatewayAddressArgs:
    args: dict[str, object] = {"name": "gemma-dev", "exposure": exposure, "region": "us-central1", "labels": LABELS}
    if exposure == "internal":
        args["subnetwork_id"] = "projects/p/regions/us-central1/subnetworks/gemma-dev"
    return GatewayAddressArgs(**{**args, **changes})  # type: ignore[typeddict-item]


def made(exposure: str, **changes: object) -> Program:
    return register(lambda: WildcardCertificate("tls", certificate(exposure, **changes)))


@pytest.mark.parametrize("exposure", ["internal", "external"])
def test_google_takes_every_part_as_it_is_declared(exposure: str) -> None:
    resources = made(exposure).children
    resources += register(lambda: GatewayAddress("address", address(exposure))).children
    assert len(resources) == (6 if exposure == "external" else 4)
    assert [line for one in resources for line in check(one.type, one.name, one.inputs)] == []


def test_on_the_internet_the_certificate_is_global_and_reached_by_a_map() -> None:
    program = made("external")
    own = program.one(CERTIFICATE).inputs
    assert own["location"] == program.one(AUTHORIZATION).inputs["location"] == "global"
    assert own["managed"] == {"domains": ["*.models.example.com"], "dnsAuthorizations": ["tls-id"]}
    entry = program.one(ENTRY).inputs
    assert (entry["hostname"], entry["certificates"]) == ("*.models.example.com", ["tls-id"])
    names = {one.inputs["name"] for one in program.of("gcp:certificatemanager/certificateMap:CertificateMap")}
    assert {entry["map"]} == {program.outputs["certificate"]} == names
    assert program.outputs["ssl_policy"] == "gemma-dev"


def test_inside_the_certificate_is_the_regions_and_reached_by_its_name() -> None:
    program = made("internal")
    own = program.one(CERTIFICATE).inputs
    assert own["location"] == program.one(AUTHORIZATION).inputs["location"] == "us-central1"
    assert program.outputs["certificate"] == own["name"]
    assert not [one for one in program.children if "certificateMap" in one.type]  # a region's load balancer takes none
    assert program.one("gcp:compute/regionSslPolicy:RegionSslPolicy").inputs["region"] == "us-central1"


@pytest.mark.parametrize("exposure", ["internal", "external"])
def test_the_record_that_the_owner_of_the_domain_must_create_is_known(exposure: str) -> None:
    program = made(exposure)
    assert program.outputs["dns_record"] == RECORD
    # the wildcard is authorized on its parent, under a name that other projects do not use
    authorization = program.one(AUTHORIZATION).inputs
    assert (authorization["domain"], authorization["type"]) == ("models.example.com", "PER_PROJECT_RECORD")


@pytest.mark.parametrize("exposure", ["internal", "external"])
def test_no_tls_before_1_2_is_spoken(exposure: str) -> None:
    (policy,) = [one.inputs for one in made(exposure).children if one.type.lower().endswith("sslpolicy")]
    assert (policy["minTlsVersion"], policy["profile"]) == ("TLS_1_2", "MODERN")


def test_another_domain_has_another_certificate_that_can_stand_beside_the_first() -> None:
    names = {
        made("external", domain=domain).one(CERTIFICATE).inputs["name"] for domain in ("a.example.com", "b.example.com")
    }
    assert len(names) == 2
    assert made("external", name="n" * 56).one(CERTIFICATE).inputs["name"].startswith("n" * 56)


def test_an_address_is_the_internets_or_is_shared_by_the_ports_of_an_internal_load_balancer() -> None:
    outside = register(lambda: GatewayAddress("address", address("external")))
    assert outside.one("gcp:compute/globalAddress:GlobalAddress").inputs["addressType"] == "EXTERNAL"
    assert outside.outputs == {"address_name": "gemma-dev", "address": "203.0.113.7"}
    inside = register(lambda: GatewayAddress("address", address("internal"))).one("gcp:compute/address:Address").inputs
    assert (inside["addressType"], inside["purpose"]) == ("INTERNAL", "SHARED_LOADBALANCER_VIP")
    assert inside["subnetwork"].endswith("/gemma-dev")


@pytest.mark.parametrize("exposure", ["internal", "external"])
def test_a_preview_registers_the_same(exposure: str) -> None:
    assert previews_the_same(lambda: WildcardCertificate("tls", certificate(exposure)))
    assert previews_the_same(lambda: GatewayAddress("address", address(exposure)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": "*.example.com"}, r"domain is '\*\.example\.com'; write it in lower case and without a wildcard"),
        ({"domain": "Models.example.com"}, "in lower case"),
        ({"domain": "example"}, "domain is 'example'"),
        ({"domain": "-a.example.com"}, "domain is '-a"),
        ({"domain": f"{'a.' * 130}example.com"}, "domain is 'a"),
        ({"exposure": "cluster"}, "exposure is 'cluster'; allowed: internal, external"),
        ({"name": "n" * 57}, "57 characters; at most 56"),
    ],
)
def test_what_google_would_refuse_is_refused_first(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WildcardCertificate("tls", {**certificate("external"), **change})  # type: ignore[typeddict-item]  # outside a program nothing could be registered


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exposure": "public"}, "exposure is 'public'"),
        ({"subnetwork_id": "s"}, "'external' and subnetwork_id is there"),
        ({"exposure": "internal"}, "'internal' and subnetwork_id is missing; an internal address is taken from"),
    ],
)
def test_an_address_out_of_nowhere_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GatewayAddress("address", {**address("external"), **change})  # type: ignore[typeddict-item]
