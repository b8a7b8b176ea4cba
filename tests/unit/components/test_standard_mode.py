"""What Standard mode needs of its own: a drain that really waits for the engine, and scaling on what limits it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from components.kubernetes import team_quota
from components.kubernetes.engine_pod import make_pod
from components.kubernetes.inference_service import STANDARD, make_spec
from components.kubernetes.standard_mode import DRAIN_PROGRAM, drain, scaled_object_spec
from components.served_model import ServedModelArgs
from components.time_limits import ENDPOINT_SECONDS
from tests.unit.components.models import model_of
from tests.unit.components.test_team_quota import workload
from tests.unit.sizing.test_placement import PAYMENTS

METRICS = {"address": "https://monitoring.example/prometheus", "authentication": "managed-prometheus"}


@contextmanager
def engine(busy: list[int]) -> Iterator[str]:
    """Metrics of an engine: the requests that run at each question; the last number stays. Yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running = busy.pop(0) if len(busy) > 1 else busy[0]
            lines = [
                "# TYPE vllm:num_requests_running gauge",
                f'vllm:num_requests_running{{engine="0",model_name="a"}} {running}.0',
                'vllm:num_requests_waiting{engine="0",model_name="a"} 0.0',
                'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 7.0',
            ]
            self.send_response(200)
            self.end_headers()
            self.wfile.write("\n".join(lines).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def waited(url: str, limit: float) -> None:
    """Run the drain as a pod would, but without the time for endpoints to forget it."""
    subprocess.run([sys.executable, "-c", DRAIN_PROGRAM, url, "0", str(limit)], check=True, timeout=30)


def test_the_drain_waits_until_no_request_runs_and_no_longer() -> None:
    answers = [2, 1, 0]
    with engine(answers) as url:
        waited(url, 20)
    assert answers == [0]  # asked until the engine was idle, then not again: the last answer was given once


def test_the_drain_ends_at_its_limit_and_with_an_engine_that_is_gone() -> None:
    with engine([1]) as url:
        waited(url, 1)
    waited("http://127.0.0.1:9/metrics", 20)


def test_kubernetes_grants_the_time_that_the_drain_may_take() -> None:
    model = model_of(PAYMENTS, STANDARD)
    result = drain(make_pod("a", model, "pool", "models", "p"), model)
    *_, settle, limit = result["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert result["terminationGracePeriodSeconds"] == float(settle) + float(limit)
    assert float(settle) == ENDPOINT_SECONDS
    assert float(limit) == model["request_seconds"] >= 900


def test_scaling_follows_queue_time_and_running_requests_as_they_are_and_never_cpu() -> None:
    model = model_of(replace(PAYMENTS, first_token_ms=4000), STANDARD)
    spec = scaled_object_spec("assistant", "team-payments", model, METRICS)
    assert [trigger["type"] for trigger in spec["triggers"]] == ["prometheus", "prometheus"]
    assert {trigger["metricType"] for trigger in spec["triggers"]} == {"Value"}
    queue, running = (trigger["metadata"] for trigger in spec["triggers"])
    assert "vllm:request_queue_time_seconds_bucket" in queue["query"]
    assert queue["threshold"] == "1"  # a quarter of the 4 seconds that are the goal
    assert running["threshold"] == str(model["target_concurrency"])
    for query in (queue["query"], running["query"]):
        assert 'namespace="team-payments",model_name="assistant"' in query
    assert spec["scaleTargetRef"]["name"] == "assistant-predictor"


def test_missing_metrics_keep_the_replicas_and_never_go_below_the_minimum() -> None:
    spec = scaled_object_spec("a", "n", model_of(replace(PAYMENTS, high_availability=True), STANDARD), METRICS)
    assert spec["fallback"] == {"failureThreshold": 4, "replicas": 2, "behavior": "currentReplicasIfHigher"}
    assert spec["minReplicaCount"] == 2 <= spec["maxReplicaCount"]
    assert spec["triggers"][1]["metadata"]["ignoreNullValues"] == "false"


@pytest.mark.parametrize(("least", "surge"), [(0, 1), (1, 1), (3, 3)])
def test_a_rollout_stops_no_old_pod_first_and_takes_the_gpus_that_the_quota_keeps_free_for_one(
    least: int, surge: int
) -> None:
    model: ServedModelArgs = {**model_of(PAYMENTS, STANDARD), "min_replicas": least, "max_replicas": 8}
    strategy = make_spec("a", model, "pool", "models", {}, "p")["predictor"]["deploymentStrategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 0}}
    gpus = int(model["accelerator_count"])
    counted = workload(gpus=gpus, least=least, most=8, standard_mode=True)
    assert surge * gpus == team_quota.rollout(counted).gpus


def test_in_knative_mode_the_strategy_is_knatives_own() -> None:
    assert "deploymentStrategy" not in make_spec("a", model_of(PAYMENTS), "pool", "models", {}, "p")["predictor"]
