"""What stands in for cert-manager: certificates, where authorities belong, and the webhook that admits all."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.admit_all import ReviewHandler, make_server, read_arguments, review
from sandbox.cluster.keys import Signed, make_authority, make_certificate
from sandbox.cluster.tls_secrets import (
    RENEWED_BEFORE,
    VALID,
    bundle_changes,
    condition,
    encoded,
    hosts_of,
    read_signed,
    secret_files,
    still_good,
    told,
)

NOW = datetime.datetime.now(datetime.UTC)
HOSTS = ("webhook.kserve.svc", "10.0.0.1")


@pytest.fixture(scope="module")
def authority() -> Signed:
    return make_authority("ca")


@pytest.fixture(scope="module")
def secret(authority: Signed) -> dict[str, Any]:
    return {"data": encoded(secret_files(make_certificate(authority, HOSTS[0], HOSTS, VALID), authority))}


def test_a_fresh_certificate_is_good_until_a_month_before_its_end(authority: Signed, secret: dict[str, Any]) -> None:
    assert still_good(secret, HOSTS, authority, NOW)
    assert not still_good(secret, HOSTS, authority, NOW + VALID - RENEWED_BEFORE + datetime.timedelta(hours=1))


def test_a_certificate_for_other_hosts_or_of_another_authority_is_not_good(
    authority: Signed, secret: dict[str, Any]
) -> None:
    assert not still_good(secret, HOSTS[:1], authority, NOW)
    assert not still_good(secret, HOSTS, make_authority("ca"), NOW)


def test_a_secret_that_somebody_spoiled_is_not_good(authority: Signed, secret: dict[str, Any]) -> None:
    other = encoded({"tls.key": make_authority("x").key_pem()})
    for data in (
        {},
        {**secret["data"], **other},
        {**secret["data"], "ca.crt": ""},
        {**secret["data"], "tls.crt": "eA=="},
    ):
        assert not still_good({"data": data}, HOSTS, authority, NOW)
    assert not still_good(None, HOSTS, authority, NOW)
    assert read_signed({}) is None


def test_a_common_name_is_a_host_too() -> None:
    spec = {"commonName": "a", "dnsNames": ["b", "a"], "ipAddresses": ["10.0.0.1"]}
    assert hosts_of({"spec": spec}) == ("b", "a", "10.0.0.1")


def test_each_webhook_that_lacks_the_authority_is_patched_by_its_name() -> None:
    webhooks = [{"name": "a", "clientConfig": {"caBundle": "new"}}, {"name": "b", "clientConfig": {"caBundle": "old"}}]
    made = {"kind": "ValidatingWebhookConfiguration", "webhooks": webhooks}
    assert bundle_changes(made, "new") == [
        {"op": "test", "path": "/webhooks/1/name", "value": "b"},
        {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "new"},
    ]


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("CustomResourceDefinition", {"conversion": {"strategy": "None"}}, None),
        (
            "CustomResourceDefinition",
            {"conversion": {"webhook": {"clientConfig": {}}}},
            "/spec/conversion/webhook/clientConfig/caBundle",
        ),
        ("APIService", {"service": {"name": "s"}}, "/spec/caBundle"),
        ("APIService", {"service": {"name": "s"}, "caBundle": "new"}, None),
        ("APIService", {}, None),
    ],
)
def test_the_authority_is_written_where_it_belongs(kind: str, spec: dict[str, Any], path: str | None) -> None:
    assert [change["path"] for change in bundle_changes({"kind": kind, "spec": spec}, "new")] == (
        [path] if path else []
    )


def test_a_conditions_time_stays_while_its_status_does() -> None:
    earlier = NOW - datetime.timedelta(hours=1)
    made = {"status": {"conditions": [condition({}, "Ready", "True", "r", "m", earlier)]}}
    assert condition(made, "Ready", "True", "r", "other", NOW)["lastTransitionTime"] == told(earlier)
    assert condition(made, "Ready", "False", "r", "m", NOW)["lastTransitionTime"] == told(NOW)


def test_a_review_is_admitted_under_its_own_uid() -> None:
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}}
    answer = review(asked)
    assert (answer["kind"], answer["response"]) == ("AdmissionReview", {"uid": "u", "allowed": True})


def test_the_webhook_takes_the_arguments_that_the_chart_gives() -> None:
    arguments = read_arguments(
        [
            "--v=2",
            "--secure-port=10250",
            "--dynamic-serving-ca-secret-namespace=cert-manager",
            "--dynamic-serving-ca-secret-name=cert-manager-webhook-ca",
            "--dynamic-serving-dns-names=a",
            "--dynamic-serving-dns-names=b",
        ]
    )
    assert (arguments.secure_port, arguments.namespace, arguments.names) == (10250, "cert-manager", ["a", "b"])


def test_the_webhook_answers_whoever_trusts_its_authority(authority: Signed, tmp_path: Path) -> None:
    server = make_server("127.0.0.1", 0, make_certificate(authority, "localhost", ("localhost",)), ReviewHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "ca.crt").write_bytes(authority.certificate_pem())
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}}
    request = urllib.request.Request(
        f"https://localhost:{server.server_address[1]}/validate", json.dumps(asked).encode()
    )
    try:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
        with urllib.request.urlopen(request, timeout=10, context=trusting) as answer:  # noqa: S310  (https, above)
            assert json.load(answer)["response"]["allowed"]
    finally:
        server.shutdown()
        server.server_close()
