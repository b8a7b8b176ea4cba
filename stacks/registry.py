"""Asks a registry for the digest of an image, by the HTTP interface that all of them have, without a login.

Source: github.com/opencontainers/distribution-spec v1.1.1 spec.md (pulling manifests, 2025); the token that Docker Hub, GitHub
and others want even of nobody in particular: distribution.github.io/distribution/spec/auth/token (2024).
"""

from __future__ import annotations

import re

import requests
from requests.utils import parse_dict_header

#: Docker Hub answers under another name than the one in references.
HOSTS = {"docker.io": "registry-1.docker.io"}
#: An index of many platforms first: its digest is the one that holds on every kind of node.
ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
DIGEST_HEADER = "Docker-Content-Digest"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: Host, path and tag of a whole reference.
REFERENCE = re.compile(r"(?P<host>[^/]+)/(?P<path>[a-z0-9._/-]+):(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})")
TIMEOUT_SECONDS = 30


class RegistryError(Exception):
    """What a registry did not tell, and why."""


def digest_of(reference: str) -> str:
    """The digest that a tag has now, `sha256:...`. Raises RegistryError where the registry does not tell it."""
    named = REFERENCE.fullmatch(reference)
    if named is None:
        raise RegistryError(
            f"'{reference}' is no image with registry and tag, such as docker.io/vllm/vllm-openai:v0.33.0"
        )
    host, path, tag = named.group("host", "path", "tag")
    # as container runtimes do: only this machine is asked without TLS
    scheme = "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
    address = f"{scheme}://{HOSTS.get(host, host)}/v2/{path}/manifests/{tag}"
    try:
        answer = _head(address, {"Accept": ACCEPTED})
        if answer.status_code == requests.codes.unauthorized:
            token = _token(answer.headers.get("WWW-Authenticate", ""), path)
            answer = _head(address, {"Accept": ACCEPTED, "Authorization": f"Bearer {token}"})
    except requests.RequestException as error:
        raise RegistryError(f"{reference}: {host} cannot be reached: {error}") from None
    if answer.status_code != requests.codes.ok:
        raise RegistryError(
            f"{reference}: {host} answers {answer.status_code} {answer.reason}; is the tag published there?"
        )
    digest = answer.headers.get(DIGEST_HEADER, "")
    if DIGEST.fullmatch(digest) is None:
        raise RegistryError(f"{reference}: {host} names '{digest}' as its digest; sha256: and 64 digits are needed")
    return digest


def _head(address: str, headers: dict[str, str]) -> requests.Response:
    return requests.head(address, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=True)


def _token(challenge: str, path: str) -> str:
    """A token for reading one repository, as the registry's challenge says where to get it."""
    scheme, _, rest = challenge.partition(" ")
    wanted = parse_dict_header(rest)
    realm = wanted.get("realm")
    if scheme.lower() != "bearer" or not realm:
        raise RegistryError(f"{path}: the registry wants a login ('{challenge}'); this command has none")
    query = {"scope": wanted.get("scope") or f"repository:{path}:pull"}
    if service := wanted.get("service"):
        query["service"] = service
    answer = requests.get(realm, params=query, timeout=TIMEOUT_SECONDS)
    if answer.status_code != requests.codes.ok:
        raise RegistryError(f"{path}: {realm} gives no token: {answer.status_code} {answer.reason}")
    told = answer.json()
    return str(told.get("token") or told.get("access_token") or "")
