"""What a workflow may do: least rights, pinned actions, no stranger's text in a shell, one run a stack, no secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pipeline.engine import environments
from sandbox.paths import ROOT
from tests.ci.workflow_files import ACTIONS, WORKFLOWS, Step, jobs, steps, workflows

PINNED = re.compile(r"uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+$")
#: Who may write what. A job that is not here reads only.
MAY_WRITE = {
    ("pull-request.yaml", "preview"): {"id-token"},
    ("pull-request.yaml", "report"): {"pull-requests", "statuses"},
    ("merge.yaml", "dev"): {"id-token"},
    ("merge.yaml", "prod"): {"id-token"},
    ("drift.yaml", "look"): {"id-token"},
    ("drift.yaml", "report"): {"issues"},
    ("pins.yaml", "propose"): {"contents", "pull-requests"},
}
JOBS = [pytest.param(file, name, job, id=f"{file}-{name}") for file, name, job in jobs()]
RUNS = [pytest.param(step, id=step.name) for step in steps() if step.run]


@pytest.mark.parametrize("file", sorted(workflows()))
def test_a_workflow_grants_nothing_to_all_of_its_jobs(file: str) -> None:
    assert workflows()[file]["permissions"] == {}


@pytest.mark.parametrize(("file", "name", "job"), JOBS)
def test_a_job_says_its_rights_and_writes_only_what_it_is_for(file: str, name: str, job: dict[str, Any]) -> None:
    written = {scope for scope, right in job["permissions"].items() if right == "write"}
    assert written == MAY_WRITE.get((file, name), set())
    assert set(job["permissions"].values()) <= {"read", "write"}


@pytest.mark.parametrize(("file", "name", "job"), JOBS)
def test_a_job_ends(file: str, name: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 120


def test_nothing_runs_with_a_base_branchs_rights_on_a_strangers_request() -> None:
    for path in [*WORKFLOWS.glob("*"), *ACTIONS.rglob("*.yaml")]:
        assert not re.search(r"pull_request_target|workflow_run", path.read_text(encoding="utf-8")), path


def test_every_action_is_pinned_by_commit_with_its_version_beside_it() -> None:
    commits: dict[str, set[str]] = {}
    for path in [*WORKFLOWS.glob("*"), *ACTIONS.rglob("*.yaml")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s*(- )?uses: (?!\./)", line):
                found = PINNED.search(line)
                assert found, f"{path.name}: {line.strip()}"
                commits.setdefault(found["action"], set()).add(found["commit"])
    assert commits
    assert [action for action, used in commits.items() if len(used) > 1] == []


@pytest.mark.parametrize("step", RUNS)
def test_a_shell_gets_values_by_variables_only(step: Step) -> None:
    assert "${{" not in (step.run or ""), "put the value into env: a title or branch name could be a command"


@pytest.mark.parametrize("step", [pytest.param(one, id=one.name) for one in steps() if "checkout@" in (one.uses or "")])
def test_a_checkout_leaves_no_token_behind_but_where_a_branch_is_pushed(step: Step) -> None:
    keeps = (step.file, step.job) == ("pins.yaml", "propose")
    assert step.content["with"]["persist-credentials"] is keeps


def test_a_pull_request_reaches_no_secret() -> None:
    file = (WORKFLOWS / "pull-request.yaml").read_text(encoding="utf-8")
    assert "secrets." not in file
    # a GitHub environment would bring its secrets and its approvals along
    assert not any("environment" in job for name, _, job in jobs() if name == "pull-request.yaml")


def test_no_workflow_reads_a_secret_at_all() -> None:
    for path in [*WORKFLOWS.glob("*"), *ACTIONS.rglob("*.yaml")]:
        assert "secrets." not in path.read_text(encoding="utf-8"), path


def test_the_token_that_writes_meets_nothing_that_was_installed() -> None:
    for file, name, job in jobs():
        if set(MAY_WRITE.get((file, name), set())) - {"id-token"}:
            assert not [
                step for step in job["steps"] if "prepare" in step.get("uses", "") or "make " in step.get("run", "")
            ], name


def test_an_identity_in_the_cloud_meets_no_cache() -> None:
    for _, name, job in jobs():
        if "id-token" in job["permissions"]:
            prepared = [step for step in job["steps"] if step.get("uses") == "./.github/actions/prepare"]
            assert prepared, name
            assert all("with" not in step for step in prepared), name


def test_one_update_of_a_stack_at_a_time_and_none_is_cut_off() -> None:
    merged = workflows()["merge.yaml"]["jobs"]
    for env in environments():
        assert merged[env]["concurrency"] == {"group": f"stack-{env}", "cancel-in-progress": False}
        assert merged[env]["environment"] == env
    assert "dev" in merged["prod"]["needs"]


def test_every_environment_is_previewed_watched_and_updated() -> None:
    known = environments()
    for file, name in (("pull-request.yaml", "preview"), ("drift.yaml", "look")):
        assert workflows()[file]["jobs"][name]["strategy"]["matrix"]["environment"] == known
    reporting = [step.run for step in steps() if step.file == "pull-request.yaml" and step.job == "report" and step.run]
    assert reporting == [f'PYTHONPATH=.ci python3 -m pipeline.github reports "$RUNNER_TEMP/reports" {" ".join(known)}']


def test_the_required_job_waits_for_all_others() -> None:
    found = workflows()["pull-request.yaml"]["jobs"]
    assert set(found["required"]["needs"]) == set(found) - {"required"}
    assert found["required"]["if"] == "always()", "a skipped job counts as passed"


def test_the_credentials_file_of_a_job_does_not_change_what_git_sees() -> None:
    assert "gha-creds-*.json" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
