"""The provider over a server: what it sends, awaits and tells."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.cluster.api_server import ApiError
from sandbox.providers.api import GRANTED_SECONDS, ServedApi, UnfinishedError
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live import live_api
from sandbox.providers.kubernetes.live.applying import manager_of
from sandbox.providers.kubernetes.live.live_api import LiveApi
from tests.sandbox.providers.live.fake_server import FakeServer

CONFIG_MAP, JOB, WIDGET = "kubernetes:core/v1:ConfigMap", "kubernetes:batch/v1:Job", "kubernetes:a.b/v1:Widget"


def declared(api_version: str = "v1", kind: str = "ConfigMap", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "b"}, **parts}


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def api(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> LiveApi:
    monkeypatch.setattr(live_api, "KIND_PAUSES", ())
    monkeypatch.setattr("sandbox.providers.kubernetes.live.patient_server.PAUSES", (0.0,))
    made = LiveApi(server.as_server())
    made.configure({"kubeconfig": "server: https://one"})
    GRANTED_SECONDS.set(0.01)
    return made


def test_it_is_served(api: LiveApi) -> None:
    assert isinstance(api, ServedApi)


def test_an_object_is_made_changed_read_and_removed(api: LiveApi, server: FakeServer) -> None:
    object_id, outputs = api.create(CONFIG_MAP, declared(data={"k": "1"}))
    assert (object_id, outputs["data"]) == ("b/a", {"k": "1"})
    assert api.update(CONFIG_MAP, object_id, declared(data={"k": "2"}), outputs)["data"] == {"k": "2"}
    found = api.refreshed(CONFIG_MAP, object_id, declared(data={"k": "1"}))
    assert found is not None
    assert found[0] == declared(data={"k": "2"})
    api.delete(CONFIG_MAP, object_id)
    assert server.asked[-1] == "delete ConfigMap a Foreground"
    assert api.read(CONFIG_MAP, object_id) is None


def test_the_way_of_deletion_can_be_chosen(api: LiveApi, server: FakeServer) -> None:
    wish = {"pulumi.com/deletionPropagationPolicy": "orphan"}
    made = declared()
    made["metadata"]["annotations"] = wish
    api.create(CONFIG_MAP, made)
    api.delete(CONFIG_MAP, "b/a")
    assert server.asked[-1] == "delete ConfigMap a Orphan"


def test_what_is_gone_or_of_a_kind_that_is_gone_needs_no_deletion(api: LiveApi) -> None:
    api.delete(CONFIG_MAP, "b/a")
    api.delete(WIDGET, "b/a")


def test_an_object_that_does_not_go_is_told_with_its_finalizers(api: LiveApi) -> None:
    made = declared()
    made["metadata"]["finalizers"] = ["example.com/held"]
    api.create(CONFIG_MAP, made)
    with pytest.raises(CloudError, match="ConfigMap b/a is still there; its finalizers: example"):
        api.delete(CONFIG_MAP, "b/a")


def test_a_resource_that_is_there_and_not_ready_stays_in_the_state(api: LiveApi, server: FakeServer) -> None:
    server.statuses["Job"] = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
    with pytest.raises(UnfinishedError, match="has failed: Failed=True") as caught:
        api.create(JOB, declared("batch/v1", "Job"))
    assert caught.value.resource_id == "b/a"


def test_a_preview_shows_a_refusal_and_makes_nothing(api: LiveApi, server: FakeServer) -> None:
    server.refusals["a"] = ApiError(403, "Forbidden", "denied by policy")
    with pytest.raises(CloudError, match="denied by policy"):
        api.preview(CONFIG_MAP, declared())
    assert api.preview(CONFIG_MAP, declared())["status"] == UNKNOWN
    assert not server.objects


@pytest.mark.parametrize("message", ['namespaces "b" not found', "admission webhook does not support dry run"])
def test_a_preview_passes_over_what_comes_in_the_same_run(api: LiveApi, server: FakeServer, message: str) -> None:
    server.refusals["a"] = ApiError(404, "NotFound", message)
    api.preview(CONFIG_MAP, declared())
    api.preview(WIDGET, declared("a.b/v1", "Widget"))
    api.preview(CONFIG_MAP, declared(data={"a": UNKNOWN}))


def test_a_kind_that_never_comes_is_refused(api: LiveApi) -> None:
    with pytest.raises(CloudError, match='no matches for kind "Widget"'):
        api.create(WIDGET, declared("a.b/v1", "Widget"))


def test_a_webhook_that_is_starting_is_asked_again(api: LiveApi, server: FakeServer) -> None:
    server.refusals["a"] = ApiError(500, "InternalError", "failed calling webhook")
    assert api.create(CONFIG_MAP, declared())[0] == "b/a"


def test_one_cluster_stands_for_one_cluster(api: LiveApi, server: FakeServer) -> None:
    api.create(CONFIG_MAP, declared())
    other = LiveApi(server.as_server())
    other.configure({"kubeconfig": "server: https://two"})
    with pytest.raises(CloudError, match="stands for another Google cluster"):
        other.preview(CONFIG_MAP, declared())


def test_the_manager_of_an_object_is_its_own_and_stays() -> None:
    assert manager_of(declared()) == manager_of(declared(data={"x": "y"}))
    assert manager_of(declared()) != manager_of(declared(kind="Secret"))
