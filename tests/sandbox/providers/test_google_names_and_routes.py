"""What Google refuses of private zones, their records, and routes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import NETWORK, NETWORK_ID, PROJECT, create_all, example, refused_paths
from tests.sandbox.providers.more_examples import RECORD, ROUTE, ZONE

ZONE_ID = f"projects/{PROJECT}/managedZones/google-apis"


@pytest.mark.parametrize(
    ("token", "path", "value", "refused"),
    [
        (ZONE, "name", "Google", "name"),
        (ZONE, "dnsName", "googleapis.com", "dnsName"),
        (ZONE, "visibility", "hidden", "visibility"),
        (ZONE, "visibility", "public", "privateVisibilityConfig"),
        (ZONE, "privateVisibilityConfig", {"networks": []}, "privateVisibilityConfig"),
        (ZONE, "description", "x" * 1025, "description"),
        (ZONE, "labels.Team", "ml", "labels.Team"),
        (RECORD, "name", "private.googleapis.com", "name"),
        (RECORD, "name", "private.*.googleapis.com.", "name"),
        (RECORD, "type", "B", "type"),
        (RECORD, "type", "CNAME", ["rrdatas", "rrdatas[0]", "rrdatas[1]"]),
        (RECORD, "ttl", -1, "ttl"),
        (RECORD, "rrdatas", [], "rrdatas"),
        (RECORD, "rrdatas", None, "rrdatas"),
        (RECORD, "rrdatas.1", "199.36.153", "rrdatas[1]"),
        (ROUTE, "name", "Google", "name"),
        (ROUTE, "destRange", "199.36.153.9/30", "destRange"),
        (ROUTE, "priority", 65_536, "priority"),
        (ROUTE, "nextHopGateway", "my-gateway", "nextHopGateway"),
        (ROUTE, "nextHopGateway", None, ""),
        (ROUTE, "nextHopIp", "10.0.0.9", ""),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    google: GoogleApi, token: str, path: str, value: Any, refused: Any
) -> None:
    assert refused_paths(google, token, example(token)) == []
    expected = refused if isinstance(refused, list) else [refused]
    assert refused_paths(google, token, example(token, path, value)) == expected


def test_a_network_sees_one_zone_of_a_domain(google: GoogleApi) -> None:
    create_all(google, NETWORK, ZONE)
    second = example(ZONE, "name", "second")
    with pytest.raises(CloudError, match=r"already bound to a zone of 'googleapis\.com\.'"):
        google.create(ZONE, second)
    google.create(ZONE, {**second, "dnsName": "pkg.dev."})
    google.create(NETWORK, {"name": "other", "autoCreateSubnetworks": False})
    elsewhere = {"networks": [{"networkUrl": f"projects/{PROJECT}/global/networks/other"}]}
    google.create(ZONE, {**second, "name": "third", "privateVisibilityConfig": elsewhere})


def test_a_zone_needs_its_networks_and_a_record_its_zone_and_a_name_inside(google: GoogleApi) -> None:
    with pytest.raises(CloudError, match=f"'{NETWORK_ID}' was not found"):
        google.create(ZONE, example(ZONE))
    with pytest.raises(CloudError, match="'google-apis' does not exist"):
        google.create(RECORD, example(RECORD))
    create_all(google, NETWORK, ZONE)
    with pytest.raises(CloudError, match=r"'private\.example\.com\.' is not in zone"):
        google.create(RECORD, example(RECORD, "name", "private.example.com."))
    with pytest.raises(CloudError, match="is not in zone"):
        google.create(RECORD, example(RECORD, "name", "notgoogleapis.com."))
    google.create(RECORD, example(RECORD))


def test_beside_a_cname_there_is_no_other_record(google: GoogleApi) -> None:
    create_all(google, NETWORK, ZONE, RECORD)
    alias = {**example(RECORD), "type": "CNAME", "rrdatas": ["restricted.googleapis.com."]}
    with pytest.raises(CloudError, match="CNAME"):
        google.create(RECORD, alias)
    google.create(RECORD, {**alias, "name": "*.googleapis.com."})
    with pytest.raises(CloudError, match="CNAME"):
        google.create(RECORD, example(RECORD, "name", "*.googleapis.com."))


def test_a_zone_with_records_stays_unless_it_may_take_them_along(google: GoogleApi) -> None:
    ids = create_all(google, NETWORK, ZONE, RECORD)
    with pytest.raises(CloudError, match="contains records"):
        google.delete(ZONE, ids[ZONE])
    google.update(ZONE, ids[ZONE], example(ZONE, "forceDestroy", True), {})
    google.delete(ZONE, ids[ZONE])
    assert google.read(ZONE, ids[ZONE]) is None
    assert google.read(RECORD, ids[RECORD]) is None


def test_a_route_needs_its_network_which_stays_as_long_as_the_route(google: GoogleApi) -> None:
    with pytest.raises(CloudError, match="was not found"):
        google.create(ROUTE, example(ROUTE))
    ids = create_all(google, NETWORK, ROUTE)
    with pytest.raises(CloudError, match="already being used by"):
        google.delete(NETWORK, ids[NETWORK])
    google.delete(ROUTE, ids[ROUTE])
    google.delete(NETWORK, ids[NETWORK])
