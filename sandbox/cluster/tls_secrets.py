"""Secrets with certificates, and where authorities belong, as cert-manager makes and finds them. Pure: plain data."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.cluster.api_server import told
from sandbox.cluster.keys import Signed

VALID = datetime.timedelta(days=90)
#: A certificate is made anew when it is valid for less than this: cert-manager's default, a third of its life.
RENEWED_BEFORE = datetime.timedelta(days=30)
#: Keys of such a Secret.
CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"
FROM_CERTIFICATE = "cert-manager.io/inject-ca-from"
FROM_SECRET = "cert-manager.io/inject-ca-from-secret"  # noqa: S105  (name of an annotation)
#: What a webhook of the API server may be told by, and where its authority stands in it.
WEBHOOK_KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


def encoded(files: Mapping[str, bytes]) -> dict[str, str]:
    """Data of a Secret."""
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def secret_files(signed: Signed, authority: Signed) -> dict[str, bytes]:
    """The three files of a certificate."""
    return {CERTIFICATE: signed.certificate_pem(), KEY: signed.key_pem(), AUTHORITY: authority.certificate_pem()}


def read_signed(secret: Mapping[str, Any]) -> Signed | None:
    """The certificate and key that a Secret holds; None when it holds no such pair."""
    data = secret.get("data") or {}
    return _pair(data[CERTIFICATE], data[KEY]) if {CERTIFICATE, KEY} <= data.keys() else None


def hosts_of(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """Names and addresses that a Certificate asks for; the common name is one of them, as servers are found by names only."""
    spec = certificate["spec"]
    names = [*spec.get("dnsNames", []), *spec.get("ipAddresses", [])]
    return tuple(dict.fromkeys([*names, *([spec["commonName"]] if spec.get("commonName") else [])]))


def still_good(
    secret: Mapping[str, Any] | None, hosts: Sequence[str], authority: Signed, now: datetime.datetime
) -> bool:
    """True when the Secret holds a certificate of the authority for exactly these hosts that lasts."""
    signed = None if secret is None else read_signed(secret)
    if secret is None or signed is None:
        return False
    if secret["data"].get(AUTHORITY) != encoded({"": authority.certificate_pem()})[""]:
        return False
    return (
        _is_of(signed.certificate, authority.certificate)
        and _hosts_in(signed.certificate) == set(hosts)
        and signed.certificate.not_valid_after_utc - now >= RENEWED_BEFORE
    )


def bundle_changes(made: Mapping[str, Any], bundle: str) -> list[dict[str, Any]]:
    """JSON patches that write an authority into an object, encoded; none when it is there, or has no place.

    Those of a list say which entry they mean, so that a list that has changed meanwhile refuses them.
    """
    if made["kind"] in WEBHOOK_KINDS:
        return [
            change
            for index, webhook in enumerate(made.get("webhooks", []))
            if webhook["clientConfig"].get("caBundle") != bundle
            for change in (
                {"op": "test", "path": f"/webhooks/{index}/name", "value": webhook["name"]},
                {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle},
            )
        ]
    if made["kind"] == "CustomResourceDefinition":
        config = ((made["spec"].get("conversion") or {}).get("webhook") or {}).get("clientConfig")
        path = "/spec/conversion/webhook/clientConfig/caBundle"
        wanted = config is not None and config.get("caBundle") != bundle
    else:
        path = "/spec/caBundle"
        wanted = made["spec"].get("service") is not None and made["spec"].get("caBundle") != bundle
    return [{"op": "add", "path": path, "value": bundle}] if wanted else []


def condition(
    made: Mapping[str, Any], kind: str, status: str, reason: str, message: str, now: datetime.datetime
) -> dict[str, Any]:
    """A condition for an object's status: its time stays while its status does."""
    before = next((one for one in made.get("status", {}).get("conditions", []) if one["type"] == kind), {})
    moment = before.get("lastTransitionTime") if before.get("status") == status else None
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment or told(now),
    }


def _hosts_in(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _is_of(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


# every round asks for every certificate, and to check a key takes longer than all else of a round
@lru_cache(maxsize=128)
def _pair(certificate_text: str, key_text: str) -> Signed | None:
    """A certificate and its key, both encoded; None when they are none, or not each other's."""
    try:
        certificate = x509.load_pem_x509_certificate(base64.b64decode(certificate_text))
        key = serialization.load_pem_private_key(base64.b64decode(key_text), None)
    except (ValueError, TypeError):
        return None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Signed(certificate, key)
