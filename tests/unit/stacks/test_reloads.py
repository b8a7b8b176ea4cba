"""What a preview says about deployments that load their model anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.kubernetes.inference_service import KNATIVE, STANDARD, make_template
from components.revisions import DIGEST, revision_digest
from components.served_model import ServedModelArgs
from stacks.reloads import reload_notes
from tests.unit.components.models import model_of
from tests.unit.sizing.test_placement import PAYMENTS
from tests.unit.stacks.test_environment_files import SUPPORT, Tree, tree

__all__ = ["tree"]

LABELS = {"team": "payments"}


def digest(
    model: ServedModelArgs, labels: dict[str, str] = LABELS, pool: str = "pool", priority: str = "interactive"
) -> str:
    return revision_digest(make_template("assistant", model, pool, "models", labels, priority))


@pytest.mark.parametrize("mode", [KNATIVE, STANDARD])
def test_whatever_is_in_the_pods_makes_a_revision_and_traffic_and_a_pause_do_not(mode: str) -> None:
    model = model_of(PAYMENTS, mode)
    same = digest(model)
    assert digest(model_of(replace(PAYMENTS, context_tokens=16384), mode)) != same
    assert digest(model, {"team": "other"}) != same
    assert digest(model, pool="other") != same
    assert digest(model, priority="batch") != same
    assert digest({**model, "annotations": {**model["annotations"], "gemma-platform/typical-tokens": "1"}}) != same
    assert digest(model_of(PAYMENTS, mode, paused=True)) == same
    if mode == KNATIVE:
        assert digest(model_of(PAYMENTS, canary_percent=10)) == same


def test_a_change_of_the_platforms_own_code_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(PAYMENTS)
    before = digest(model)
    monkeypatch.setattr("components.kubernetes.engine_pod.LIVENESS_PERIOD_SECONDS", 60)
    assert digest(model) != before


def test_a_change_of_a_service_on_cloud_run_is_told_and_its_traffic_and_a_pause_are_not(tree: Tree) -> None:
    def published() -> str:
        return next(d for d in tree.plan().deployments if d.pool is None).published[DIGEST]

    line, before = "    scale_to_zero: true", published()
    tree.edit(
        SUPPORT, line, f"{line}\n    canary_percent: 10\n    stable_revision: helpdesk-00003-abc\n    paused: true"
    )
    assert published() == before
    tree.edit(SUPPORT, "context_tokens: 16384", "context_tokens: 8192")
    assert published() != before


def test_more_replicas_reload_in_knative_mode_and_not_in_standard_mode() -> None:
    for mode, reloads in ((KNATIVE, True), (STANDARD, False)):
        model = model_of(PAYMENTS, mode)
        more: ServedModelArgs = {**model, "min_replicas": 2, "max_replicas": model["max_replicas"] + 2}
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
