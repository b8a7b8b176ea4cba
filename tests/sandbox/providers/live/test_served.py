"""What the servicer makes of an API behind which a server stands."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.providers.api import GRANTED_SECONDS
from sandbox.providers.cloud import Cloud
from sandbox.providers.kubernetes.live.live_api import LiveApi
from sandbox.providers.servicer import StandIn, to_dict, to_struct
from tests.sandbox.providers.examples import urn
from tests.sandbox.providers.live.fake_server import FakeServer

JOB = "kubernetes:batch/v1:Job"
INPUTS = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "a", "namespace": "b"},
    "spec": {"cpu": "1000m"},
}


class Aborted(Exception):  # noqa: N818
    """What gRPC raises when a call is ended with an error."""


class Context:
    """A call's context, which keeps the details of an error."""

    details = b""

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.details = dict(metadata)["grpc-status-details-bin"]

    def abort(self, code: Any, message: str) -> None:
        raise Aborted(message)


@pytest.fixture
def stand_in(cloud: Cloud) -> StandIn:
    failed = {"conditions": [{"type": "Failed", "status": "True"}]}
    api = LiveApi(FakeServer(statuses={"Job": failed}).as_server())
    api.configure({"kubeconfig": "one"})
    return StandIn(api, cloud, "4.34.2")


def test_the_engine_is_told_of_a_resource_that_is_there_and_not_ready(stand_in: StandIn) -> None:
    context: Any = Context()
    request = provider_pb2.CreateRequest(urn=urn(JOB), properties=to_struct(INPUTS), timeout=7)
    with pytest.raises(Aborted, match="has failed"):
        stand_in.Create(request, context)
    unfinished = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(context.details).details[0].Unpack(unfinished)
    assert (unfinished.id, to_dict(unfinished.properties)["kind"]) == ("b/a", "Job")
    assert GRANTED_SECONDS.get() == 7


def test_a_diff_compares_with_what_the_server_made_of_it(stand_in: StandIn) -> None:
    outputs = INPUTS | {"spec": {"cpu": "1", "added": True}, "status": {}}
    request = provider_pb2.DiffRequest(
        id="b/a", urn=urn(JOB), olds=to_struct(outputs), old_inputs=to_struct(INPUTS), news=to_struct(INPUTS)
    )
    context: Any = Context()
    assert list(stand_in.Diff(request, context).detailedDiff) == ["spec.cpu"]


def test_cancelling_reaches_what_is_awaited(stand_in: StandIn) -> None:
    context: Any = Context()
    stand_in.Cancel(None, context)
    api: Any = stand_in.api
    assert api.server.cancelled.is_set()


def test_a_refresh_goes_by_the_inputs(stand_in: StandIn) -> None:
    context: Any = Context()
    with pytest.raises(Aborted):
        stand_in.Create(provider_pb2.CreateRequest(urn=urn(JOB), properties=to_struct(INPUTS)), context)
    request = provider_pb2.ReadRequest(id="b/a", urn=urn(JOB), inputs=to_struct(INPUTS))
    assert to_dict(stand_in.Read(request, context).inputs) == INPUTS
