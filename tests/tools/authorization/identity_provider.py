"""An OpenID Connect provider's keys, on the loopback, and tokens that they sign or ought not to have signed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, AUDIENCE = "https://login.example.com", "gemma"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class IdentityProvider(ThreadingHTTPServer):
    """Publishes one RSA and one EC key; `asked` counts how often, and while `down` it answers 500."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked, self.down = 0, False
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        #: Signs as if it were the provider, under the provider's key id.
        self.stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def jwks_uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/jwks"

    @property
    def jwks(self) -> dict[str, Any]:
        numbers, point = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "kid": "rsa",
                    "alg": "RS256",
                    "use": "sig",
                    "n": _number(numbers.n),
                    "e": _number(numbers.e),
                },
                {
                    "kty": "EC",
                    "kid": "ec",
                    "alg": "ES256",
                    "use": "sig",
                    "crv": "P-256",
                    "x": _number(point.x),
                    "y": _number(point.y),
                },
            ]
        }

    def token(self, algorithm: str = "RS256", *, by_stranger: bool = False, **claims: Any) -> str:
        """A token that holds unless the claims say otherwise; a claim that is None is left out."""
        now = int(time.time())
        standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "iat": now, "exp": now + 600, "email_verified": True}
        payload = {name: value for name, value in {**standard, **claims}.items() if value is not None}
        header = {"alg": algorithm, "typ": "JWT", "kid": "ec" if algorithm == "ES256" else "rsa"}
        signed = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(payload).encode())}"
        return f"{signed}.{base64url(self._signature(algorithm, signed.encode(), by_stranger))}"

    def _signature(self, algorithm: str, signed: bytes, by_stranger: bool) -> bytes:
        if algorithm == "none":
            return b""
        if algorithm == "HS256":
            # the public key as a shared secret: what a verifier that trusts the header's algorithm falls for
            secret = self.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return hmac.digest(secret, signed, hashlib.sha256)
        if algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.ec.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert algorithm == "RS256", algorithm
        return (self.stranger if by_stranger else self.rsa).sign(signed, padding.PKCS1v15(), hashes.SHA256())


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are counted instead."""

    def do_GET(self) -> None:
        provider = self.server
        assert isinstance(provider, IdentityProvider)
        provider.asked += 1
        self.send_response(500 if provider.down else 200)
        self.end_headers()
        self.wfile.write(json.dumps(provider.jwks).encode())


@contextlib.contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """A running provider."""
    provider = IdentityProvider()
    thread = threading.Thread(target=provider.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()
        thread.join()
