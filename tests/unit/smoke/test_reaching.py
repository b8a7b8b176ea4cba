"""Between caller and engine: waiting for a start, and one clear sentence for each way in which no good answer comes."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from components.kubernetes.knative_serving import GATEWAY_NAMESPACE
from components.smoke import connection, progress
from tests.tools.servers import free_port
from tests.tools.smoke_recorded import RecordedEngine, Reply
from tests.unit.smoke.calling import HOST, KEY, endpoint, run

TOKEN = "tok-" + "Abc1" * 6
LOADING = Reply('{"error": {"message": "Loading model", "code": 503}}', 503)
CLOUD_RUN = "assistant-abc-uc.a.run.app"
ABORTED = "The request was aborted because there was no available instance."


def _on_cloud_run(engine: RecordedEngine) -> dict[str, object]:
    return endpoint(engine.url, authentication="cloud-run-identity", mode="cloud-run")


class TestAStart:
    def test_is_waited_for_and_told(self, engine: RecordedEngine) -> None:
        engine.first = [LOADING, Reply("upstream connect error", 503), Reply("", 504), Reply("", 429)]
        result = run({KEY: endpoint(engine.url)}, "--timeout", "20")
        assert result.code == 0, result.out
        assert f"{KEY}, health: not ready, came 503 with" in result.err
        assert "Loading model" in result.err

    def test_on_cloud_run_is_waited_for_as_long_as_no_instance_can_take_the_request(
        self, engine: RecordedEngine
    ) -> None:
        """Both of the answers that Google's page on troubleshooting names for it."""
        engine.first = [Reply(f"{ABORTED}\n", status, content_type="text/plain") for status in (500, 429)]
        result = run({KEY: _on_cloud_run(engine)}, "--json", "--timeout", "20", token=TOKEN)
        assert result.results()["health"] == "passed"
        assert f"{KEY}, health: not ready, came 500 with '{ABORTED}'" in result.err
        assert f"too many requests, came 429 with '{ABORTED}'" in result.err

    def test_on_cloud_run_that_failed_is_not_waited_for(self, engine: RecordedEngine) -> None:
        words = "The request failed because the instance could not start successfully."
        engine.replies["health"] = Reply(words, 500, content_type="text/plain")
        result = run({KEY: _on_cloud_run(engine)}, "--json", "--timeout", "20", token=TOKEN)
        assert result.row("health")["note"] == (f"expected 200, came 500 with '{words}'")

    def test_is_not_what_an_engine_speaks_of_that_answers_500(self, engine: RecordedEngine) -> None:
        engine.replies["health"] = Reply(ABORTED, 500)
        result = run({KEY: endpoint(engine.url)}, "--json", "--timeout", "20")
        assert result.row("health")["note"].startswith("expected 200, came 500 with")
        assert result.row("health")["seconds"] < 10

    def test_that_lasts_too_long_fails_with_the_last_answer_and_tries_nothing_else(
        self, engine: RecordedEngine
    ) -> None:
        engine.first = [LOADING] * 1000
        result = run({KEY: endpoint(engine.url)}, "--json", "--timeout", "1")
        assert result.code == 1
        note = result.row("health")["note"]
        assert note.startswith("within 1 s: not ready, came 503 with")
        assert "see `kubectl -n team-payments get inferenceservice,pod` and the engine's log" in note
        others = {name: row for name, row in result.results().items() if name != "health"}
        assert set(others.values()) == {"skipped"}
        assert result.row("streaming")["note"] == "not tried: health failed"
        assert {kind for kind, _, _ in engine.requests} == {"health"}

    def test_that_takes_a_request_and_stays_silent_is_given_up(self, engine: RecordedEngine) -> None:
        engine.replies["health"] = Reply("slow\nslow\n", delay_seconds=3)
        result = run({KEY: endpoint(engine.url)}, "--json", "--timeout", "1")
        assert result.code == 1
        assert "took the request and did not answer within 1 s" in result.row("health")["note"]

    def test_of_a_connection_that_breaks_off_is_tried_again(self) -> None:
        """As a forwarded port does while its pod is gone."""
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def hang_up() -> None:
                for _ in range(3):
                    listening.accept()[0].close()

            thread = threading.Thread(target=hang_up)
            thread.start()
            result = run({KEY: endpoint(f"http://127.0.0.1:{listening.getsockname()[1]}")}, "--json", "--timeout", "2")
            thread.join()
        assert result.code == 1
        assert "broke the connection off before its answer ended; trying again" in result.err

    def test_default_wait_covers_the_expected_cold_start(
        self, engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "EVERY_SECONDS", 0.05)
        engine.replies["health"] = Reply("up\nup\n", delay_seconds=0.2)
        result = run({KEY: endpoint(engine.url, expected_cold_start_seconds=480)})
        assert result.code == 0
        assert f"{KEY}, health: 0 s of at most 600 s" in result.err

    def test_lends_no_patience_to_the_requests_after_it(
        self, engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "REQUEST_SECONDS", 1.0)
        engine.replies["models"] = LOADING
        note = run({KEY: endpoint(engine.url)}, "--json", "--timeout", "5").row("model list")["note"]
        assert note.startswith("within 1 s: not ready, came 503")


class TestNoConnection:
    def test_into_the_cluster_names_the_forwarding_that_leads_there(self) -> None:
        result = run({KEY: endpoint(f"http://{HOST}")}, "--json")
        assert result.code == 1
        note = result.row("health")["note"]
        assert f"the name {HOST} is not known here; it is reached from pods of the cluster" in note
        assert (
            f"`kubectl -n {GATEWAY_NAMESPACE} port-forward svc/kourier-internal 8080:80` and add --via http://127.0.0.1:8080"
            in note
        )

    def test_to_a_model_in_standard_mode_names_its_own_service(self) -> None:
        note = run({KEY: endpoint(f"http://{HOST}", mode="Standard")}, "--json").row("health")["note"]
        assert "`kubectl -n team-payments port-forward svc/assistant-predictor 8080:80`" in note

    def test_since_nothing_listens(self) -> None:
        via = f"127.0.0.1:{free_port()}"
        note = run({KEY: endpoint(f"http://{HOST}")}, "--json", "--via", f"http://{via}").row("health")["note"]
        assert f"no connection to {via}: Connection refused; it is reached from" in note

    def test_to_a_standard_model_that_has_no_ready_pod_yet_is_tried_again(self) -> None:
        via = f"http://127.0.0.1:{free_port()}"
        result = run({KEY: endpoint(f"http://{HOST}", mode="Standard")}, "--json", "--via", via, "--timeout", "1")
        assert "Connection refused" in result.err
        assert result.row("health")["note"].startswith("within 1 s: no connection to")

    def test_to_cloud_run_says_whence_it_is_reached(self) -> None:
        entry = endpoint(
            "https://assistant.invalid",
            authentication="cloud-run-identity",
            reachable_from="the organisation's networks",
        )
        note = run({KEY: entry}, "--json", token=TOKEN).row("health")["note"]
        assert "it is reached from the organisation's networks: run this on a machine or in a pod there" in note

    def test_by_a_proxy_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
        note = run({KEY: endpoint(f"http://{HOST}")}, "--json", no_proxy="").row("health")["note"]
        assert note == f"the proxy of HTTP_PROXY or HTTPS_PROXY does not lead to {HOST}; set NO_PROXY for it"


class TestTheWrongAnswer:
    def note(self, engine: RecordedEngine, reply: Reply, **changes: object) -> str:
        engine.replies["health"] = reply
        result = run({KEY: endpoint(engine.url, **changes)}, "--json", "--timeout", "1", token=TOKEN)
        assert result.code == 1
        assert result.results()["model list"] == "skipped"
        return result.row("health")["note"]

    def test_of_an_ingress_that_does_not_know_the_host(self, engine: RecordedEngine) -> None:
        note = self.note(engine, Reply(status=404, content_type="", headers={"server": "envoy"}))
        assert "the ingress does not know 127.0.0.1:" in note
        assert "came 404 with no content: no route, or none that is ready; see `kubectl -n team-payments" in note

    def test_of_cloud_runs_front_end(self, engine: RecordedEngine) -> None:
        page = Reply("<html><title>404 Page not found</title></html>", 404, "text/html")
        note = self.note(engine, page, authentication="cloud-run-identity")
        assert "Cloud Run does not lead to 127.0.0.1:" in note
        assert "came 404 with a page '404 Page not found': the service is gone, or its ingress setting" in note

    def test_to_a_bad_token(self, engine: RecordedEngine) -> None:
        note = self.note(engine, Reply(f"token {TOKEN} has expired", 401), authentication="token")
        assert note.startswith(
            "refused, came 401 with 'token *** has expired'; GEMMA_TOKEN must hold a valid token or key"
        )

    def test_to_a_caller_without_the_role_on_cloud_run(self, engine: RecordedEngine) -> None:
        note = self.note(engine, Reply("Forbidden", 403, "text/html"), authentication="cloud-run-identity")
        assert "`gcloud auth print-identity-token` of somebody with roles/run.invoker" in note

    def test_that_is_a_redirection_is_not_followed(self, engine: RecordedEngine) -> None:
        note = self.note(engine, Reply(status=302, headers={"Location": f"{engine.url}/v1/models?token={TOKEN}"}))
        assert f"came a redirection (302) to {engine.url}/v1/models?token=***, which is not followed" in note

    def test_of_a_limit_on_requests(self, engine: RecordedEngine) -> None:
        note = self.note(engine, Reply("rate limited", 429))
        assert note.startswith("within 1 s: too many requests, came 429 with 'rate limited'; wait, or raise")


class TestVia:
    def test_names_the_deployments_host(self, engine: RecordedEngine) -> None:
        result = run({KEY: endpoint(f"https://{HOST}")}, "--via", f"{engine.url}/")
        assert result.code == 0, result.out
        assert {host for _, host, _ in engine.requests} == {HOST}

    def test_over_tls_checks_the_certificate_for_the_deployments_host(
        self, engine: RecordedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = "assistant.models.example.com"
        certificate = with_tls(engine, name, tmp_path)
        via = engine.url.replace("http:", "https:")
        refused = run({KEY: endpoint(f"https://{name}")}, "--via", via, "--json")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        accepted = run({KEY: endpoint(f"https://{name}")}, "--via", via)
        other = run({KEY: endpoint("https://other.models.example.com")}, "--via", via, "--json")
        assert (refused.code, accepted.code, other.code) == (1, 0, 1)
        assert (
            f"for {name}: certificate verify failed: self-signed certificate; the certificate"
            in refused.row("health")["note"]
        )
        assert "other.models.example.com" in other.row("health")["note"]
        assert "mismatch" in other.row("health")["note"]


def with_tls(engine: RecordedEngine, name: str, folder: Path) -> Path:
    """Lets the engine speak TLS with a certificate of its own for that name, whose file is returned."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    engine.socket = context.wrap_socket(engine.socket, server_side=True)
    return file
