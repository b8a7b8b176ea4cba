"""What happens after the merge, and the way back: promised only where it holds."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.preview_report.facts import Facts, Loss, Losses
from components.preview_report.outlook import LOADER_JOB
from components.preview_report.preview import Change
from tests.unit.preview_report.made import TODAY, change, preview_of, report_of

KEY, FILE = "payments/assistant", "stacks/dev/teams/payments.yaml"
FACTS = Facts("dev", TODAY, places={KEY: f"{FILE}:10", "support/helpdesk": "stacks/dev/teams/support.yaml:10"})
STEP = change("update", "kubernetes:core/v1:ConfigMap", "x")


def said(
    deployed: dict[str, Any], key: str = KEY, losses: Losses | None = None, steps: Any = (STEP,), **values: Any
) -> str:
    """What is told of a new revision of a deployment with these values."""
    changed = copy.deepcopy(deployed)
    changed["records"][key] |= {"revision_digest": "new", **values}
    return report_of(preview_of(changed, changes=steps), deployed, FACTS, losses).after_merge


def test_a_new_revision_takes_a_start_with_its_node_and_goes_back_by_one_line(deployed: dict[str, Any]) -> None:
    assert said(deployed) == (
        "~15 min, with a new node where none is free; the old revision serves until the new one is ready; "
        "roll back: one line in payments.yaml (`canary_percent: 0`)"
    )
    assert said(deployed, "support/helpdesk").endswith("(`canary_percent: 0` with `stable_revision`)")


@pytest.mark.parametrize("values", [{"machine_type": "g2-standard-48"}, {"mode": "Standard"}, {"runs_on": "cloud-run"}])
def test_without_the_earlier_revision_the_way_back_is_the_change_undone(
    deployed: dict[str, Any], values: dict[str, Any]
) -> None:
    assert said(deployed, **values).endswith("roll back: undo the change in payments.yaml")


def test_standard_mode_has_pods_and_no_revisions(deployed: dict[str, Any]) -> None:
    assert "the old pods serve until the new ones are ready" in said(deployed, mode="Standard")


def test_a_loss_promises_no_service_meanwhile(deployed: dict[str, Any]) -> None:
    lost = Losses((Loss("node pool a", "deleted", "why", None),), ("acknowledge:",))
    text = said(deployed, losses=lost)
    assert text.startswith("nothing until somebody has agreed; then ~15 min")
    assert "node pool a is deleted and loses what it holds" in text
    assert "serves until" not in text
    assert text.endswith("roll back: undo the change in payments.yaml")


def test_a_new_checkpoint_is_loaded_by_hand_first(deployed: dict[str, Any]) -> None:
    urn = f"urn:pulumi:dev::p::p:index:{LOADER_JOB}::load-x"
    assert "run the job load-x-1" in said(deployed, steps=(Change("create", urn, {}, {"name": "load-x-1"}),))


def test_what_comes_and_what_goes_is_named(deployed: dict[str, Any]) -> None:
    fewer = {**deployed, "records": {key: value for key, value in deployed["records"].items() if key != KEY}}
    gone = report_of(preview_of(fewer, changes=(STEP,)), deployed, FACTS).after_merge
    assert gone == f"{KEY} stops answering at once; roll back: undo the change; the weights stay in the bucket"
    came = report_of(preview_of(deployed, changes=(STEP,)), fewer, FACTS).after_merge
    assert came.endswith(f"{KEY} answers from then on; roll back: undo the change in payments.yaml")
    assert report_of(preview_of(deployed), deployed, FACTS).after_merge == "nothing happens"
