"""The replacement alarm: what a plan may not lose unless somebody has agreed to exactly that, until a day."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import rpc

from policy.plan_check.alarms import UNKNOWN, WATCHED, Acknowledgement, Alarm, alarms, without_effect
from policy.plan_check.report import report_of
from policy.plan_check.steps import IncompletePreviewError, Step, read_steps
from stacks.acknowledgements import AcknowledgementSettings

ROOT = Path(__file__).resolve().parents[2]
TODAY = datetime.date(2026, 11, 26)
CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
BUCKET, SECRET = "gcp:storage/bucket:Bucket", "gcp:secretmanager/secret:Secret"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::gemma-platform::gemma-platform:index:Part${kind}::{name}"


def step(
    op: str,
    kind: str = BUCKET,
    name: str = "models",
    reasons: tuple[str, ...] = (),
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> Step:
    return Step(op, urn(kind, name), old or {}, new or {}, reasons)


def agreed(resource: str, days: int = 0) -> Acknowledgement:
    expires = TODAY + datetime.timedelta(days=days)
    return Acknowledgement(resource, "weights are loaded anew", expires)


def open_alarms(steps: list[Step], *written: Acknowledgement) -> list[str]:
    return [alarm.resource for alarm in alarms(steps, written, TODAY) if alarm.acknowledged is None]


@pytest.mark.parametrize("kind", WATCHED)
@pytest.mark.parametrize("op", ["replace", "delete", "create-replacement", "delete-replaced", "import-replacement"])
def test_whatever_way_something_watched_is_lost_it_is_told(kind: str, op: str) -> None:
    assert open_alarms([step(op, kind)]) == ["models"]


@pytest.mark.parametrize("op", ["same", "create", "update", "read", "refresh", "import", "remove-pending-replace"])
def test_what_loses_nothing_is_no_alarm(op: str) -> None:
    assert open_alarms([step(op)]) == []


@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:core/v1:Secret",
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        "gcp:secretmanager/secretVersion:SecretVersion",
    ],
)
def test_what_is_not_watched_is_no_alarm(kind: str) -> None:
    assert open_alarms([step("replace", kind), step("delete", kind)]) == []


def message(*steps: Step) -> str:
    (alarm,) = alarms(list(steps), [], TODAY)
    return alarm.message


def test_the_message_names_what_is_lost_which_property_forces_it_and_its_values() -> None:
    old, new = {"location": "US-CENTRAL1"}, {"location": "EU"}
    assert message(step("replace", reasons=("location",), old=old, new=new)) == (
        "bucket 'models' would be replaced, because location changes from US-CENTRAL1 to EU: "
        "all that it holds is deleted, and has to be loaded anew."
    )
    assert "because nothing declares it any more" in message(step("delete"))
    assert "because what it belongs to is replaced" in message(step("replace", POOL))
    assert "because an update that broke off has replaced it already" in message(step("delete-replaced"))


def test_a_value_inside_another_is_shown_and_one_that_nobody_knows_or_may_see_is_not() -> None:
    path, old, new = (
        "nodeConfig.machineType",
        {"nodeConfig": {"machineType": "a"}},
        {"nodeConfig": {"machineType": "b"}},
    )
    assert "nodeConfig.machineType changes from a to b:" in message(
        step("replace", POOL, reasons=(path,), old=old, new=new)
    )
    assert rpc.UNKNOWN == UNKNOWN
    for before, after in (("a", UNKNOWN), ("[secret]", "[secret]"), ("a", {"secret": "b"}), ({"a": 1}, {"a": 2})):
        assert "because name changes:" in message(
            step("replace", reasons=("name",), old={"name": before}, new={"name": after})
        )


def test_the_parts_of_one_replacement_are_one_alarm_with_its_reason_in_any_order() -> None:
    parts = [step("delete-replaced"), step("create-replacement", reasons=("location",)), step("replace")]
    for order in (parts, parts[::-1]):
        assert "would be replaced, because location changes" in message(*order)


def test_an_acknowledgement_counts_for_its_own_resource_until_the_end_of_its_last_day() -> None:
    steps = [step("replace", CLUSTER, "cluster"), step("delete", POOL, "g2-spot")]
    assert open_alarms(steps, agreed("cluster")) == ["g2-spot"]
    assert open_alarms(steps, agreed("cluster"), agreed("g2-spot", days=1)) == []
    assert open_alarms(steps, agreed("cluster", days=-1), agreed("g2-spot")) == ["cluster"]
    assert open_alarms(steps, agreed("Cluster"), agreed("clust"), agreed(urn(POOL, "g2"))) == ["cluster", "g2-spot"]
    # one that is over beside one that holds
    assert open_alarms(steps[:1], agreed("cluster", days=-1), agreed("cluster")) == []


def test_a_name_that_two_have_is_acknowledged_by_type_only() -> None:
    steps = [step("replace", BUCKET, "main"), step("delete", SECRET, "main")]
    assert open_alarms(steps, agreed("main")) == [f"{BUCKET}::main", f"{SECRET}::main"]
    assert open_alarms(steps, agreed(f"{BUCKET}::main")) == [f"{SECRET}::main"]


def test_an_acknowledgement_that_ended_is_named_in_the_alarm() -> None:
    (alarm,) = alarms([step("delete")], [agreed("models", days=-1)], TODAY)
    assert alarm.message.endswith("Its acknowledgement ended on 2026-11-25.")


def test_acknowledgements_that_nothing_needs_are_told() -> None:
    written = [agreed("models"), agreed("other"), agreed("older", days=-1)]
    told = without_effect(alarms([step("delete")], written, TODAY), written, TODAY)
    assert [line.partition(" has no effect")[0] for line in told] == ["'other'", "'older' ended on 2026-11-25 and"]


def test_what_the_report_proposes_is_what_the_settings_take() -> None:
    found: list[Alarm] = alarms([step("replace", BUCKET, "main"), step("delete", SECRET, "main")], [], TODAY)
    lines = report_of(found, [], "dev", TODAY).lines
    rows = yaml.safe_load("\n".join(lines[lines.index("acknowledge:") :]))["acknowledge"]
    written = [AcknowledgementSettings.model_validate(row).acknowledgement for row in rows]
    assert open_alarms([step("replace", BUCKET, "main"), step("delete", SECRET, "main")], *written) == []
    assert report_of(found, [], "dev", TODAY).refused
    agreeing = report_of(alarms([step("delete")], [agreed("models")], TODAY), [], "dev", TODAY)
    assert not agreeing.refused
    assert agreeing.lines[0].startswith("acknowledged: bucket 'models'")
    assert agreeing.lines[0].endswith("Acknowledged until 2026-11-26: weights are loaded anew.")


STATES = {"inputs": {"location": "US"}}, {"inputs": {"location": "EU"}}
DIGEST = {
    "steps": [
        {
            "op": "replace",
            "urn": urn(BUCKET, "models"),
            "oldState": STATES[0],
            "newState": STATES[1],
            "replaceReasons": ["location"],
        },
        {"op": "delete", "urn": urn(SECRET, "token"), "oldState": {}},
    ],
    "changeSummary": {"replace": 1, "delete": 1},
    "diagnostics": [{"message": "careful", "severity": "warning"}],
}
EVENTS = [
    {
        "sequence": 1,
        "resourcePreEvent": {
            "metadata": {
                "op": "replace",
                "urn": urn(BUCKET, "models"),
                "old": STATES[0],
                "new": STATES[1],
                "keys": ["location"],
            }
        },
    },
    {"sequence": 2, "resourcePreEvent": {"metadata": {"op": "delete", "urn": urn(SECRET, "token"), "new": None}}},
    {"sequence": 3, "summaryEvent": {"result": "succeeded"}},
]
STEPS = [
    Step("replace", urn(BUCKET, "models"), {"location": "US"}, {"location": "EU"}, ("location",)),
    Step("delete", urn(SECRET, "token")),
]


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in events)


def test_both_forms_of_a_preview_give_the_same_steps() -> None:
    assert read_steps(json.dumps(DIGEST)) == STEPS
    assert read_steps(json.dumps(DIGEST, indent=4)) == STEPS
    assert read_steps(lines(EVENTS)) == STEPS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Previewing update (dev)\n",
        "{}",
        "[]",
        json.dumps({**DIGEST, "diagnostics": [{"message": "broke off", "severity": "error"}]}),
        json.dumps({key: value for key, value in DIGEST.items() if key != "changeSummary"}),
        lines(EVENTS[:2]),
        lines([*EVENTS[:2], {"sequence": 3, "summaryEvent": {"result": "failed"}}]),
        lines(EVENTS[2:])[:40],
    ],
)
def test_a_preview_that_failed_or_is_none_is_never_good(text: str) -> None:
    with pytest.raises(IncompletePreviewError):
        read_steps(text)


def command(folder: Path, *arguments: str, given: str = "") -> tuple[int, str]:
    """`python -m policy.plan_check` on a project."""
    done = subprocess.run(
        [sys.executable, "-m", "policy.plan_check", "--env", "dev", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=given,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command_line_ends_with_what_it_found() -> None:
    code, output = command(ROOT, "--preview", "-", given=json.dumps(DIGEST))
    assert code == 1
    assert "replacement alarm: bucket 'models'" in output
    assert "in Pulumi.dev.yaml:\nacknowledge:\n  - resource: models\n" in output
    quiet = {**DIGEST, "steps": [{"op": "same", "urn": urn(BUCKET, "models")}]}
    assert command(ROOT, "--preview", "-", given=json.dumps(quiet)) == (0, "")
    for arguments in (("--preview", "-"), ("--preview", "no-such-file"), ("--preview", "-", "--today", "soon")):
        assert command(ROOT, *arguments, given="{}")[0] == 2


def test_what_the_settings_of_the_environment_acknowledge_counts_until_its_day(tmp_path: Path) -> None:
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    shutil.copytree(ROOT / "stacks" / "dev", tmp_path / "stacks" / "dev")
    rows = "".join(
        f"      - {{resource: {name}, reason: it moves on purpose, expires: 2026-11-26}}\n"
        for name in ("models", "token")
    )
    with (tmp_path / "Pulumi.dev.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"    acknowledge:\n{rows}")
    given = json.dumps(DIGEST)
    code, output = command(tmp_path, "--preview", "-", "--today", "2026-11-26", given=given)
    assert (code, output.count("acknowledged: ")) == (0, 2)
    code, output = command(tmp_path, "--preview", "-", "--today", "2026-11-27", given=given)
    assert (code, output.count("Its acknowledgement ended on 2026-11-26.")) == (1, 2)
    # without a reason nobody has agreed to anything
    text = (tmp_path / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text(text.replace("reason: it moves on purpose, ", ""), encoding="utf-8")
    code, output = command(tmp_path, "--preview", "-", given=given)
    assert code == 2
    assert "acknowledge[0].reason" in output
