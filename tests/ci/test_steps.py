"""Every `run:` step of every workflow is run here against stand-ins for GitHub and the cloud, or is a target of `.ci/run`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.cluster.network import check_possible
from sandbox.instance import Instance
from sandbox.paths import ROOT
from tests.ci import fake_github
from tests.ci.fake_github import FakeGitHub
from tests.ci.runs import PULL, pull_request_run, run_of
from tests.ci.step_runs import Checkout, check_out, executed, executes, passed
from tests.ci.workflow_files import steps

#: Steps that are one make target, and where that target is run otherwise: they take too long to be run once more.
COVERED = {
    "pull-request.yaml: Check style and types": ("make lint", ".ci/run"),
    "pull-request.yaml: Test": ("make test", ".ci/run"),
    "pull-request.yaml: Test with other real tools, and what takes long": ("make test-all", ".ci/run"),
    "pull-request.yaml: Test on a real control plane": ("make test-cluster-all", "most of it by .ci/run"),
    "pull-request.yaml: Judge the policies' fixtures": ("make policy-fixtures", "part of make test"),
    "pull-request.yaml: Spoil every policy; its fixtures must notice": (
        "make mutate-policies",
        "tests/policy/test_mutants.py",
    ),
    "prepare/action.yaml: Set up": ("make setup", "every other target"),
}
TEAM = "stacks/dev/teams/payments.yaml"
OLD, NEW = "active_hours_per_month: 220", "active_hours_per_month: 230"
TOKEN = {"github.token": fake_github.TOKEN}


def test_every_step_is_run_by_a_test_or_stands_for_a_target_that_is_run() -> None:
    known = executed | set(COVERED)
    assert {step.name for step in steps() if step.run} == known
    assert executed.isdisjoint(COVERED)


def test_two_steps_never_share_a_name() -> None:
    names = [step.name for step in steps() if step.run]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "target"), [(name, target) for name, (target, _) in COVERED.items()])
def test_a_step_that_is_not_run_is_its_target_and_nothing_else(name: str, target: str) -> None:
    [step] = [step for step in steps() if step.run and step.name == name]
    assert step.run == target
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"(?m)^{target.removeprefix('make ')}:", makefile)
    if COVERED[name][1] == ".ci/run":
        assert f"run {target}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The repository with one change of a team on top of its base."""
    made = check_out(tmp_path_factory.mktemp("checkout"))
    made.edit(TEAM, OLD, NEW)
    made.commit("payments works longer (#7)")
    return made


def preview(checkout: Checkout, env: str, backend: str = "", **variables: str) -> str:
    expressions = {"matrix.environment": env, "steps.cloud.outputs.backend": backend}
    return passed(checkout.run("pull-request.yaml: Preview", expressions, **variables))


def report(checkout: Checkout, github: FakeGitHub) -> None:
    environ = pull_request_run(checkout.temporary, github)
    name = "pull-request.yaml: Write comments, checks and summary"
    passed(checkout.run(name, TOKEN, **{key: value for key, value in environ.items() if key != "GITHUB_TOKEN"}))


def agreed(checkout: Checkout, github: FakeGitHub, accept: str = "") -> dict[str, str]:
    """What the first job of a merge hands to the others."""
    commit = checkout.git("rev-parse", "HEAD")
    github.pulls_of_commit[commit] = [{"number": PULL, "merged_at": "2026-11-26T08:00:00Z", "merge_commit_sha": commit}]
    environ = run_of(checkout.temporary, github, {}, GITHUB_SHA=commit)
    expressions = {**TOKEN, "inputs.accept": accept}
    passed(checkout.run("merge.yaml: Find what was agreed to", expressions, **environ))
    return checkout.output()


@pytest.mark.slow
@executes(
    "pull-request.yaml: Preview",
    "pull-request.yaml: Write comments, checks and summary",
    "merge.yaml: Find what was agreed to",
    "merge.yaml: Update dev",
    "drift.yaml: Compare the cloud with the state",
    "drift.yaml: Open, change or close the issues",
)
def test_from_a_pull_request_to_a_deployed_stack_and_a_night_of_drift(checkout: Checkout, github: FakeGitHub) -> None:
    """On a backend of its own, which is the sandbox's; the one who merges agreed to the report, and to that one only."""
    cloud = Instance(checkout.temporary / "cloud")
    change = checkout.git("rev-parse", "HEAD")
    checkout.git("checkout", "--quiet", "HEAD^1")
    environ = cloud.stack_environ(checkout.folder, "dev")
    up = [cloud.pulumi(), "up", "--yes", "--skip-preview", "--suppress-outputs", "--non-interactive", "--stack", "dev"]
    subprocess.run(up, cwd=checkout.folder, env=environ, check=True, capture_output=True)
    checkout.git("checkout", "--quiet", change)
    backend = environ["PULUMI_BACKEND_URL"]
    engine = {name: value for name, value in environ.items() if name.startswith(("PULUMI_", "SANDBOX_"))}

    preview(checkout, "dev", backend, **engine)
    report(checkout, github)
    [comment, missing] = github.comments[PULL]
    assert "payments/assistant" in comment["body"]
    assert "### prod: no preview" in missing["body"]
    assert [status["state"] for status in github.statuses] == ["success", "error"]
    twin = json.loads((checkout.temporary / "reports" / "preview-dev.json").read_text(encoding="utf-8"))
    assert github.statuses[0]["description"] == twin["title"]
    assert twin["title"].startswith("dev: +$")

    record = agreed(checkout, github)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d/[0-9a-f]{12}", record["dev"])
    expressions = {"needs.agreed.outputs.dev": record["dev"], "steps.cloud.outputs.backend": backend}
    passed(checkout.run("merge.yaml: Update dev", expressions, **engine))
    state = (cloud.state / ".pulumi" / "stacks" / "gemma-platform" / "dev.json").read_bytes()

    # the state has moved on, so what was agreed to is not what would happen now
    again = checkout.run("merge.yaml: Update dev", expressions, **engine)
    assert again.returncode != 0
    assert f"not those that were agreed to ({record['dev']})" in again.stderr
    accept = re.search(r"accept: (dev=\S+)", again.stderr)
    assert accept is not None
    assert accept.group(1) in checkout.summary()
    assert (cloud.state / ".pulumi" / "stacks" / "gemma-platform" / "dev.json").read_bytes() == state
    assert agreed(checkout, github, accept.group(1))["dev"] == accept.group(1).removeprefix("dev=")

    for gone, issues in ((False, []), (True, ["open"]), (False, ["closed"])):
        bucket = next((cloud.cloud / "gcp_storage_bucket_Bucket").glob("*.json*"))
        kept = checkout.temporary / "bucket.json"
        shutil.copy(bucket, kept)
        if gone:
            bucket.unlink()
        look = {"matrix.environment": "dev", "steps.cloud.outputs.backend": backend}
        passed(checkout.run("drift.yaml: Compare the cloud with the state", look, **engine))
        night = run_of(checkout.temporary, github, {})
        passed(checkout.run("drift.yaml: Open, change or close the issues", TOKEN, **night))
        shutil.copy(kept, bucket)
        assert [issue["state"] for issue in github.issues] == issues


@pytest.mark.slow
@executes("merge.yaml: Update prod")
def test_without_a_cloud_the_same_steps_compare_in_the_sandbox_and_update_nothing(
    checkout: Checkout, github: FakeGitHub
) -> None:
    preview(checkout, "prod")
    report(checkout, github)
    record = agreed(checkout, github)["prod"]
    expressions = {"needs.agreed.outputs.prod": record, "steps.cloud.outputs.backend": ""}
    assert "so nothing is updated" in passed(checkout.run("merge.yaml: Update prod", expressions))
    nobody = checkout.run("merge.yaml: Update prod", {**expressions, "needs.agreed.outputs.prod": ""})
    assert nobody.returncode != 0
    assert f"starts the workflow by hand with accept: prod={record}" in nobody.stderr


@executes("pull-request.yaml: Let everybody make network namespaces")
def test_afterwards_everybody_may_make_a_network_namespace(tmp_path: Path) -> None:
    passed(check_out(tmp_path).run("pull-request.yaml: Let everybody make network namespaces", {}))
    check_possible()


@executes("pull-request.yaml: All of them passed")
@pytest.mark.parametrize(
    ("results", "code"),
    [("success success", 0), ("success failure", 1), ("success skipped", 1), ("cancelled success", 1)],
)
def test_the_required_check_passes_only_when_every_job_did(tmp_path: Path, results: str, code: int) -> None:
    runner = Checkout(tmp_path, tmp_path)
    answer = runner.run("pull-request.yaml: All of them passed", {"join(needs.*.result, ' ')": results})
    assert answer.returncode == code


@pytest.mark.slow
@executes("cloud/action.yaml: Decide on an identity")
@pytest.mark.parametrize(
    ("environments", "role", "repository", "cloud"),
    [
        ("dev prod", "preview", "example/gemma-platform", "true"),
        ("", "preview", "example/gemma-platform", "false"),
        ("dev prod", "preview", "stranger/gemma-platform", "false"),
    ],
    ids=["own pull request", "no cloud yet", "fork"],
)
def test_who_a_job_is_in_the_cloud(tmp_path: Path, github: FakeGitHub, environments, role, repository, cloud) -> None:
    runner = Checkout(ROOT, tmp_path)
    expressions = {"inputs.environment": "prod", "inputs.role": role, "inputs.environments": environments}
    environ = pull_request_run(tmp_path, github, repository)
    passed(runner.run("cloud/action.yaml: Decide on an identity", expressions, **environ))
    output = runner.output()
    assert output["cloud"] == cloud
    assert bool(output["provider"] and output["account"] and output["backend"]) is (cloud == "true")


@pytest.mark.slow
@pytest.mark.tools
@executes("pins.yaml: Find newer versions")
def test_newer_versions_are_found_by_pip_and_go(tmp_path: Path) -> None:
    made = check_out(tmp_path)
    made.edit("requirements.txt", "semver==3.1.2", "semver==3.0.0")
    made.commit("an old pin")
    passed(made.run("pins.yaml: Find newer versions", {}))
    folder = made.temporary / "pins"
    assert "| semver | 3.0.0 |" in (folder / "body.md").read_text(encoding="utf-8")
    patch = (folder / "pins.patch").read_text(encoding="utf-8")
    assert "-semver==3.0.0" in patch
    assert made.git("status", "--porcelain"), "the files are changed where the patch was made"


@pytest.mark.slow
@executes("pins.yaml: Push the branch and open the pull request")
def test_new_pins_become_one_branch_and_one_pull_request(tmp_path: Path, github: FakeGitHub) -> None:
    made = check_out(tmp_path)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    made.git("remote", "add", "origin", str(remote))
    folder = made.temporary / "pins"
    folder.mkdir()
    (folder / "body.md").write_text("newer", encoding="utf-8")
    expressions = {**TOKEN, "github.event.repository.default_branch": "main"}
    environ = github.environ()
    name = "pins.yaml: Push the branch and open the pull request"

    (folder / "pins.patch").write_text("", encoding="utf-8")
    assert "nothing is newer" in passed(made.run(name, expressions, **environ))
    assert github.pulls == []

    for week in ("99.1", "99.2"):
        made.git("switch", "--quiet", "main")
        made.edit("requirements.txt", "semver==3.1.2", f"semver=={week}")
        (folder / "pins.patch").write_text(made.git("diff") + "\n", encoding="utf-8")
        made.git("checkout", "--quiet", "--", "requirements.txt")
        passed(made.run(name, expressions, **environ))
    [pull] = github.pulls
    assert (pull["head"], pull["base"]) == ("pins", "main")
    pushed = subprocess.run(
        ["git", "log", "-1", "--format=%an %s", "-p", "pins"], cwd=remote, check=True, capture_output=True, text=True
    ).stdout
    assert "github-actions[bot] Newer versions of what is pinned" in pushed
    assert "semver==99.2" in pushed
    assert "semver==99.1" not in pushed
