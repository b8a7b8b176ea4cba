"""Differences between two sets of inputs, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.property_diff import carried_over, changed_paths, covered_by, property_key, touches


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "update")]),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, [("a.c", "add")]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, [("a.c", "delete")]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": [1]}, {"a": [3, 2]}, [("a[0]", "update"), ("a[1]", "add")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a[0].b", "update")]),
        ({"a": {"b": 1}}, {"a": "text"}, [("a", "update")]),
        ({"l": {"k8s.io/x": "1"}}, {"l": {"k8s.io/x": "2"}}, [('l["k8s.io/x"]', "update")]),
    ],
)
def test_each_difference_is_told_once_at_its_leaf(old: Any, new: Any, paths: list[tuple[str, str]]) -> None:
    assert [(path, how) for path, how, _, _ in changed_paths(old, new)] == paths


def test_keys_that_are_no_plain_words_are_quoted_in_paths() -> None:
    assert property_key("a", "b-c") == "a.b-c"
    assert property_key("", "nvidia.com/gpu") == '["nvidia.com/gpu"]'
    assert property_key("a", 'say "x"') == 'a["say \\"x\\""]'


def test_a_path_is_covered_by_itself_and_what_holds_it_and_by_nothing_else() -> None:
    assert covered_by("nodeConfig.spot", ["nodeConfig.spot"])
    assert covered_by("nodeConfig.taints[0].key", ["nodeConfig.taints"])
    assert covered_by("spec.containers[3].image", ["spec.containers[*].image"])
    assert not covered_by("nodeConfig.spotted", ["nodeConfig.spot"])
    assert not covered_by("nodeConfig", ["nodeConfig.spot"])


def test_an_object_that_comes_or_goes_whole_touches_what_is_inside_it() -> None:
    assert touches("nodeConfig", (None, {"spot": True}), ["nodeConfig.spot"])
    assert touches("nodeConfig", ({"spot": True}, None), ["nodeConfig.spot"])
    assert not touches("nodeConfig", (None, {"labels": {}}), ["nodeConfig.spot"])


def test_an_update_keeps_what_the_api_added_and_drops_what_the_user_took_away() -> None:
    outputs = {"dns": {"allow": True, "endpoint": "gke-1"}, "labels": {"a": "1", "b": "2"}, "link": "x", "note": "y"}
    before = {"dns": {"allow": True}, "labels": {"a": "1", "b": "2"}, "note": "y"}
    after = carried_over(outputs, before, {"dns": {"allow": False}, "labels": {"a": "1"}})
    assert after == {"dns": {"allow": False, "endpoint": "gke-1"}, "labels": {"a": "1"}, "link": "x"}
