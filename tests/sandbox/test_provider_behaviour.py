"""The stand-ins under the real engine, with a small program: plans, faults, refresh, import, protection and secrets."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.paths import Layout
from sandbox.providers.cloud import Cloud
from tests.sandbox.harness import AT_ONCE, NEVER_INTERACTIVE, Sandbox

#: The sandbox itself, through real engine, set-up and processes: much waiting.
pytestmark = pytest.mark.slow

BUCKET = "gcp:storage/bucket:Bucket"
ACCOUNT = "gcp:serviceaccount/account:Account"
PROGRAM = """
import pulumi
from pulumi_gcp import serviceaccount, storage

bucket = storage.Bucket("weights", name="acme-weights", location="US", labels={"team": "ml"})
robot = serviceaccount.Account("robot", account_id="robot-one", opts=pulumi.ResourceOptions(depends_on=[bucket]))
pulumi.export("email", robot.email)
"""
SECRETS = """
import pulumi
from pulumi_gcp import serviceaccount, storage
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret

cluster = Provider("cluster", kubeconfig=pulumi.Output.secret("hunter2-kubeconfig"))
into = pulumi.ResourceOptions(provider=cluster)
team = Namespace("team", metadata={"name": "team-a"}, opts=into)
place = {"namespace": team.metadata["name"]}
Secret("token", metadata=place, string_data={"token": pulumi.Output.secret("hunter2-VERSION")}, opts=into)
ConfigMap("settings", metadata=place, data={"a": "b", "token": pulumi.Output.secret("hunter2-VERSION")}, opts=into)
serviceaccount.Account("robot", account_id="robot-one", display_name=pulumi.Output.secret("hunter2-VERSION"))
rule = {"action": {"type": "Delete"}, "condition": {"matches_prefixes": [pulumi.Output.secret("hunter2-VERSION")]}}
labels = {"team": "ml", "token": pulumi.Output.secret("hunter2-label")}
storage.Bucket("weights", location="US", lifecycle_rules=[rule], labels=labels)
"""


@pytest.fixture
def small(set_up: Layout, tmp_path: Path) -> Sandbox:
    """A fresh instance with a bucket and, after it, a service account."""
    source = tmp_path / "source"
    source.mkdir()
    runtime = "{name: python, options: {toolchain: pip, virtualenv: .venv}}"
    (source / "Pulumi.yaml").write_text(f"name: small\nruntime: {runtime}\n", encoding="utf-8")
    settings = "config: {gcp:project: acme-models, gcp:region: us-central1}\n"
    (source / "Pulumi.dev.yaml").write_text(settings, encoding="utf-8")
    (source / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    return Sandbox.create(tmp_path, project=source, policy_pack=None)


def cloud(sandbox: Sandbox) -> Cloud:
    return Cloud(sandbox.instance.cloud)


def ok(result: Any) -> str:
    """Its output; AssertionError with it when it failed."""
    assert result.exit_code == 0, result.output
    return result.output


def failed(result: Any, reason: str) -> str:
    """Its output, which must show the reason; AssertionError when it succeeded."""
    assert result.exit_code != 0, result.output
    assert reason in result.output
    assert "Traceback" not in result.output
    return result.output


def own(sandbox: Sandbox) -> list[str]:
    """Names of the resources of both providers in the state."""
    found = [r for r in sandbox.resources() if not r["type"].startswith("pulumi:")]
    return sorted(r["urn"].rpartition("::")[2] for r in found)


def in_state(sandbox: Sandbox, name: str) -> dict[str, Any]:
    [found] = [r for r in sandbox.resources() if r["urn"].endswith(f"::{name}")]
    return found


def plan(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    """By operation and name: each changed path and the kind of its change."""
    digest = json.loads(sandbox.preview("dev", as_json=True).stdout)
    return {
        f"{step['op']} {step['urn'].rpartition('::')[2]}": {
            path: change["kind"] for path, change in (step.get("detailedDiff") or {}).items()
        }
        for step in digest["steps"]
        if step["op"] != "same"
    }


def test_a_plan_tells_each_path_and_whether_it_updates_or_replaces(small: Sandbox) -> None:
    ok(small.up())
    small.edit("__main__.py", '"team": "ml"}', '"team": "ops", "tier": "gold"}')
    assert plan(small)["update weights"] == {"labels.team": "update", "labels.tier": "add"}
    small.edit("__main__.py", 'location="US"', 'location="EU"')
    replaced = plan(small)
    assert replaced["replace weights"]["location"] == "update-replace"
    shown = ok(small.preview("dev", "--diff"))
    assert "+-gcp:storage/bucket:Bucket: (replace)" in shown
    assert '~ location: "US" => "EU"' in shown
    ok(small.up())
    assert cloud(small).get(BUCKET, "acme-weights")["inputs"]["location"] == "EU"  # pyright: ignore[reportOptionalSubscript]


def test_refresh_sees_what_was_changed_and_what_was_deleted_outside(small: Sandbox) -> None:
    ok(small.up())
    record = cloud(small).get(BUCKET, "acme-weights")
    assert record is not None
    cloud(small).put(BUCKET, "acme-weights", record["inputs"] | {"labels": {"team": "outside"}}, record["outputs"])
    cloud(small).delete(ACCOUNT, in_state(small, "robot")["id"])
    assert small.refresh("dev", "--expect-no-changes").exit_code != 0
    ok(small.refresh())
    assert own(small) == ["weights"]
    assert in_state(small, "weights")["outputs"]["labels"] == {"team": "outside"}
    assert small.changes() == {"weights": "update", "robot": "create"}
    ok(small.up())
    ok(small.refresh("dev", "--expect-no-changes"))


def test_an_existing_bucket_is_imported_and_one_made_outside_is_a_conflict(small: Sandbox) -> None:
    inputs = {"name": "acme-weights", "location": "US", "labels": {"team": "ml"}}
    cloud(small).create(BUCKET, "acme-weights", inputs, inputs)
    failed(small.up(), "Error 409: The requested bucket name 'acme-weights' is not available")
    assert own(small) == []
    flags = (
        "--stack",
        "dev",
        "--yes",
        "--skip-preview",
        "--protect=false",
        "--generate-code=false",
        *NEVER_INTERACTIVE,
    )
    ok(small.pulumi("import", BUCKET, "weights", "acme-weights", *flags))
    assert in_state(small, "weights")["inputs"]["location"] == "US"
    assert small.changes() == {"robot": "create"}
    failed(small.pulumi("import", BUCKET, "other", "acme-others", *flags), "does not exist")
    small.edit(
        "__main__.py", 'labels={"team": "ml"}', 'labels={"team": "ml"}, opts=pulumi.ResourceOptions(protect=False)'
    )
    ok(small.destroy())
    small.edit("__main__.py", "protect=False", 'import_="acme-weights"')
    cloud(small).create(BUCKET, "acme-weights", inputs, inputs)
    ok(small.up())
    assert own(small) == ["robot", "weights"]


def test_deletion_protection_refuses_a_destroy_until_it_is_switched_off(small: Sandbox) -> None:
    program = """
import pulumi_gcp as gcp
gcp.cloudrunv2.Service("api", name="api", location="us-central1", template={"containers": [{"image": "api:v1"}]})
"""
    small.write("__main__.py", program)
    ok(small.up())
    failed(small.destroy(), "deletion_protection=false")
    assert own(small) == ["api"]
    small.edit("__main__.py", 'name="api",', 'name="api", deletion_protection=False,')
    ok(small.up())
    ok(small.destroy())
    assert own(small) == []


def test_after_a_failed_create_the_next_up_continues_and_nothing_is_doubled(small: Sandbox) -> None:
    small.fault("robot", "fail")
    failed(small.up(), "a fault set for 'robot'")
    assert own(small) == ["weights"]
    small.clear_fault("robot")
    assert small.changes() == {"robot": "create"}
    ok(small.up())
    assert own(small) == ["robot", "weights"]
    assert [len(list(cloud(small).all(kind))) for kind in (BUCKET, ACCOUNT)] == [1, 1]
    ok(small.destroy())
    assert [len(list(cloud(small).all(kind))) for kind in (BUCKET, ACCOUNT)] == [0, 0]


def test_a_hanging_create_is_cancelled_and_the_next_up_continues(small: Sandbox) -> None:
    small.fault("robot", "hang")
    env = small.environ()
    command = [small.instance.pulumi(), "up", "--stack", "dev", *NEVER_INTERACTIVE, *AT_ONCE]
    engine = subprocess.Popen(
        command, cwd=small.project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert engine.stdout is not None
        # ends at the latest with the engine
        assert any("Account robot creating" in line for line in engine.stdout)
        engine.send_signal(signal.SIGINT)
        output, _ = engine.communicate(timeout=60)
    finally:
        if engine.poll() is None:
            engine.kill()
    assert engine.returncode != 0, output
    assert "cancelled while waiting for 'robot'" in output
    assert own(small) == ["weights"]
    assert list(cloud(small).all(ACCOUNT)) == []
    small.clear_fault("robot")
    ok(small.up())
    assert own(small) == ["robot", "weights"]
    assert len(list(cloud(small).all(ACCOUNT))) == 1


def test_a_secret_is_plain_neither_in_the_state_nor_on_the_screen(small: Sandbox) -> None:
    small.write("__main__.py", SECRETS.replace("VERSION", "first"))
    shown = ok(small.up("dev", "--diff")) + ok(small.refresh("dev", "--diff"))
    state = json.dumps(small.resources())
    small.write("__main__.py", SECRETS.replace("VERSION", "second"))
    shown += ok(small.up("dev", "--diff"))
    state += json.dumps(small.resources())
    small.write("__main__.py", SECRETS.replace("display_name=", "disabled="))
    refused = failed(small.preview("dev", "--diff"), "disabled: must be true or false, found text")
    assert "hunter2" not in shown + refused + state
    assert "[secret]" in shown


def test_a_misspelt_nested_argument_fails_the_preview_with_its_path_and_changes_nothing(small: Sandbox) -> None:
    rule = 'lifecycle_rules=[{"action": {"type": "Delete"}, "condition": {"agee": 3}}]'
    small.edit("__main__.py", 'location="US"', f'location="US", {rule}')
    failed(small.preview(), "lifecycleRules[0].condition.agee: unknown, did you mean 'age'?")
    failed(small.up(), "lifecycleRules[0].condition.agee: unknown")
    assert own(small) == []
    assert list(cloud(small).all(BUCKET)) == []
