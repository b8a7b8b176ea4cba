"""The cloud of files, faults, and the process that serves a stand-in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.paths import ROOT
from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.servicer import StandIn, to_dict, to_struct
from tests.sandbox.providers.examples import BUCKET, Engine, example, urn


class RefusedError(Exception):
    """What `abort` of a gRPC context raises."""


class Context:
    """As much of a gRPC context as a refusal needs."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise RefusedError(details)


def create_request(name: str) -> Any:
    return provider_pb2.CreateRequest(urn=urn(BUCKET, name), properties=to_struct(example(BUCKET)))


def write_faults(cloud: Cloud, text: str) -> None:
    cloud.folder.mkdir(parents=True, exist_ok=True)
    (cloud.folder / "faults.json").write_text(text, encoding="utf-8")


def test_a_resource_is_kept_until_it_is_deleted(cloud: Cloud) -> None:
    cloud.create("a:b/c:D", "one", {"x": 1}, {"y": 2})
    assert cloud.get("a:b/c:D", "one") == {"id": "one", "inputs": {"x": 1}, "outputs": {"y": 2}}
    assert [record["id"] for record in cloud.all("a:b/c:D")] == ["one"]
    cloud.delete("a:b/c:D", "one")
    assert cloud.get("a:b/c:D", "one") is None


def test_of_several_creates_at_once_exactly_one_succeeds_and_no_half_file_stays(cloud: Cloud) -> None:
    start = threading.Barrier(8)

    def create(number: int) -> bool:
        start.wait()
        try:
            cloud.create("kind", "same", {"number": number}, {})
        except CloudError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(create, range(8))).count(True) == 1
    assert [path.suffix for path in (cloud.folder / "kind").iterdir()] == [".json"]


def test_a_file_is_whole_while_it_is_rewritten(cloud: Cloud) -> None:
    cloud.create("kind", "one", {"text": "x" * 100_000}, {})
    seen: list[Any] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(cloud.get("kind", "one"))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        cloud.put("kind", "one", {"text": str(number) * 100_000}, {})
    done.set()
    reader.join()
    assert seen
    assert None not in seen


def test_what_cannot_be_written_leaves_what_was_there(cloud: Cloud) -> None:
    cloud.create("kind", "one", {"a": 1}, {})
    with pytest.raises(TypeError):
        cloud.put("kind", "one", {"a": object()}, {})
    assert cloud.get("kind", "one") == {"id": "one", "inputs": {"a": 1}, "outputs": {}}


def test_a_fault_strikes_only_the_named_resource_and_before_anything_is_done(google: GoogleApi, cloud: Cloud) -> None:
    stand_in = StandIn(google, cloud, "1")
    write_faults(cloud, '{"weights": "fail"}')
    with pytest.raises(RefusedError, match="a fault set for 'weights'"):
        stand_in.Create(create_request("weights"), Context())  # pyright: ignore[reportArgumentType]
    assert list(cloud.all(BUCKET)) == []
    assert stand_in.Create(create_request("others"), Context()).id == "acme-weights"  # pyright: ignore[reportArgumentType]


def test_a_hanging_create_ends_when_the_engine_cancels_and_has_done_nothing(google: GoogleApi, cloud: Cloud) -> None:
    stand_in = StandIn(google, cloud, "1")
    write_faults(cloud, '{"weights": "hang"}')
    refusals: list[str] = []

    def create() -> None:
        try:
            stand_in.Create(create_request("weights"), Context())  # pyright: ignore[reportArgumentType]
        except RefusedError as refused:
            refusals.append(str(refused))

    worker = threading.Thread(target=create)
    worker.start()
    assert worker.is_alive()
    stand_in.Cancel(None, None)  # pyright: ignore[reportArgumentType]
    worker.join(timeout=30)
    assert refusals == ["cancelled while waiting for 'weights'"]
    assert list(cloud.all(BUCKET)) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"weights": "explode"}'])
def test_a_file_of_faults_that_says_something_else_is_named_in_one_sentence(cloud: Cloud, text: str) -> None:
    write_faults(cloud, text)
    with pytest.raises(CloudError, match=r"faults\.json"):
        cloud.fault("weights")


def test_refusals_name_the_path_and_leave_the_property_out_since_the_engine_would_print_its_value(
    engine: Engine,
) -> None:
    _, reasons = engine.check(BUCKET, {**example(BUCKET), "locatoin": "EU"})
    assert len(reasons) == 1
    assert reasons[0].startswith("locatoin: unknown, did you mean 'location'?")
    request = provider_pb2.CheckRequest(urn=urn(BUCKET), news=to_struct({"location": 1}))
    [failure] = engine.stand_in.Check(request, None).failures  # pyright: ignore[reportArgumentType]
    assert failure.property == ""


def test_whole_numbers_stay_whole_on_the_way_through_messages() -> None:
    assert to_dict(to_struct({"a": 1, "b": [1.5, 2], "c": {"d": True, "e": None}})) == {
        "a": 1,
        "b": [1.5, 2],
        "c": {"d": True, "e": None},
    }


@pytest.mark.parametrize("name", ["gcp", "kubernetes"])
def test_without_a_cloud_a_stand_in_says_so_in_one_sentence(name: str) -> None:
    env = {key: value for key, value in os.environ.items() if key != "SANDBOX_CLOUD"}
    command = [sys.executable, "-m", f"sandbox.providers.{name}"]
    answer = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == "error: SANDBOX_CLOUD is not set: the stand-ins are started by the sandbox only\n"


def start_stand_in(cloud: Cloud) -> tuple[subprocess.Popen[str], int]:
    """(process, port) of a served stand-in for Google Cloud."""
    command = [sys.executable, "-m", "sandbox.providers.gcp"]
    env = os.environ | {"SANDBOX_CLOUD": str(cloud.folder)}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stand_in_ends_by_itself_on_a_signal_even_while_a_create_hangs(cloud: Cloud, number: signal.Signals) -> None:
    write_faults(cloud, '{"weights": "hang"}')
    process, port = start_stand_in(cloud)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        hanging = stub.Create.future(create_request("weights"))
        stub.GetPluginInfo(empty_pb2.Empty())
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert hanging.exception(timeout=30) is not None
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert list(cloud.all(BUCKET)) == []


def test_a_stand_in_ends_when_the_process_that_started_it_is_gone(cloud: Cloud) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'sandbox.providers.gcp'], stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid)\n"
    )
    env = os.environ | {"SANDBOX_CLOUD": str(cloud.folder)}
    command = [sys.executable, "-c", script]
    parent = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    try:
        # the stand-in has inherited the pipe of the errors, which ends when both have ended
        parent.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        os.kill(pid, signal.SIGKILL)
        pytest.fail("the stand-in outlives the process that started it")
    assert parent.returncode == 0
