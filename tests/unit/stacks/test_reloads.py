"""What a preview says about deployments that load their model anew."""

from __future__ import annotations

from dataclasses import replace

from components.kubernetes.inference_service import KNATIVE, STANDARD
from components.served_model import ServedModelArgs
from stacks.reloads import DIGEST, reload_notes, revision_digest
from tests.unit.components.models import model_of
from tests.unit.sizing.test_placement import PAYMENTS

LABELS = {"team": "payments"}


def digest(model: ServedModelArgs, labels: dict[str, str] = LABELS) -> str:
    return revision_digest(model, labels, "pool")


def test_arguments_labels_and_nodes_make_a_revision_and_traffic_and_a_pause_do_not() -> None:
    same = digest(model_of(PAYMENTS))
    assert digest(model_of(replace(PAYMENTS, context_tokens=16384))) != same
    assert digest(model_of(PAYMENTS), {"team": "other"}) != same
    assert revision_digest(model_of(PAYMENTS), LABELS, "other") != same
    assert digest(model_of(PAYMENTS, canary_percent=10)) == same
    assert digest(model_of(PAYMENTS, paused=True)) == same


def test_more_replicas_reload_in_knative_mode_and_not_in_standard_mode() -> None:
    for mode, reloads in ((KNATIVE, True), (STANDARD, False)):
        model = model_of(PAYMENTS, mode)
        more: ServedModelArgs = {**model, "max_replicas": model["max_replicas"] + 1}
        assert (digest(more) != digest(model)) is reloads, mode


def test_each_deployment_that_reloads_comes_or_goes_is_named_once_and_no_other() -> None:
    before = {
        "a/same": {DIGEST: "1", "startup_seconds": 300},
        "a/changed": {DIGEST: "1", "startup_seconds": 300},
        "a/gone": {DIGEST: "1", "startup_seconds": 300},
    }
    after = {
        "a/same": {DIGEST: "1", "startup_seconds": 300},
        "a/changed": {DIGEST: "2", "startup_seconds": 240},
        "a/new": {DIGEST: "3", "startup_seconds": 60},
    }
    changed, gone, new = reload_notes(before, after)
    assert changed.startswith("a/changed: a new revision loads the model anew, about 4 min a replica")
    assert gone.startswith("a/gone: removed")
    assert new.startswith("a/new: new; ready about 1 min")


def test_a_stack_that_has_published_nothing_yet_has_only_new_deployments() -> None:
    for before in (None, "[unknown]", {}, {"a/b": "not a record"}):
        (note,) = reload_notes(before, {"a/b": {DIGEST: "1", "startup_seconds": 60}})
        assert note.startswith("a/b: new")
