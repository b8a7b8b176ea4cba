"""`python -m policy audit`: what it reads, whom it blames, how it reports, and that nothing audited is no success."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from policy.audit.command import app
from policy.audit.state import SECRET, SECRET_KEY, resources_in
from policy.examples.engine_objects import namespace, record, service
from policy.rules import RULES
from policy.rules.rule import UNKNOWN
from tests.policy.fixtures import GOOGLE, KUBERNETES

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "gcp:storage/bucket:Bucket"
TEAM = {"team": "payments", "owner": "payments-ml", "cost-center": "cc-1042"}
LABELS = {**GOOGLE, **TEAM}
GOOD = {
    "name": "d",
    "location": "us-central1",
    "labels": LABELS,
    "uniformBucketLevelAccess": True,
    "publicAccessPrevention": "enforced",
}
Objects = list[dict[str, Any]]


def row(name: str, inputs: Mapping[str, Any], kind: str = BUCKET, **more: Any) -> dict[str, Any]:
    """A resource of a state."""
    urn = f"urn:pulumi:dev::gemma-platform::{kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "inputs": dict(inputs), **more}


def exported(*rows: Mapping[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(rows)}})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings and teams of dev, in the working directory."""
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    shutil.copytree(ROOT / "stacks" / "dev", tmp_path / "stacks" / "dev")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audit(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["--env", "dev", *arguments], input=text)


def findings(result: Result) -> list[dict[str, Any]]:
    return json.loads(result.stdout)["findings"]


WRONG = {**GOOD, "labels": {**LABELS, "cost-center": "cc-1"}}


def test_a_state_that_complies_ends_with_0_and_one_that_does_not_with_1(project: Path) -> None:
    good = audit("--state", "-", text=exported(row("documents", GOOD)))
    assert (good.exit_code, "0 mandatory" in good.stdout) == (0, True)
    bad = audit("--state", "-", text=exported(row("documents", GOOD), row("other", WRONG)))
    assert bad.exit_code == 1
    assert "payments: 1 mandatory, 0 advisory, 0 waived" in bad.stdout
    assert "mandatory  required-labels  Bucket other" in bad.stdout
    assert "stacks/dev/teams/payments.yaml" in bad.stdout


def test_the_command_runs_from_the_folder_that_is_also_the_pack(project: Path) -> None:
    state = project / "state.json"
    state.write_text(exported(row("other", WRONG)), encoding="utf-8")
    command = [sys.executable, "-m", "policy", "audit", "--env", "dev", "--state", str(state)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert (done.returncode, "required-labels" in done.stdout) == (1, True), done.stderr
    bare = subprocess.run(command[:3], cwd=project, env=env, capture_output=True, text=True, timeout=60)
    assert bare.returncode == 1
    assert "usage: python -m policy audit" in bare.stderr


def test_a_finding_says_rule_team_place_and_what_to_do(project: Path) -> None:
    (found,) = findings(audit("--format", "json", "--state", "-", text=exported(row("other", WRONG))))
    assert found["rule"] == "required-labels"
    assert (found["team"], found["source"], found["type"], found["resource"]) == ("payments", "state", BUCKET, "other")
    assert found["place"] == "stacks/dev/teams/payments.yaml"
    assert "cc-1042" in found["message"]
    assert found["fix"]


def test_what_no_rule_is_about_and_rules_that_judged_nothing_are_told(project: Path) -> None:
    thing = row("thing", {}, kind="random:index/randomId:RandomId")
    data = json.loads(audit("--format", "json", "--state", "-", text=exported(row("d", GOOD), thing)).stdout)
    assert data["not_judged"] == [{"source": "state", "type": "random:index/randomId:RandomId", "count": 1}]
    assert "vram-fit" in data["rules_that_judged_nothing"]
    assert "required-labels" not in data["rules_that_judged_nothing"]


def test_components_providers_and_what_is_only_read_or_about_to_go_are_left_out() -> None:
    rows = [
        row("kept", GOOD),
        row("component", {}, kind="gemma-platform:index:Team", custom=False),
        row("google", {}, kind="pulumi:providers:gcp"),
        row("read", {}, external=True),
        row("going", {}, delete=True),
    ]
    assert [resource.name for resource in resources_in(exported(*rows))] == ["kept"]


def test_a_secret_is_unknown_and_what_providers_note_is_no_property() -> None:
    secret = {SECRET_KEY: SECRET, "ciphertext": "v1:..."}
    (found,) = resources_in(exported(row("d", {"labels": {"team": secret, "__defaults": []}, "__defaults": ["name"]})))
    assert found.properties == {"labels": {"team": UNKNOWN}}


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (["--state", "-"], exported(), "holds no resource; nothing was audited"),
        (["--state", "-"], "{}", "not what `pulumi stack export` writes"),
        (["--state", "-"], "no json", "not what `pulumi stack export` writes"),
        (["--state", "missing.json"], "", "missing.json cannot be read"),
        (["--objects", "-"], '{"items": []}', "nothing was audited"),
        (["--objects", "-"], "[]", "not what `kubectl get"),
        (["--state", "-", "--objects", "-"], "", "cannot both be read from standard input"),
        (["--kubeconfig", "k", "--objects", "o"], "", "not both"),
        (["--state", "-", "--today", "tomorrow"], "", "--today is 'tomorrow'"),
    ],
)
def test_an_audit_that_cannot_be_made_ends_with_2_and_says_why(
    project: Path, arguments: list[str], text: str, message: str
) -> None:
    result = audit(*arguments, text=text)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_settings_or_waivers_that_are_wrong_are_told_before_anything_is_audited(project: Path) -> None:
    (project / "stacks" / "dev" / "waivers.yaml").write_text("- rule: nothing\n", encoding="utf-8")
    result = audit("--state", "-", text=exported(row("d", GOOD)))
    assert result.exit_code == 2
    assert "stacks/dev/waivers.yaml:1: [0].resource: is missing" in result.stderr


WAIVER = (
    "- rule: required-labels\n  resource: other\n  reason: moves to another cost centre\n"
    "  approver: boss@example.com\n  expires: 2026-12-31\n"
)


def test_a_waiver_counts_through_its_day_and_the_day_can_be_set(project: Path) -> None:
    (project / "stacks" / "dev" / "waivers.yaml").write_text(WAIVER, encoding="utf-8")
    state = exported(row("other", WRONG))
    waived = audit("--state", "-", "--today", "2026-12-31", text=state)
    assert waived.exit_code == 0
    assert "1 waived" in waived.stdout
    assert "required-labels of other is waived until 2026-12-31" in waived.stdout
    over = audit("--state", "-", "--today", "2027-01-01", text=state)
    assert over.exit_code == 1
    assert "the waiver of required-labels of other ended on 2026-12-31" in over.stdout
    mended = audit("--state", "-", "--today", "2026-12-01", text=exported(row("other", GOOD)))
    assert "has no effect" in mended.stdout


def test_junit_has_a_suite_a_team_a_case_a_check_and_a_failure_a_mandatory_finding(project: Path) -> None:
    (project / "stacks" / "dev" / "waivers.yaml").write_text(WAIVER, encoding="utf-8")
    rows = (row("other", WRONG), row("third", WRONG), row("d\x01", GOOD))
    result = audit("--format", "junit", "--state", "-", "--today", "2026-12-01", text=exported(*rows))
    root = ElementTree.fromstring(result.stdout.encode())  # noqa: S314 - written by ourselves
    assert (root.tag, root.get("failures"), root.get("errors")) == ("testsuites", "1", "0")
    (suite,) = root
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")
    assert (suite.get("name"), suite.get("tests")) == ("payments", str(len(suite.findall("testcase"))))
    (failed,) = [case for case in suite if case.find("failure") is not None]
    assert failed.get("classname") == "required-labels"
    assert str(failed.get("name")).endswith("Bucket third")
    assert "cc-1042" in str(failed.findtext("failure"))
    (skipped,) = [case for case in suite if case.find("skipped") is not None]
    assert str(skipped.get("name")).endswith("Bucket other")


def test_sarif_has_a_result_a_finding_at_the_teams_file_and_suppresses_what_is_waived(project: Path) -> None:
    (project / "stacks" / "dev" / "waivers.yaml").write_text(WAIVER, encoding="utf-8")
    rows = (row("other", WRONG), row("third", WRONG))
    result = audit("--format", "sarif", "--state", "-", "--today", "2026-12-01", text=exported(*rows))
    report = json.loads(result.stdout)
    assert report["version"] == "2.1.0"
    (run,) = report["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == [rule.id for rule in RULES]
    waived, failed = run["results"]
    for one in (waived, failed):
        assert ids[one["ruleIndex"]] == one["ruleId"] == "required-labels"
        assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "stacks/dev/teams/payments.yaml"
    assert failed["level"] == "error"
    assert "suppressions" not in failed
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "boss@example.com" in suppression["justification"]
    assert waived["partialFingerprints"] != failed["partialFingerprints"]


def listed(*objects: Mapping[str, Any]) -> str:
    """Objects as kubectl lists them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def spoiled(content: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The same object without what stands at `path`."""
    inner: Any = content
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return content


def test_objects_of_a_cluster_are_judged_by_the_rules_that_judge_them_at_admission(project: Path) -> None:
    objects = [namespace(), record(), spoiled(service(), "metadata", "labels", "cost-center")]
    found = findings(audit("--format", "json", "--objects", "-", text=listed(*objects)))
    assert {one["source"] for one in found} == {"cluster"}
    (labels,) = [
        one for one in found if one["resource"] == "team-search/ranker" and "lack 'cost-center'" in one["message"]
    ]
    assert (labels["rule"], labels["outcome"], labels["team"]) == ("required-labels", "mandatory", "search")
    without = findings(audit("--format", "json", "--objects", "-", text=listed(namespace(), service())))
    assert any("no sizing record is published" in one["message"] for one in without)


def test_what_is_outside_the_namespaces_of_teams_and_not_the_rules_business_is_left_alone(project: Path) -> None:
    system = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}}
    spec = {"hostNetwork": True, "containers": [{"name": "proxy", "image": "elsewhere.example.com/proxy:latest"}]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "spec": spec,
    }
    result = audit("--format", "json", "--objects", "-", text=listed(system, pod))
    assert [one for one in findings(result) if one["resource"] == "kube-system/kube-proxy"] == []
    own = {**pod, "metadata": {"name": "proxy", "namespace": "team-search", "labels": KUBERNETES}}
    assert any(
        one["resource"] == "team-search/proxy"
        for one in findings(audit("--format", "json", "--objects", "-", text=listed(namespace(), own)))
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a program in front of the path that notes its arguments and runs a piece of shell."""

    def make(name: str, script: str) -> Path:
        folder, calls = tmp_path / "bin", tmp_path / f"{name}.calls"
        folder.mkdir(exist_ok=True)
        file = folder / name
        file.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{script}\n', encoding="utf-8")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return calls

    return make


def test_pulumi_is_asked_for_the_state_of_the_stack_without_its_secrets(
    project: Path, program: Callable[[str, str], Path]
) -> None:
    (project / "exported.json").write_text(exported(row("other", WRONG)), encoding="utf-8")
    calls = program("pulumi", "cat exported.json")
    assert audit().exit_code == 1
    assert calls.read_text(encoding="utf-8") == "stack export --stack dev\n"
    program("pulumi", "echo 'no stack named dev found' >&2; exit 6")
    refused = audit()
    assert (refused.exit_code, "no stack named dev found" in refused.stderr) == (2, True)


def test_kubectl_is_asked_for_the_kinds_that_the_cluster_has(
    project: Path, program: Callable[[str, str], Path]
) -> None:
    (project / "objects.json").write_text(listed(namespace(), service()), encoding="utf-8")
    kinds = "namespaces\\nconfigmaps\\npods\\nsecrets\\ninferenceservices.serving.kserve.io\\n"
    calls = program("kubectl", f"case \"$3\" in api-resources) printf '{kinds}';; *) cat objects.json;; esac")
    result = audit("--kubeconfig", "config", "--format", "json")
    assert result.exit_code == 1
    assert any("no sizing record is published" in one["message"] for one in findings(result))
    _, read = calls.read_text(encoding="utf-8").splitlines()
    wanted = "configmaps,inferenceservices.serving.kserve.io,namespaces,pods"
    assert read == f"--kubeconfig config get {wanted} --all-namespaces --output json"
