"""What Helm makes of a chart's objects before it sends them."""

from __future__ import annotations

from typing import Any

from sandbox.providers.kubernetes.live.helm_objects import (
    completed,
    deleted_when,
    flat,
    foreign,
    hooks_at,
    in_order,
    reference,
    vanished,
)


def made(kind: str, name: str = "a", **annotations: str) -> dict[str, Any]:
    keys = {key.replace("_", "-"): value for key, value in annotations.items()}
    found: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    if keys:
        found["metadata"]["annotations"] = {f"helm.sh/{key}": value for key, value in keys.items()}
    return found


def own(one: dict[str, Any]) -> dict[str, Any]:
    return completed(one, "release", "place", lambda *_: True)


def test_kinds_come_in_the_order_of_an_installation_with_webhooks_last() -> None:
    kinds = (
        "ValidatingWebhookConfiguration",
        "Widget",
        "Deployment",
        "Service",
        "Namespace",
        "CustomResourceDefinition",
    )
    groups = in_order(made(kind) for kind in kinds)
    assert [group[0]["kind"] for group in groups] == [*kinds[:1:-1], "Widget", kinds[0]]


def test_lists_are_taken_apart() -> None:
    assert list(flat([{"kind": "List", "items": [made("Pod")]}, made("Secret")])) == [made("Pod"), made("Secret")]


def test_objects_get_their_namespace_and_the_marks_of_their_release() -> None:
    metadata = own(made("Service"))["metadata"]
    assert metadata["namespace"] == "place"
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
    assert metadata["annotations"] == {
        "meta.helm.sh/release-name": "release",
        "meta.helm.sh/release-namespace": "place",
    }
    assert "namespace" not in own(made("ClusterRole"))["metadata"]


def test_empty_values_are_not_sent() -> None:
    assert "spec" not in own({**made("Service"), "spec": None})
    assert own({**made("Service"), "spec": {"a": None, "b": [{"c": None}]}})["spec"] == {"b": [{}]}


def test_what_another_has_made_is_refused_in_helms_words() -> None:
    assert foreign(own(made("Service")), "release", "place") is None
    reason = foreign(own(made("Service")), "other", "place")
    assert reason is not None
    assert 'key "meta.helm.sh/release-name" must equal "other": current value is "release"' in reason
    assert "invalid ownership metadata; label validation error: missing key" in str(foreign(made("Service"), "a", "b"))


def test_hooks_come_by_weight_and_tests_never_unless_asked_for() -> None:
    late, early = made("Job", "late", hook="pre-install", hook_weight="5"), made("Job", "early", hook="pre-install")
    assert hooks_at([late, early, made("Pod", hook="test")], "pre-install") == [early, late]
    assert deleted_when(early) == ["before-hook-creation"]
    assert deleted_when(made("Job", hook_delete_policy="hook-succeeded,hook-failed")) == [
        "hook-succeeded",
        "hook-failed",
    ]


def test_an_upgrade_deletes_what_vanished_but_for_what_is_kept() -> None:
    before = [reference(one) for one in (made("Secret"), made("Service"), made("Pod", resource_policy="keep"))]
    assert vanished(before, [reference(made("Secret"))]) == [reference(made("Service"))]
