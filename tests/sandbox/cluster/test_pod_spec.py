"""What our kubelet makes of a Pod before anything runs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.controller_programs import ControllerProgram, controller_program
from sandbox.cluster.pod_files import etc_files, write_files
from sandbox.cluster.pod_spec import (
    NotYetError,
    Place,
    arguments,
    environment,
    expanded,
    field_value,
    mounts,
    run_container,
    volume_files,
)

PLACE = Place("10.200.1.5", "10.200.0.1", 6443)
PROGRAM = ControllerProgram("some", {"OF_IMAGE": "1"})
DIGEST = "@sha256:" + "0" * 64


class Held:
    """Objects by kind and name; a token tells its audience."""

    def __init__(self, **objects: dict[str, Any]) -> None:
        self.objects = objects

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.objects.get(f"{kind}_{name}")

    def token(self, audience: str | None) -> str:
        return f"token for {audience}"


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "one", "namespace": "kserve", "uid": "u", "labels": {"app": "it"}},
        "spec": {"nodeName": "n", "serviceAccountName": "runner", "containers": [container or {}], **spec},
    }


def env(container: dict[str, Any], held: Held | None = None) -> dict[str, str]:
    return environment(pod(), container, PROGRAM, PLACE, held or Held())


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (f"gcr.io/knative-releases/knative.dev/serving/cmd/controller{DIGEST}", "knative-controller"),
        ("gcr.io/knative-releases/knative.dev/operator/cmd/webhook:v1.23.0", "knative-operator-webhook"),
        (f"mirror.local:5000/a/kyverno/kyverno:v1.19.1{DIGEST}", "kyverno"),
        ("mirror.local:5000/a/kyverno/reports-controller", "kyverno-reports-controller"),
        ("kserve/kserve-controller:v0.20.0", "kserve-manager"),
    ],
)
def test_an_image_finds_its_program_also_from_a_mirror(image: str, name: str) -> None:
    found = controller_program(image)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/kyverno/kyverno-cli:v1",
        "ghcr.io/kyverno/kyvernopre:v1",
        "a/serving/cmd/autoscaler-hpa",
        "nginx",
        "my-kserve/kserve-controller",
    ],
)
def test_an_image_of_something_else_has_no_program(image: str) -> None:
    assert controller_program(image) is None


def test_a_sidecar_does_not_run() -> None:
    proxy, manager = (
        {"name": "p", "image": "quay.io/brancz/kube-rbac-proxy:v1"},
        {"name": "m", "image": "kserve/kserve-controller"},
    )
    found = run_container({"spec": {"containers": [proxy, manager]}})
    assert found is not None
    assert found[0]["name"] == "m"
    assert run_container({"spec": {"containers": [proxy]}}) is None


def test_the_environment_is_that_of_the_pod_and_nothing_of_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_USER", "1")
    found = env({"env": [{"name": "A", "value": "x"}, {"name": "B", "value": "$(A)-$(HOSTNAME)-$(NO)-$$(A)"}]})
    assert "SECRET_OF_USER" not in found
    assert found["B"] == "x-one-$(NO)-$(A)"
    assert (found["KUBERNETES_SERVICE_HOST"], found["KUBERNETES_SERVICE_PORT"]) == ("10.200.0.1", "6443")
    assert found["OF_IMAGE"] == "1"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "one"),
        ("metadata.namespace", "kserve"),
        ("status.podIP", "10.200.1.5"),
        ("status.hostIP", "10.200.0.1"),
        ("spec.nodeName", "n"),
        ("spec.serviceAccountName", "runner"),
        ("metadata.labels['app']", "it"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", 'app="it"'),
    ],
)
def test_a_field_is_read_from_the_pod_and_its_place(path: str, value: str) -> None:
    assert field_value(pod(), path, PLACE) == value


def test_a_field_that_is_not_known_keeps_the_pod_waiting() -> None:
    with pytest.raises(NotYetError, match=r"status\.phase"):
        field_value(pod(), "status.phase", PLACE)


def test_keys_of_config_maps_and_secrets_become_variables() -> None:
    held = Held(ConfigMap_c={"data": {"k": "v"}}, Secret_s={"data": {"p": base64.b64encode(b"word").decode()}})
    container = {
        "envFrom": [{"prefix": "C_", "configMapRef": {"name": "c"}}],
        "env": [
            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
            {"name": "N", "valueFrom": {"secretKeyRef": {"name": "s", "key": "none", "optional": True}}},
        ],
    }
    found = env(container, held)
    assert (found["C_k"], found["S"]) == ("v", "word")
    assert "N" not in found


def test_a_missing_object_or_key_is_named() -> None:
    reference = {"name": "s", "key": "p"}
    container = {"env": [{"name": "S", "valueFrom": {"secretKeyRef": reference}}]}
    with pytest.raises(NotYetError, match='secret "s" not found'):
        env(container)
    with pytest.raises(NotYetError, match="couldn't find key p in Secret s"):
        env(container, Held(Secret_s={"data": {}}))


def test_the_commands_first_word_is_the_program() -> None:
    assert arguments({"command": ["/manager", "-x"], "args": ["--ip=$(IP)"]}, {"IP": "1"}) == ["-x", "--ip=1"]
    assert arguments({}, {}) == []


def test_a_dollar_alone_stays() -> None:
    assert expanded("$A $ $$ $(A", {"A": "1"}) == "$A $ $ $(A"


def test_outer_mounts_come_first() -> None:
    container = {"volumeMounts": [{"name": "b", "mountPath": "/a/b"}, {"name": "a", "mountPath": "/a", "subPath": "s"}]}
    assert [(one.volume, one.sub_path) for one in mounts(container)] == [("a", "s"), ("b", "")]


def test_a_projected_volume_holds_token_certificate_and_namespace() -> None:
    volume = {
        "name": "access",
        "projected": {
            "sources": [
                {"serviceAccountToken": {"path": "token", "audience": "them"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
            ]
        },
    }
    held = Held(**{"ConfigMap_kube-root-ca.crt": {"data": {"ca.crt": "PEM", "other": "x"}}})
    assert volume_files(pod(), volume, PLACE, held) == {
        "token": b"token for them",
        "ca.crt": b"PEM",
        "namespace": b"kserve",
    }


def test_a_volume_waits_for_its_secret_unless_it_may_be_missing() -> None:
    volume: dict[str, Any] = {"name": "cert", "secret": {"secretName": "s"}}
    with pytest.raises(NotYetError, match='secret "s" not found'):
        volume_files(pod(), volume, PLACE, Held())
    volume["secret"]["optional"] = True
    assert volume_files(pod(), volume, PLACE, Held()) == {}
    assert volume_files(pod(), {"name": "e", "emptyDir": {}}, PLACE, Held()) is None


def test_a_volume_of_the_host_is_refused() -> None:
    with pytest.raises(NotYetError, match=r'"h".*no hostPath'):
        volume_files(pod(), {"name": "h", "hostPath": {"path": "/"}}, PLACE, Held())


def test_files_of_a_volume_turn_together_and_those_unchanged_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    write_files(folder, {"a": b"1", "deep/b": b"2"})
    first = (folder / "..data").resolve()
    write_files(folder, {"a": b"1", "deep/b": b"2"})
    assert (folder / "..data").resolve() == first
    assert (folder / "deep" / "b").read_bytes() == b"2"
    write_files(folder, {"a": b"4", "c": b"3"})
    assert sorted(one.name for one in folder.iterdir() if not one.name.startswith("..")) == ["a", "c"]
    assert ((folder / "a").read_bytes(), (folder / "c").read_bytes()) == (b"4", b"3")
    assert not first.exists()


def test_files_of_a_volume_are_for_their_user_alone(tmp_path: Path) -> None:
    write_files(tmp_path / "v", {"a": b"1"})
    assert (tmp_path / "v" / "a").stat().st_mode & 0o077 == 0
    assert (tmp_path / "v").stat().st_mode & 0o077 == 0


def test_services_are_found_by_name_at_pods_of_this_machine_that_are_ready() -> None:
    one = {
        "metadata": {"namespace": "knative-serving", "labels": {"kubernetes.io/service-name": "autoscaler"}},
        "endpoints": [
            {"addresses": ["10.200.1.9"], "conditions": {"ready": True}},
            {"addresses": ["10.200.1.8"], "conditions": {"ready": False}},
            {"addresses": ["10.201.0.7"], "conditions": {"ready": True}},
        ],
    }
    hosts = etc_files(pod(), "10.200.1.5", [one, {"metadata": {"namespace": "x"}}], b"")["hosts"].decode()
    assert "10.200.1.9 autoscaler.knative-serving.svc.cluster.local" in hosts
    assert "10.200.1.8" not in hosts
    assert "10.201" not in hosts
