"""When a pod counts as ready, asked of a server of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sandbox.cluster.pod_probe import Prober, passes

HERE = "127.0.0.1"


class Answering(BaseHTTPRequestHandler):
    """200 for a kubelet at /ready, 503 for all else."""

    def do_GET(self) -> None:
        asked = self.path == "/ready" and self.headers["User-Agent"].startswith("kube-probe/")
        self.send_response(200 if asked else 503)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer((HERE, 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_an_http_probe_asks_as_a_kubelet_at_a_port_by_number_or_name(port: int) -> None:
    ports = [{"name": "web", "containerPort": port}]
    assert passes({"httpGet": {"path": "/ready", "port": port}}, [], HERE)
    assert passes({"httpGet": {"path": "/ready", "port": "web"}}, ports, HERE)
    assert not passes({"httpGet": {"path": "/other", "port": "web"}}, ports, HERE)
    assert not passes({"httpGet": {"path": "/ready", "port": "none"}}, ports, HERE)


def test_a_port_that_listens_is_enough_for_other_probes_and_without_one(port: int) -> None:
    assert passes({"tcpSocket": {"port": port}}, [], HERE)
    assert passes({"grpc": {"port": port}}, [], HERE)
    assert passes({}, [{"containerPort": port}], HERE)
    assert not passes({"tcpSocket": {"port": 1}}, [], HERE)
    assert not passes({}, [{"containerPort": 1}], HERE)


def test_a_program_without_a_probe_counts_as_ready_after_a_moment_whatever_it_does() -> None:
    prober = Prober({"ports": [{"containerPort": 1}]}, HERE)
    end = time.monotonic() + 5
    while not prober.ready and time.monotonic() < end:
        time.sleep(0.05)
    prober.stop()
    assert prober.ready
