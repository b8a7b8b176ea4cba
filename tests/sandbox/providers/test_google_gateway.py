"""What Google refuses of what an exposed gateway needs: addresses, certificates, TLS policies, a subnetwork for proxies."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import (
    NETWORK,
    NETWORK_ID,
    PROJECT,
    REGION,
    SUBNETWORK,
    changed,
    check,
    create_all,
    example,
    refused_paths,
)
from tests.sandbox.providers.more_examples import (
    ADDRESS,
    AUTHORIZATION,
    CERTIFICATE,
    CERTIFICATE_MAP,
    CERTIFICATES,
    GLOBAL_ADDRESS,
    MAP_ENTRY,
    REGION_SSL_POLICY,
    SSL_POLICY,
)

PROXIES = {
    "name": "proxies",
    "network": NETWORK_ID,
    "region": REGION,
    "ipCidrRange": "10.9.0.0/26",
    "purpose": "REGIONAL_MANAGED_PROXY",
    "role": "ACTIVE",
}
REGIONAL = f"projects/{PROJECT}/locations/{REGION}"


@pytest.mark.parametrize(
    ("token", "path", "value", "refused"),
    [
        (GLOBAL_ADDRESS, "name", "Models", "name"),
        (GLOBAL_ADDRESS, "addressType", "PUBLIC", "addressType"),
        (GLOBAL_ADDRESS, "ipVersion", "IPV5", "ipVersion"),
        (GLOBAL_ADDRESS, "purpose", "VPC_PEERING", "purpose"),
        (GLOBAL_ADDRESS, "network", NETWORK_ID, "network"),
        (GLOBAL_ADDRESS, "addressType", "INTERNAL", "purpose"),
        (ADDRESS, "purpose", "SHARED", "purpose"),
        (ADDRESS, "networkTier", "PREMIUM", "networkTier"),
        (ADDRESS, "network", NETWORK_ID, "network"),
        (ADDRESS, "purpose", "IPSEC_INTERCONNECT", "subnetwork"),
        (AUTHORIZATION, "domain", "*.models.acme.example", "domain"),
        (AUTHORIZATION, "domain", "Models.acme.example", "domain"),
        (AUTHORIZATION, "name", "9models", "name"),
        (AUTHORIZATION, "type", "RECORD", "type"),
        (CERTIFICATE, "managed.domains", [], "managed.domains"),
        (CERTIFICATE, "managed.domains.0", "*.*.acme.example", "managed.domains[0]"),
        (CERTIFICATE, "managed.dnsAuthorizations", None, "managed.domains[0]"),
        (CERTIFICATE, "managed.dnsAuthorizations.0", "models", "managed.dnsAuthorizations[0]"),
        (CERTIFICATE, "location", REGION, "managed.dnsAuthorizations[0]"),
        (CERTIFICATE, "managed.issuanceConfig", "x", "managed"),
        (CERTIFICATE, "managed", None, ""),
        (CERTIFICATE, "scope", "GLOBAL", "scope"),
        (CERTIFICATE_MAP, "name", "m" * 65, "name"),
        (MAP_ENTRY, "matcher", "PRIMARY", ""),
        (MAP_ENTRY, "hostname", None, ""),
        (MAP_ENTRY, "hostname", "models.*.example", "hostname"),
        (MAP_ENTRY, "certificates", [], "certificates"),
        (MAP_ENTRY, "certificates.0", f"{REGIONAL}/certificates/models", "certificates[0]"),
        (SSL_POLICY, "profile", "STRICT", "profile"),
        (SSL_POLICY, "minTlsVersion", "1.2", "minTlsVersion"),
        (SSL_POLICY, "customFeatures", ["TLS_AES_128_GCM_SHA256"], "customFeatures"),
        (REGION_SSL_POLICY, "profile", "CUSTOM", "customFeatures"),
    ],
)
def test_what_breaks_a_limit_is_refused_at_its_path(
    google: GoogleApi, token: str, path: str, value: Any, refused: str
) -> None:
    assert check(google, token, example(token)) == []
    assert refused_paths(google, token, changed(example(token), path, value)) == [refused]


def test_an_address_lies_in_its_subnetwork_or_on_the_internet_and_may_be_chosen(google: GoogleApi) -> None:
    create_all(google, NETWORK, SUBNETWORK)
    _, inside = google.create(ADDRESS, example(ADDRESS))
    _, outside = google.create(GLOBAL_ADDRESS, example(GLOBAL_ADDRESS))
    assert inside["address"].startswith("10.0.")
    assert outside["address"].startswith("203.0.113.")
    chosen = {**example(ADDRESS), "name": "chosen", "address": "10.0.0.77"}
    assert google.create(ADDRESS, chosen)[1]["address"] == "10.0.0.77"
    with pytest.raises(CloudError, match=r"'192\.0\.2\.1'\. It is not in 10\.0\.0\.0/20"):
        google.create(ADDRESS, {**chosen, "name": "other", "address": "192.0.2.1"})


def test_a_record_to_be_made_has_a_name_of_the_projects_own_where_it_is_asked_for(google: GoogleApi) -> None:
    _, own = google.create(AUTHORIZATION, example(AUTHORIZATION))
    [record] = own["dnsResourceRecords"]
    assert record["type"] == "CNAME"
    assert record["name"].startswith("_acme-challenge_")
    assert record["name"].endswith(".models.acme.example.")
    fixed = {key: value for key, value in example(AUTHORIZATION).items() if key not in ("type", "location")}
    _, shared = google.create(AUTHORIZATION, {**fixed, "name": "shared"})
    assert shared["type"] == "FIXED_RECORD"
    assert shared["dnsResourceRecords"][0]["name"] == "_acme-challenge.models.acme.example."
    regional = {**fixed, "name": "regional", "location": REGION}
    assert refused_paths(google, AUTHORIZATION, {**regional, "type": "FIXED_RECORD"}) == ["type"]
    assert google.create(AUTHORIZATION, regional)[1]["type"] == "PER_PROJECT_RECORD"


def test_each_domain_of_a_certificate_needs_an_authorization_of_its_own(google: GoogleApi) -> None:
    create_all(google, AUTHORIZATION)
    with pytest.raises(CloudError, match=r"domain '\*\.acme\.example' is covered by none"):
        google.create(CERTIFICATE, example(CERTIFICATE, "managed.domains", ["*.acme.example"]))
    both = ["models.acme.example", "*.models.acme.example"]
    _, outputs = google.create(CERTIFICATE, example(CERTIFICATE, "managed.domains", both))
    assert outputs["sanDnsnames"] == both
    # nobody has made the record
    assert outputs["managed"]["state"] == "PROVISIONING"


def test_what_a_load_balancer_is_given_cannot_go_while_something_names_it(google: GoogleApi) -> None:
    ids = create_all(google, AUTHORIZATION, CERTIFICATE, CERTIFICATE_MAP, MAP_ENTRY)
    for token, reason in (
        (AUTHORIZATION, "DNS authorization that is referenced"),
        (CERTIFICATE, "certificate that is referenced"),
        (CERTIFICATE_MAP, "certificate map that has entries"),
    ):
        with pytest.raises(CloudError, match=f"can't delete {reason}"):
            google.delete(token, ids[token])
    for token in (MAP_ENTRY, CERTIFICATE_MAP, CERTIFICATE, AUTHORIZATION):
        google.delete(token, ids[token])
        assert google.read(token, ids[token]) is None


def test_a_map_has_one_entry_for_a_host_name_and_may_be_named_by_its_id(google: GoogleApi) -> None:
    ids = create_all(google, AUTHORIZATION, CERTIFICATE, CERTIFICATE_MAP, MAP_ENTRY)
    with pytest.raises(CloudError, match="409: the map has an entry for this already"):
        google.create(MAP_ENTRY, example(MAP_ENTRY, "name", "second"))
    by_id = {**example(MAP_ENTRY), "map": ids[CERTIFICATE_MAP], "name": "apex", "hostname": "models.acme.example"}
    assert google.create(MAP_ENTRY, by_id)[0] == f"{CERTIFICATES}/certificateMaps/models/certificateMapEntries/apex"


@pytest.mark.parametrize(
    ("path", "value", "refused"),
    [
        ("purpose", "PROXY", "purpose"),
        ("purpose", None, "role"),
        ("role", "STANDBY", "role"),
        ("ipCidrRange", "10.9.0.0/27", "ipCidrRange"),
        ("logConfig", {"flowSampling": 0.1}, "logConfig"),
        ("secondaryIpRanges", [{"rangeName": "pods", "ipCidrRange": "10.10.0.0/16"}], "secondaryIpRanges"),
    ],
)
def test_a_subnetwork_for_proxies_has_limits_of_its_own(google: GoogleApi, path: str, value: Any, refused: str) -> None:
    assert check(google, SUBNETWORK, dict(PROXIES)) == []
    wrong = changed(PROXIES, path, value)
    expected = ["purpose", "role"] if path == "purpose" and value else [refused]
    assert refused_paths(google, SUBNETWORK, wrong) == expected


def test_a_region_of_a_network_has_one_active_subnetwork_for_proxies(google: GoogleApi) -> None:
    create_all(google, NETWORK)
    google.create(SUBNETWORK, dict(PROXIES))
    second = {**PROXIES, "name": "second", "ipCidrRange": "10.9.1.0/26"}
    with pytest.raises(CloudError, match="active subnetwork of purpose REGIONAL_MANAGED_PROXY"):
        google.create(SUBNETWORK, second)
    google.create(SUBNETWORK, {**second, "role": "BACKUP"})
    google.create(SUBNETWORK, {**second, "name": "third", "ipCidrRange": "10.9.2.0/26", "region": "us-east4"})
