"""What Open Policy Agent is told: its configuration, the policy, and who may ask which host. Pure.

Decisions are logged nowhere, since what they judge holds the callers' credentials. The policy itself is Rego, in
`authorization/authorization.rego`, and explained there.
Sources: openpolicyagent.org/docs/configuration; github.com/open-policy-agent/opa-envoy-plugin v1.19.1-envoy README.md (2026-08).
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

POLICY = Path(__file__).parent / "authorization" / "authorization.rego"
#: Files of the ConfigMap.
POLICY_FILE, DATA_FILE, CONFIGURATION_FILE = "authorization.rego", "data.json", "opa.json"
#: Port of Envoy's ext_authz over gRPC: the plug-in's own default.
PORT = 9191
#: Rule of the policy that answers.
DECISION = "gemma/authorization/response"
#: Answers of other servers that are kept: the identity provider's keys.
CACHE_BYTES = 1_000_000
#: The shorter names under which a Service is reached inside the cluster as well (knative.dev/networking pkg/ingress, 2026-07).
CLUSTER_DOMAIN, SHORTER = ".svc.cluster.local", (".svc", "")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class JwtAuthentication(TypedDict):
    """Tokens of an OpenID Connect provider."""

    issuer: str
    """The provider, as its tokens name it."""
    audiences: list[str]
    """Audiences that a token may be meant for; one of them suffices."""
    jwks_uri: str
    """Where the provider publishes its keys."""
    team_claim: NotRequired[str]
    """Claim of a token that names the caller's team or teams. Default: tokens name none; e-mail address and groups count."""


class ProtectedHost(TypedDict):
    """One deployment, and who may ask it."""

    hosts: list[str]
    """Host names under which it is asked, all of them: others are refused."""
    callers: list[str]
    """E-mail addresses and groups of tokens that may ask it. An address counts where the token says that it is verified."""
    key_teams: list[str]
    """Teams whose API keys may ask it, and whose members' tokens where these name a team."""


def make_files(hosts: Sequence[ProtectedHost], jwt: JwtAuthentication | None) -> dict[str, str]:
    """Content of the ConfigMap by file. Raises ValueError for what cannot be meant."""
    return {
        POLICY_FILE: POLICY.read_text(encoding="utf-8"),
        DATA_FILE: json.dumps(make_data(hosts, jwt), indent=1, sort_keys=True),
        CONFIGURATION_FILE: json.dumps(make_configuration(), indent=1),
    }


def make_data(hosts: Sequence[ProtectedHost], jwt: JwtAuthentication | None) -> dict[str, Any]:
    """The policy's data. Raises ValueError as `make_files` does."""
    by_host: dict[str, dict[str, list[str]]] = {}
    for protected in hosts:
        allowed = {
            "callers": sorted({caller.lower() for caller in protected["callers"]}),
            "teams": sorted(set(protected["key_teams"])),
        }
        for host in (name for written in protected["hosts"] for name in _names(written)):
            if host in by_host:
                raise ValueError(f"host '{host}' is protected twice; it would not be known who may ask it")
            by_host[host] = allowed
    return {"authorization": {"hosts": by_host, **({"jwt": _jwt(jwt)} if jwt else {})}}


def make_configuration() -> dict[str, Any]:
    """OPA's configuration."""
    return {
        "plugins": {
            "envoy_ext_authz_grpc": {
                "addr": f":{PORT}",
                "path": DECISION,
                # a prompt does not count, and one that is cut off could not be read
                "skip-request-body-parse": True,
            }
        },
        "caching": {"inter_query_builtin_cache": {"max_size_bytes": CACHE_BYTES}},
    }


def _names(host: str) -> list[str]:
    if not _HOST.fullmatch(host):
        raise ValueError(f"'{host}' is no host name; write it in lower case and without a port")
    if not host.endswith(CLUSTER_DOMAIN):
        return [host]
    return [host, *(host.removesuffix(CLUSTER_DOMAIN) + ending for ending in SHORTER)]


def _jwt(jwt: JwtAuthentication) -> dict[str, Any]:
    for field in ("issuer", "jwks_uri"):
        if not jwt[field].startswith("https://"):
            raise ValueError(f"jwt.{field} is '{jwt[field]}'; an address that begins with https:// is needed")
    if not jwt["audiences"] or not all(jwt["audiences"]):
        raise ValueError("jwt.audiences is empty or names an empty one: a token for any other service would be taken")
    return dict(jwt)
