"""The policy in the real Open Policy Agent: who gets in, who does not, and with which answer. Real signatures, keys over HTTP.

That Kourier's Envoy does what it is told is shown in test_authorization_ingress.py.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.authorization_policy import POLICY, make_files
from components.kubernetes.authorization_service import IMAGE
from sandbox.paths import Layout
from sandbox.progress import SetupError
from tests.tools.authorization import opa
from tests.tools.authorization.identity_provider import (
    AUDIENCE,
    ISSUER,
    IdentityProvider,
    base64url,
    identity_provider,
)
from tests.tools.authorization.stage import (
    ALICE,
    GROUP,
    HOST,
    HOSTS,
    INSIDE,
    JWT,
    KEY,
    OTHER,
    OTHER_KEY,
    Stage,
    digest,
    keys,
    with_provider,
)

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One OPA for all tests of this file."""
    try:
        program = opa.program(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    with identity_provider() as provider:
        files = with_provider(make_files(HOSTS, JWT), provider)
        both = keys({KEY: "payments", OTHER_KEY: "catalogue"})
        with opa.serve(program, tmp_path_factory.mktemp("opa"), files, both) as started:
            yield Stage(started, provider)


def test_the_policy_compiles_strictly_and_is_formatted_as_opa_formats() -> None:
    program = opa.program(Layout())
    for command in (["check", "--strict", POLICY], ["fmt", "--fail", "--list", POLICY]):
        done = subprocess.run([program, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_program_is_of_the_images_version() -> None:
    answer = subprocess.run([opa.program(Layout()), "version"], capture_output=True, text=True, check=True).stdout
    version = answer.split()[1].removesuffix("-envoy")
    assert IMAGE.rpartition(":")[2] == f"{version}-envoy-static"


def test_a_key_of_the_team_gets_in_under_either_header_and_does_not_reach_the_engine(stage: Stage) -> None:
    for headers in ({"authorization": f"Bearer {KEY}"}, {"authorization": f"bearer  {KEY} "}, {"x-api-key": KEY}):
        assert stage.ask(headers) == {"allowed": True, "request_headers_to_remove": ["authorization", "x-api-key"]}


def test_a_token_gets_in_by_address_group_or_team(stage: Stage) -> None:
    good: list[dict[str, Any]] = [
        {"email": ALICE},
        {"email": "ALICE@example.com"},
        {"email": ALICE, "email_verified": "true"},
        {"groups": ["everybody@example.com", GROUP]},
        {"team": "payments"},
        {"team": ["search", "payments"]},
        {"email": ALICE, "aud": ["another", AUDIENCE]},
        {"email": ALICE, "aud": "other"},
    ]
    for claims in good:
        assert stage.status(stage.provider.token(**claims)) == 200, claims
    assert stage.status(stage.provider.token("ES256", email=ALICE)) == 200


@pytest.mark.parametrize(
    "host",
    [HOST.upper(), f"{HOST}:443", INSIDE, "assistant-predictor.team-payments.svc", "assistant-predictor.team-payments"],
)
def test_every_name_of_the_host_counts_as_the_host(stage: Stage, host: str) -> None:
    assert stage.status(KEY, host) == 200
    assert stage.status(OTHER_KEY, host) == 403


def test_who_is_known_but_not_listed_is_told_so(stage: Stage) -> None:
    token = stage.provider.token
    for credential, host in (
        (OTHER_KEY, HOST),
        (KEY, OTHER),
        (token(email="bob@example.com"), HOST),
        (token(email=ALICE), OTHER),
        (token(groups=[f"x{GROUP}"]), HOST),
        (token(groups=GROUP), HOST),  # not a list
        (token(team="catalogue"), HOST),
        (token(sub=ALICE), HOST),
        (token(name=ALICE), HOST),
        (token(email=ALICE, email_verified=False), HOST),
        (token(email=ALICE, email_verified=None), HOST),
        (KEY, "unknown.models.example.com"),
        (token(email=ALICE), "unknown.models.example.com"),
        (KEY, f"{HOST}.evil.example.com"),
        (KEY, ""),
    ):
        assert stage.status(credential, host) == 403, (credential, host)
    answer = stage.ask({"authorization": f"Bearer {OTHER_KEY}"})
    assert "www-authenticate" not in answer["headers"]
    assert json.loads(answer["body"])["error"]["type"] == "permission_error"


def unsigned(provider: IdentityProvider) -> str:
    """A token that holds, with its algorithm changed to none and its signature left as it is."""
    _, payload, signature = provider.token(email=ALICE).split(".")
    return f"{base64url(json.dumps({'alg': 'none', 'typ': 'JWT'}).encode())}.{payload}.{signature}"


def tampered(provider: IdentityProvider) -> str:
    """A token of another caller's with Alice's claims in it."""
    header, _, signature = provider.token(email="bob@example.com").split(".")
    return f"{header}.{provider.token(email=ALICE).split('.')[1]}.{signature}"


def test_tokens_that_do_not_hold_are_refused_as_if_they_were_nothing(stage: Stage) -> None:
    provider, now = stage.provider, int(time.time())
    for what, token in {
        "expired": provider.token(email=ALICE, exp=now - 1),
        "without an end": provider.token(email=ALICE, exp=None),
        "not valid yet": provider.token(email=ALICE, nbf=now + 300),
        "of another issuer": provider.token(email=ALICE, iss="https://login.evil.example.com"),
        "of an issuer that begins alike": provider.token(email=ALICE, iss=f"{ISSUER}/"),
        "without an issuer": provider.token(email=ALICE, iss=None),
        "for another audience": provider.token(email=ALICE, aud="another"),
        "for an audience that begins alike": provider.token(email=ALICE, aud=f"{AUDIENCE}2"),
        "without an audience": provider.token(email=ALICE, aud=None),
        "signed by a stranger": provider.token(email=ALICE, by_stranger=True),
        "signed with the public key": provider.token("HS256", email=ALICE),
        "without a signature": provider.token("none", email=ALICE),
        "with its algorithm taken away": unsigned(provider),
        "tampered with": tampered(provider),
        "cut off": provider.token(email=ALICE)[:-5],
        "not a token": "a.b.c",
    }.items():
        answer = stage.ask({"authorization": f"Bearer {token}"})
        assert (answer["allowed"], answer.get("http_status")) == (False, 401), what
        assert answer["headers"]["www-authenticate"] == 'Bearer realm="gemma", error="invalid_token"'


def test_look_alikes_of_a_key_are_refused_its_digest_too(stage: Stage) -> None:
    alike = [KEY[:-1], f"{KEY}1", KEY.lower(), KEY.upper(), digest(KEY), f"{KEY},{KEY}", f'"{KEY}"', "payments", "*"]
    for credential in alike:
        assert stage.status(credential) == 401, credential


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
        {"authorization": f"Basic {KEY}", "x-api-key": KEY},
        {"cookie": f"authorization=Bearer {KEY}"},
        {"k-network-probe": "probe", "user-agent": "Knative-Ingress-Probe"},
    ],
)
def test_without_a_credential_the_answer_says_how_to_send_one(stage: Stage, headers: dict[str, str]) -> None:
    answer = stage.ask(headers)
    # 404 and 503 would make Knative's probes take the route for missing
    assert (answer["allowed"], answer["http_status"]) == (False, 401)
    assert answer["headers"] == {"www-authenticate": 'Bearer realm="gemma"', "content-type": "application/json"}
    assert "Authorization: Bearer" in json.loads(answer["body"])["error"]["message"]


def test_only_the_models_api_and_health_are_open(stage: Stage) -> None:
    for path in ("/v1/models", "/v1/chat/completions?stream=true", "/v1/responses/1/cancel", "/health", "/health?x"):
        assert stage.status(KEY, path=path) == 200, path
    for path in ("/metrics", "/", "/docs", "/v2/x", "/v1/../metrics", "/health/../metrics", "/healthz", "/V1/models"):
        assert stage.status(KEY, path=path) == 403, path


def test_the_providers_keys_are_asked_for_once_and_never_for_what_cannot_be_verified(stage: Stage) -> None:
    stage.status(stage.provider.token(email=ALICE))
    asked = stage.provider.asked
    for _ in range(20):
        assert stage.status(stage.provider.token(email=ALICE)) == 200
    assert stage.status(KEY) == 200
    assert stage.status("a.b.c") == 401
    assert stage.provider.asked == asked


def test_a_provider_that_is_down_is_not_the_callers_fault(tmp_path: Path) -> None:
    with identity_provider() as provider:
        provider.down = True
        files = with_provider(make_files(HOSTS, JWT), provider)
        with opa.serve(opa.program(Layout()), tmp_path, files, keys({KEY: "payments"})) as started:
            stage = Stage(started, provider)
            assert stage.status("a.b.c") == stage.status(provider.token("none", email=ALICE)) == 401
            assert provider.asked == 0
            assert stage.status(provider.token(email=ALICE)) == 503
            assert stage.status(KEY) == 200
            provider.down = False
            assert stage.status(provider.token(email=ALICE)) == 200


def test_a_new_version_of_the_secret_counts_without_a_restart(tmp_path: Path) -> None:
    new = "gk-" + "New3" * 8
    with identity_provider() as provider:
        files = make_files(HOSTS, None)
        with opa.serve(opa.program(Layout()), tmp_path, files, keys({KEY: "payments"})) as started:
            stage = Stage(started, provider)
            assert (stage.status(KEY), stage.status(new)) == (200, 401)
            started.replace_keys(keys({new: "payments"}))
            end = time.monotonic() + 20
            while time.monotonic() < end and stage.status(new) != 200:
                time.sleep(0.1)
            assert (stage.status(KEY), stage.status(new)) == (401, 200)
            # without `jwt` no token is taken, whoever signed it
            assert stage.status(provider.token(email=ALICE)) == 401
            assert provider.asked == 0


def test_no_credential_is_in_the_log(stage: Stage) -> None:
    token = stage.provider.token(email=ALICE)
    for credential in (KEY, OTHER_KEY, token, token[:-5], "secret-look-alike"):
        stage.status(credential)
    log = stage.opa.log.read_text(encoding="utf-8")
    for credential in (KEY, OTHER_KEY, token, token.split(".")[1], "secret-look-alike", digest(KEY)):
        assert credential not in log
