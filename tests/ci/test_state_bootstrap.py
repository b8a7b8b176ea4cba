"""The bucket and the key of a state: locked down, made once, and only shown without --apply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.state import wanted
from pipeline.state.__main__ import app

#: Each test runs the stand-in for gcloud a dozen times or more.
pytestmark = pytest.mark.slow

BUCKET = "gs://example-gemma-prod-pulumi-state"
DEPLOYER = "gemma-prod-deployer@example-gemma-prod.iam.gserviceaccount.com"
PREVIEWER = "gemma-prod-preview@example-gemma-prod.iam.gserviceaccount.com"
OPERATOR = "group:platform@example.com"


class Project:
    """A project of Google Cloud behind the stand-in for gcloud."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = folder / "project.json"
        self.write(services=[], accounts=[], buckets={}, policies={}, rings=[], keys={}, changes=[])
        programs = folder / "programs"
        programs.mkdir()
        script = f'#!/bin/sh\nexec {sys.executable} -I -S {Path(__file__).parent / "stub_gcloud.py"} "$@"\n'
        (programs / "gcloud").write_text(script, encoding="utf-8")
        (programs / "gcloud").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("STUB_GCLOUD", str(self.file))

    def write(self, **values: Any) -> None:
        self.file.write_text(json.dumps({**(self.read() if self.file.exists() else {}), **values}), encoding="utf-8")

    def read(self) -> dict[str, Any]:
        return json.loads(self.file.read_text(encoding="utf-8"))

    def grants(self, of: str) -> set[tuple[str, str]]:
        bindings = self.read()["policies"][of].get("bindings", [])
        return {(binding["role"], member) for binding in bindings for member in binding["members"]}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def bootstrap(*more: str, env: str = "prod") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["bootstrap", "--env", env, "--operator", OPERATOR, *more])
    return result.exit_code, result.output


def test_without_apply_nothing_is_changed_and_the_commands_are_shown(project: Project) -> None:
    before = project.read()
    code, said = bootstrap()
    assert (code, project.read()) == (0, before)
    assert f"gcloud storage buckets create {BUCKET} --location us-central1" in said
    assert "pulumi stack init prod --secrets-provider=gcpkms://projects/example-gemma-prod/locations/" in said


def test_what_is_shown_is_what_is_run(project: Project, tmp_path: Path) -> None:
    shown = [line for line in bootstrap()[1].splitlines() if line.startswith(("gcloud", "echo"))]
    script = tmp_path / "script"
    script.mkdir()
    subprocess.run(["sh", "-e", "-c", "\n".join(shown)], cwd=script, check=True, capture_output=True)
    code, said = bootstrap()
    assert (code, "as they are meant to be" in said) == (0, True), said


def test_the_bucket_is_versioned_private_and_keeps_what_is_deleted(project: Project) -> None:
    assert bootstrap("--apply")[0] == 0
    bucket = project.read()["buckets"][BUCKET]
    assert bucket == {
        "location": "US-CENTRAL1",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"},
        "versioning": {"enabled": True},
        "softDeletePolicy": {"retentionDurationSeconds": str(90 * 86400)},
        "lifecycle": wanted.LIFECYCLE,
    }
    assert project.read()["keys"]["pulumi-state"] == {"purpose": "encryption", "rotationPeriod": f"{90 * 86400}s"}


def test_whoever_may_look_at_the_project_may_not_read_its_state(project: Project) -> None:
    project.write(accounts=[DEPLOYER, PREVIEWER])
    assert bootstrap("--apply")[0] == 0
    assert project.grants(BUCKET) == {
        ("roles/storage.legacyBucketOwner", "projectOwner:example-gemma-prod"),
        ("roles/storage.objectAdmin", OPERATOR),
        ("roles/storage.objectAdmin", f"serviceAccount:{DEPLOYER}"),
        ("roles/storage.objectViewer", f"serviceAccount:{PREVIEWER}"),
    }
    assert project.grants("pulumi-state") == {
        ("roles/cloudkms.cryptoKeyEncrypterDecrypter", OPERATOR),
        ("roles/cloudkms.cryptoKeyEncrypterDecrypter", f"serviceAccount:{DEPLOYER}"),
        ("roles/cloudkms.cryptoKeyDecrypter", f"serviceAccount:{PREVIEWER}"),
    }


def test_a_second_run_changes_nothing(project: Project) -> None:
    project.write(accounts=[DEPLOYER, PREVIEWER])
    bootstrap("--apply")
    made = project.read()
    code, said = bootstrap("--apply")
    assert (code, project.read()) == (0, made)
    assert "# 0 commands" in said


def test_accounts_that_the_first_update_makes_get_their_rights_in_the_run_after_it(project: Project) -> None:
    assert "after the first update of prod run this again" in bootstrap("--apply")[1]
    project.write(accounts=[DEPLOYER, PREVIEWER], changes=[])
    code, said = bootstrap("--apply")
    assert (code, "run this again" in said) == (0, False)
    assert [change.split()[2] for change in project.read()["changes"]] == [
        "set-iam-policy",
        *["add-iam-policy-binding"] * 2,
    ]


@pytest.mark.parametrize(
    ("change", "put_right"),
    [
        ({"versioning": {"enabled": False}}, "--versioning"),
        ({"softDeletePolicy": {"retentionDurationSeconds": "0"}}, "--soft-delete-duration=7776000s"),
        ({"lifecycle": {"rule": []}}, "--lifecycle-file=lifecycle.json"),
        (
            {
                "iamConfiguration": {
                    "uniformBucketLevelAccess": {"enabled": True},
                    "publicAccessPrevention": "inherited",
                }
            },
            "--public-access-prevention",
        ),
    ],
)
def test_a_setting_that_somebody_changed_is_put_right_alone(project: Project, change, put_right: str) -> None:
    bootstrap("--apply")
    made = project.read()
    project.write(buckets={BUCKET: {**made["buckets"][BUCKET], **change}}, changes=[])
    assert bootstrap("--apply")[0] == 0
    after = project.read()
    assert after["buckets"] == made["buckets"]
    assert after["changes"] == [f"storage buckets update {BUCKET} {put_right} --project example-gemma-prod --quiet"]


def test_what_one_may_not_see_is_not_taken_for_missing(project: Project) -> None:
    project.write(denied="caller has no storage.buckets.get")
    code, said = bootstrap("--apply")
    assert code == 1
    assert "PERMISSION_DENIED: caller has no storage.buckets.get" in said
    assert project.read()["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--env", "stage"], "'stage' is no environment; there are dev, prod"),
        (["--env", "prod", "--operator", "allUsers"], "--operator is 'allUsers'; write user:<e-mail>"),
    ],
)
def test_what_is_written_wrong_is_refused_with_what_is_allowed(project: Project, arguments, said: str) -> None:
    result = CliRunner().invoke(app, ["bootstrap", *arguments, "--apply"])
    assert result.exit_code == 1
    assert said in result.output
    assert project.read()["changes"] == []
