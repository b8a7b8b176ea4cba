"""The way in to the models: its address and its certificate."""

from __future__ import annotations

from components.google.gateway_address import GatewayAddress
from components.google.wildcard_certificate import WildcardCertificate
from tests.sandbox.replacements.case import Arguments, Case, Subject

INSIDE, OUTSIDE = "compute.Address", "compute.GlobalAddress"
AUTHORIZATION, CERTIFICATE = "certificatemanager.DnsAuthorization", "certificatemanager.Certificate"
MAP, ENTRY = "certificatemanager.CertificateMap", "certificatemanager.CertificateMapEntry"
POLICY, REGIONS_POLICY = "compute.SSLPolicy", "compute.RegionSslPolicy"
INTERNAL = {"exposure": "internal"}


def address(number: int) -> Arguments:
    return {
        "name": f"address-{number}",
        "exposure": "internal",
        "region": "us-central1",
        "subnetwork_id": "default",
        "labels": {"team": "platform"},
    }


def certificate(number: int) -> Arguments:
    return {
        "name": f"certificate-{number}",
        "domain": "models.example.com",
        "exposure": "external",
        "region": "us-central1",
        "labels": {"team": "platform"},
    }


SUBJECTS = (
    Subject(
        GatewayAddress,
        address,
        [
            Case({"name": "other"}, replaced=[INSIDE]),
            Case({"region": "us-east1"}, replaced=[INSIDE]),
            Case({"subnetwork_id": "other"}, replaced=[INSIDE]),
            Case({"exposure": "external", "subnetwork_id": None}, created=[OUTSIDE], deleted=[INSIDE]),
            Case({"labels": {"team": "other"}}, updated=[INSIDE]),
        ],
    ),
    Subject(
        WildcardCertificate,
        certificate,
        [
            Case({"name": "other"}, replaced=[AUTHORIZATION, CERTIFICATE, MAP, ENTRY, POLICY]),
            Case({"domain": "other.example.com"}, replaced=[AUTHORIZATION, CERTIFICATE, MAP, ENTRY]),
            Case({"region": "us-east1"}),
            Case({"region": "us-east1"}, replaced=[AUTHORIZATION, CERTIFICATE, REGIONS_POLICY], start=INTERNAL),
            Case(
                INTERNAL,
                replaced=[AUTHORIZATION, CERTIFICATE],
                created=[REGIONS_POLICY],
                deleted=[MAP, ENTRY, POLICY],
            ),
            Case({"labels": {"team": "other"}}, updated=[AUTHORIZATION, CERTIFICATE, MAP, ENTRY]),
        ],
    ),
)
