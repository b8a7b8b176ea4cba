"""What a diff and a refresh see of a live object."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.kubernetes.live.pruning import as_declared, as_inputs, as_outputs, pruned, without_defaults
from sandbox.providers.property_diff import changed_paths


def test_what_the_server_adds_is_no_difference() -> None:
    inputs = {"spec": {"ports": [{"port": 80}], "selector": {"app": "a"}}}
    live = {
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": "a"}, "type": "ClusterIP"},
        "status": {},
    }
    assert pruned(live, inputs) == inputs


@pytest.mark.parametrize(
    ("declared", "live", "path"),
    [
        ({"cpu": "1000m"}, {"cpu": "1"}, "cpu"),
        ({"env": []}, {}, "env"),
        ({"labels": {}}, {}, "labels"),
        ({"items": [1, 2]}, {"items": [1]}, "items[1]"),
        ({"mode": {"a": 1}}, {"mode": "a"}, "mode"),
    ],
)
def test_a_value_that_the_server_writes_otherwise_is_a_difference(
    declared: dict[str, Any], live: dict[str, Any], path: str
) -> None:
    assert [change[0] for change in changed_paths(pruned(live, declared), declared)] == [path]


def test_an_empty_map_that_the_server_keeps_is_no_difference() -> None:
    assert pruned({"emptyDir": {}}, {"emptyDir": {}}) == {"emptyDir": {}}


def test_the_plain_text_of_a_secret_is_compared_with_what_the_server_keeps_of_it() -> None:
    inputs = {"stringData": {"a": "old", "gone": "x"}}
    assert as_inputs({"data": {"a": "bmV3", "other": "eA=="}}, inputs) == {"stringData": {"a": "new"}}


def test_data_that_is_no_text_stays_encoded() -> None:
    assert as_inputs({"data": {"a": "/w=="}}, {"stringData": {"a": "x"}})["stringData"] == {"a": "/w=="}


def test_the_default_namespace_may_be_named_or_not() -> None:
    named = {"metadata": {"name": "a", "namespace": "default"}}
    assert without_defaults(named) == {"metadata": {"name": "a"}}
    assert without_defaults({"metadata": {"namespace": "b"}}) == {"metadata": {"namespace": "b"}}


def test_outputs_leave_out_who_wrote_what() -> None:
    assert as_outputs({"metadata": {"name": "a", "managedFields": [{}]}}) == {"metadata": {"name": "a"}}


def test_an_import_declares_what_the_server_does_not_write_itself() -> None:
    live = {"kind": "A", "metadata": {"name": "a", "uid": "u", "resourceVersion": "1"}, "spec": {"b": 1}, "status": {}}
    assert as_declared(live) == {"kind": "A", "metadata": {"name": "a"}, "spec": {"b": 1}}
