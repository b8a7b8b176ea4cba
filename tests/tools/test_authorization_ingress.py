"""A request's whole way: a real Envoy with Kourier's filter asks the real Open Policy Agent, and passes on or answers itself.

Between them `shim.py` plays OPA's Envoy plug-in, whose module cannot be had; with OPA_ENVOY set, the plug-in itself is asked.
Kourier's controller, which hands Envoy its configuration, is played by tests/tools/authorization/kourier_envoy.py.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.kubernetes.authorization_policy import make_files
from sandbox.paths import Layout
from sandbox.progress import SetupError
from tests.tools.authorization import kourier_envoy, opa
from tests.tools.authorization.identity_provider import IdentityProvider, identity_provider
from tests.tools.authorization.kourier_envoy import Gateway, Installed
from tests.tools.authorization.stage import (
    ALICE,
    CHAT,
    HOST,
    HOSTS,
    INSIDE,
    JWT,
    KEY,
    OTHER,
    OTHER_KEY,
    keys,
    with_provider,
)

pytestmark = pytest.mark.tools

NAMES = [HOST, INSIDE, OTHER]


@dataclass
class Answer:
    """What a client gets."""

    status: int
    headers: dict[str, str]
    body: str


class Engine(ThreadingHTTPServer):
    """Plays all engines: answers 200 and keeps what reaches it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, str]] = []
        self.prompts: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are kept instead."""

    def do_POST(self) -> None:
        engine = self.server
        assert isinstance(engine, Engine)
        engine.prompts.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        engine.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"an answer")

    do_GET = do_POST  # noqa: N815 - the name that the server calls


@dataclass
class Stage:
    """Envoy with all that it talks to."""

    gateway: Gateway
    engine: Engine
    provider: IdentityProvider

    def ask(self, headers: dict[str, str], host: str = HOST, path: str = CHAT, prompt: bytes = b"{}") -> Answer:
        """A request from outside the cluster."""
        return ask(self.gateway.external, host, path, headers, prompt)


def ask(port: int, host: str, path: str, headers: dict[str, str], prompt: bytes | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        sent = {"Host": host, "Content-Type": "application/json", **headers}
        connection.request("POST" if prompt is not None else "GET", path, prompt, sent)
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read().decode())


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    server = Engine()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def installed() -> Installed:
    try:
        return kourier_envoy.install(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def stage(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("ingress")
    with engine() as models, identity_provider() as provider:
        files = with_provider(make_files(HOSTS, JWT), provider)
        both = keys({KEY: "payments", OTHER_KEY: "catalogue"})
        with (
            opa.serve(opa.program(Layout()), folder, files, both) as started,
            kourier_envoy.serve(installed, started, NAMES, models.server_address[1], folder) as gateway,
        ):
            yield Stage(gateway, models, provider)


def test_who_may_ask_is_passed_on_without_the_credential(stage: Stage) -> None:
    stage.engine.seen.clear()
    for headers in (bearer(KEY), {"X-Api-Key": KEY}, bearer(stage.provider.token(email=ALICE))):
        answer = stage.ask(headers)
        assert (answer.status, answer.body) == (200, "an answer")
    assert len(stage.engine.seen) == 3
    for seen in stage.engine.seen:
        assert not seen.keys() & {"authorization", "x-api-key"}
        assert seen["host"] == HOST


def test_a_long_prompt_reaches_the_engine_whole(stage: Stage) -> None:
    stage.engine.prompts.clear()
    prompt = json.dumps({"prompt": "word " * 200_000}).encode()
    assert stage.ask(bearer(KEY), prompt=prompt).status == 200
    assert stage.engine.prompts == [prompt]


def test_who_may_not_gets_the_policys_answer_and_the_engine_nothing(stage: Stage) -> None:
    stage.engine.seen.clear()
    for headers, host, path, status, challenge in (
        ({}, HOST, CHAT, 401, 'Bearer realm="gemma"'),
        (bearer("made-up"), HOST, CHAT, 401, 'Bearer realm="gemma", error="invalid_token"'),
        (
            bearer(stage.provider.token(email=ALICE, exp=1)),
            HOST,
            CHAT,
            401,
            'Bearer realm="gemma", error="invalid_token"',
        ),
        (
            bearer(stage.provider.token("none", email=ALICE)),
            HOST,
            CHAT,
            401,
            'Bearer realm="gemma", error="invalid_token"',
        ),
        (bearer(OTHER_KEY), HOST, CHAT, 403, None),
        (bearer(KEY), HOST, "/metrics", 403, None),
        (bearer(KEY), HOST, "/v1/%2e%2e/metrics", 403, None),
        (bearer(KEY), OTHER, CHAT, 403, None),
    ):
        answer = stage.ask(headers, host, path)
        assert (answer.status, answer.headers.get("www-authenticate")) == (status, challenge), (headers, host, path)
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.body)["error"]["message"]
    assert stage.engine.seen == []


def test_two_credentials_in_one_header_are_none(stage: Stage) -> None:
    """Envoy joins a header that comes twice."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.gateway.external, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("GET", "/v1/models", skip_host=True)
        connection.putheader("Host", HOST)
        connection.putheader("Authorization", f"Bearer {OTHER_KEY}")
        connection.putheader("Authorization", f"Bearer {KEY}")
        connection.endheaders()
        assert connection.getresponse().status == 401


def test_a_host_that_is_in_another_case_or_has_a_port_is_the_same_host(stage: Stage) -> None:
    for host in (HOST.upper(), f"{HOST}:443"):
        assert stage.ask(bearer(KEY), host).status == 200
        assert stage.ask(bearer(OTHER_KEY), host).status == 403
    assert stage.ask(bearer(KEY), "unknown.models.example.com").status == 404


def test_requests_from_inside_the_cluster_are_asked_too(stage: Stage) -> None:
    assert ask(stage.gateway.internal, INSIDE, "/v1/models", {}).status == 401
    assert ask(stage.gateway.internal, INSIDE, "/v1/models", bearer(KEY)).status == 200


def test_kouriers_health_is_asked_for_on_the_internal_port_only_and_without_a_credential(stage: Stage) -> None:
    assert ask(stage.gateway.internal, "internalkourier", "/ready", {}).status == 200
    assert ask(stage.gateway.external, "internalkourier", "/ready", {}).status == 404


def test_while_nobody_answers_nothing_passes_but_health(installed: Installed, tmp_path: Path) -> None:
    """The files of an OPA are not needed: it is not there."""
    with engine() as models:
        absent = opa.Opa("http://127.0.0.1:1", 1, tmp_path, tmp_path)
        with kourier_envoy.serve(installed, absent, NAMES, models.server_address[1], tmp_path, failing=True) as gateway:
            for headers in ({}, bearer(KEY)):
                assert ask(gateway.external, HOST, "/v1/models", headers).status == 403
            assert ask(gateway.internal, "internalkourier", "/ready", {}).status == 200
            assert models.seen == []
