"""Releases: what an installation, an upgrade and a deletion do to the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster.api_server import ApiError, UnreachableError
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live import live_releases
from sandbox.providers.kubernetes.live.live_releases import LiveReleases
from sandbox.providers.kubernetes.live.patient_server import PatientServer
from tests.sandbox.providers.live.fake_server import FakeServer

INPUTS = {"name": "kyverno", "chart": "kyverno", "version": "3.9.1", "namespace": "b", "atomic": True, "timeout": 1}
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


def made(kind: str, name: str, **annotations: str) -> dict[str, Any]:
    marks = {f"helm.sh/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "annotations": marks}}


DEFINITION = {
    **made("CustomResourceDefinition", "widgets"),
    "apiVersion": "apiextensions.k8s.io/v1",
    "spec": {"names": {"kind": "Widget"}},
}


class Dead(BaseException):
    """In place of the end of the process: nothing is done about it."""


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(statuses={"CustomResourceDefinition": ESTABLISHED})


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the chart makes; a test may change it."""
    objects = [made("Widget", "w"), made("ConfigMap", "c"), DEFINITION, made("Pod", "t", hook="test")]
    monkeypatch.setattr(live_releases, "chart_objects", lambda _: list(objects))
    monkeypatch.setattr("sandbox.providers.kubernetes.live.patient_server.PAUSES", ())
    return objects


@pytest.fixture
def releases(server: FakeServer, chart: list[dict[str, Any]]) -> LiveReleases:
    return LiveReleases(PatientServer(server.as_server()))


def test_definitions_come_first_and_a_deletion_takes_all(releases: LiveReleases, server: FakeServer) -> None:
    release_id, outputs = releases.create(INPUTS, 0)
    assert (release_id, outputs["status"]["revision"]) == ("b/kyverno", 1)
    applied = [one for one in server.asked if "sh.helm" not in one]
    assert applied == ["apply CustomResourceDefinition widgets", "apply ConfigMap c", "apply Widget w"]
    assert releases.read(release_id) == (INPUTS, outputs)
    releases.delete(release_id, 0)
    assert not server.objects
    assert releases.read(release_id) is None


def test_an_upgrade_deletes_what_the_chart_no_longer_makes(
    releases: LiveReleases, server: FakeServer, chart: list[dict[str, Any]]
) -> None:
    release_id, _ = releases.create(INPUTS, 0)
    chart[1] = made("ConfigMap", "new")
    assert releases.update(release_id, INPUTS, 0)["status"]["revision"] == 2
    assert server.names("ConfigMap") == ["new"]


def test_what_is_to_be_kept_stays(releases: LiveReleases, server: FakeServer, chart: list[dict[str, Any]]) -> None:
    chart[1] = made("ConfigMap", "c", resource_policy="keep")
    releases.delete(releases.create(INPUTS, 0)[0], 0)
    assert list(server.objects) == [("ConfigMap", "b", "c")]


def test_a_failed_installation_is_taken_back(releases: LiveReleases, server: FakeServer) -> None:
    server.refusals["w"] = ApiError(403, "Forbidden", "denied")
    with pytest.raises(CloudError, match="taken back due to atomic being set: denied"):
        releases.create(INPUTS, 0)
    assert not server.objects


def test_a_failed_installation_that_cannot_be_taken_back_says_so_and_is_remembered(
    releases: LiveReleases, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refusals["w"] = ApiError(403, "Forbidden", "denied")

    def gone(made: Any, **_: Any) -> None:
        raise UnreachableError("nobody answers")

    monkeypatch.setattr(server, "delete", gone)
    with pytest.raises(CloudError, match=r"could not be taken back \(nobody answers\): denied"):
        releases.create(INPUTS, 0)
    assert server.names("ConfigMap") == ["c"]
    assert pending(server) == [("sh.helm.release.v1.kyverno.v1", "failed")]


def test_a_failed_upgrade_that_cannot_be_rolled_back_says_so(
    releases: LiveReleases, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_id, _ = releases.create(INPUTS, 0)

    def refused(made: Any, manager: str, **_: Any) -> None:
        raise ApiError(403, "Forbidden", f"{made['metadata']['name']} is denied")

    monkeypatch.setattr(server, "apply", refused)
    with pytest.raises(CloudError, match=r"could not be taken back \(.* is denied\): .* is denied"):
        releases.update(release_id, INPUTS, 0)


def test_without_atomic_a_failed_installation_is_taken_up_again(releases: LiveReleases, server: FakeServer) -> None:
    server.refusals["w"] = ApiError(403, "Forbidden", "denied")
    with pytest.raises(CloudError, match="release kyverno failed: denied"):
        releases.create(INPUTS | {"atomic": False}, 0)
    assert server.names("ConfigMap") == ["c"]
    releases.create(INPUTS, 0)
    with pytest.raises(CloudError, match="cannot re-use a name that is still in use"):
        releases.create(INPUTS, 0)


def test_a_failed_upgrade_is_rolled_back(
    releases: LiveReleases, server: FakeServer, chart: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    release_id, outputs = releases.create(INPUTS, 0)
    before = list(chart)
    after = [made("ConfigMap", "new"), made("Service", "s")]
    monkeypatch.setattr(live_releases, "chart_objects", lambda inputs: before if inputs == INPUTS else after)
    server.refusals["s"] = ApiError(403, "Forbidden", "denied")
    with pytest.raises(CloudError, match="denied"):
        releases.update(release_id, INPUTS | {"values": {}}, 0)
    assert server.names("ConfigMap") == ["c"]
    assert releases.read(release_id) == (INPUTS, outputs)


def test_an_object_of_somebody_else_is_not_touched(releases: LiveReleases, server: FakeServer) -> None:
    foreign = made("ConfigMap", "c")
    foreign["metadata"]["namespace"] = "b"
    server.apply(foreign, "other")
    with pytest.raises(CloudError, match="invalid ownership metadata"):
        releases.create(INPUTS, 0)
    assert list(server.objects) == [("ConfigMap", "b", "c")]


def test_hooks_run_around_each_action(releases: LiveReleases, server: FakeServer, chart: list[dict[str, Any]]) -> None:
    server.statuses["Job"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    chart[:] = [made("ConfigMap", "c")]
    moments = ("pre-install", "post-install", "post-upgrade", "pre-delete")
    chart += [made("Job", moment, hook=moment, hook_delete_policy="hook-succeeded") for moment in moments]
    release_id, _ = releases.create(INPUTS, 0)
    releases.update(release_id, INPUTS, 0)
    releases.delete(release_id, 0)
    told = [one.split()[2] for one in server.asked if one.startswith("apply Job")]
    assert told == ["pre-install", "post-install", "post-upgrade", "pre-delete"]
    assert not server.objects


def test_one_whose_installer_died_is_refused_until_its_record_is_removed(
    releases: LiveReleases, server: FakeServer
) -> None:
    """As by Helm; what the dead one had made is then taken over."""
    server.refusals["w"] = Dead()
    with pytest.raises(Dead):
        releases.create(INPUTS, 0)
    assert server.names("ConfigMap") == ["c"]
    with pytest.raises(CloudError, match="cannot re-use a name that is still in use"):
        releases.create(INPUTS, 0)
    assert pending(server) == [("sh.helm.release.v1.kyverno.v1", "pending-install")]
    server.delete(server.list("v1", "Secret", "b", "owner=helm,name=kyverno,status=pending-install")[0])
    releases.create(INPUTS, 0)
    assert server.names("Widget") == ["w"]


def test_one_whose_upgrade_died_is_refused_until_the_record_of_that_is_removed(
    releases: LiveReleases, server: FakeServer
) -> None:
    release_id, outputs = releases.create(INPUTS, 0)
    server.refusals["w"] = Dead()
    with pytest.raises(Dead):
        releases.update(release_id, INPUTS, 0)
    with pytest.raises(CloudError, match=r"another operation \(install/upgrade/rollback\) is in progress"):
        releases.update(release_id, INPUTS, 0)
    assert pending(server) == [("sh.helm.release.v1.kyverno.v2", "pending-upgrade")]
    server.delete(server.list("v1", "Secret", "b", "owner=helm,name=kyverno,status=pending-upgrade")[0])
    assert releases.read(release_id) == (INPUTS, outputs)
    assert releases.update(release_id, INPUTS, 0)["status"]["revision"] == 2
    assert server.names("Secret") == ["sh.helm.release.v1.kyverno.v2"]


def pending(server: FakeServer) -> list[tuple[str, str]]:
    records = [one for (kind, _, _), one in server.objects.items() if kind == "Secret"]
    states = [(one["metadata"]["name"], one["metadata"]["labels"]["status"]) for one in records]
    return [state for state in states if state[1] != "deployed"]
