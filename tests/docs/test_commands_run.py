"""What documents tell people to run is run: what only reads as it is documented, and an environment's life in the sandbox.

Every command of this project that a document shows is in one of the two tables; a new one fails the first test.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.paths import Layout
from tests.committed_files import ROOT
from tests.docs.block_kinds import FOLLOWED
from tests.docs.command_lines import FILLED_IN
from tests.docs.documented_commands import documented_commands, name_of, needs_arguments
from tests.docs.programs import make_targets
from tests.sandbox.harness import copy_tree
from tests.unit.cost.test_changes import outputs
from tests.unit.cost.trees import Project

CASE = {"variant": "31B", "tp": 1, "kv_dtype": "fp8", "block_size": 32, "max_model_len": 2048}
CASE |= {"max_num_batched_tokens": 16384, "async_scheduling": True, "available_bytes": 2**35}
DEPLOYMENT = {
    "id": "a",
    "model": "gemma-4-26B-A4B FP8",
    "quantization": "FP8",
    "gpu": "L40S",
    "gpu_count": 1,
    "engine_version": "vLLM 0.25.1",
    "tensor_parallel_size": 1,
    "max_model_len": 32768,
    "gpu_memory_utilization": 0.92,
    "max_num_seqs": 64,
}


@dataclass(frozen=True)
class Run:
    """How a documented command is run: what it has to say, what stands for its placeholders, and what it reads."""

    says: str
    stands_for: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""


#: Commands that read, or write into this project's folder: they are run in a copy of it.
RUN = {
    "components.cost": Run("break-even"),
    "components.cost break-even": Run("a month"),
    "components.cost monitoring": Run("", {"FOLDER": "out", "DIR": "out"}),
    "components.cost plan": Run("expected", {"FILE": "outputs.json"}),
    "components.sizing": Run("calibrate"),
    "components.sizing explain": Run("spare", {"FILE": "stacks/dev/teams/payments.yaml"}),
    "components.sizing impact": Run("0.25.1 to 0.33.0"),
    "components.sizing kv": Run("tokens", stdin=json.dumps(CASE)),
    "components.sizing predict": Run("", stdin=json.dumps(DEPLOYMENT)),
    "components.sizing table": Run(""),
    "sandbox": Run("preview"),
}
#: Commands that need more than that: the test that gives it to them, and how the command is called there.
ELSEWHERE = {
    "components.cost check-opencost": ("tests/unit/cost/test_opencost_check.py", "check-opencost"),
    "components.cost prices": ("tests/unit/cost/test_prices_command.py", '"prices"'),
    "components.cost report": ("tests/tools/test_prometheus_report.py", '"report"'),
    "components.sizing calibrate": ("tests/unit/sizing/test_calibration.py", "APP.command()(calibrate)"),
    "components.smoke": ("tests/tools/test_smoke.py", "components.smoke"),
    "components.preview_report": ("tests/unit/preview_report/test_command.py", "preview_report"),
    "components.schema_check": ("tests/unit/components/test_package_schema.py", "schema_check"),
    "policy audit": ("tests/policy/test_audit.py", "policy.audit.command"),
    "policy.google_label_fields": ("tests/unit/test_structure.py", "policy.google_label_fields"),
    "policy.plan_check": ("tests/sandbox/test_plan_check.py", "policy.plan_check"),
    "stacks.image_digests": ("tests/unit/stacks/test_image_digests.py", "stacks.image_digests"),
    "stacks check": ("tests/unit/stacks/test_new_check.py", '"check"'),
    "stacks new-deployment": ("tests/unit/stacks/test_new_team.py", "new-deployment"),
    "stacks new-team": ("tests/unit/stacks/test_new_team.py", "new-team"),
    "tests.preview_report.update": ("tests/preview_report/test_pull_requests.py", "tests.preview_report.update"),
    # each step of the workflows is run by tests/ci/test_steps.py
    "make ci-deploy": (".github/workflows/merge.yaml", "make ci-deploy"),
    "make ci-drift": (".github/workflows/drift.yaml", "make ci-drift"),
    "make ci-pins": (".github/workflows/pins.yaml", "make ci-pins"),
    "make ci-preview": (".github/workflows/pull-request.yaml", "make ci-preview"),
    "make cluster": ("tests/cluster/test_commands.py", '"cluster"'),
    "make cluster-down": ("tests/cluster/test_commands.py", '"cluster-down"'),
    "make cluster-shell": ("tests/cluster/test_commands.py", '"cluster-shell"'),
    "make test-cluster": (".ci/run", "make test-cluster"),
    "make test-cluster-all": (".github/workflows/pull-request.yaml", "make test-cluster-all"),
    "make demo": (".ci/run", "make demo"),
    "make lint": (".ci/run", "make lint"),
    "make test": (".ci/run", "make test"),
    "make test-all": (".ci/run", "make test-all"),
    "make mutate-policies": ("tests/policy/test_mutants.py", "tests.policy.mutate"),
    "make docs": ("tests/unit/test_structure.py", "make docs"),
    "make preview-report": ("tests/preview_report/test_sandbox_report.py", "sandbox.report"),
    "make release": ("tests/unit/test_release.py", "release("),
    "make setup": ("tests/sandbox/test_setup.py", "sandbox.setup"),
    # measures for minutes, and tells nothing that is right or wrong
    "make bench": ("tests/bench/__main__.py", "make bench"),
    "make bench-cluster": ("tests/bench/cluster_scale.py", "make bench-cluster"),
}
#: An environment's life by the Makefile, in the order in which `test_an_environment_lives_by_the_makefile` runs it.
LIFE = (
    "make preview",
    "make up",
    "make refresh",
    "make sandbox-shell",
    "make destroy",
    "sandbox preview",
    "sandbox reset",
)
CLEAN = "make clean"


def test_every_command_of_the_documents_is_run_by_a_test() -> None:
    known = {*RUN, *ELSEWHERE, *LIFE, CLEAN}
    shown = {name_of(words): place for words, place in documented_commands().items()}
    untested = {name: place for name, place in shown.items() if name not in known}
    assert not untested, f"add each to a table of tests/docs/test_commands_run.py: {untested}"
    assert known - shown.keys() == set(), "no document shows these any more"


@pytest.mark.parametrize(("test", "called"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_run_elsewhere_is_called_there(test: str, called: str) -> None:
    assert called in (ROOT / test).read_text(encoding="utf-8")


def test_clean_removes_only_what_git_ignores() -> None:
    removed = make_targets()["clean"].split()[2:]
    assert removed
    for name in removed:
        asked = subprocess.run(["git", "check-ignore", "--quiet", f"{name}/x"], cwd=ROOT)
        assert asked.returncode == 0, f"make clean removes {name}, which git does not ignore"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with the outputs of prod as it would be deployed."""
    folder = tmp_path_factory.mktemp("project")
    copy_tree(ROOT, folder)
    environments = Project(tmp_path_factory.mktemp("environments"))
    (folder / "outputs.json").write_text(json.dumps(outputs(environments.cost("prod"))), encoding="utf-8")
    return folder


#: Those of the guides are run where their files are (test_contributing.py).
READING = [words for words, place in documented_commands().items() if name_of(words) in RUN and FOLLOWED not in place]


@pytest.mark.slow
@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_command_that_reads_does_what_is_documented(copy: Path, words: tuple[str, ...]) -> None:
    run = RUN[name_of(words)]
    arguments = [run.stands_for.get(word, word) for word in words[1:]]
    assert FILLED_IN not in arguments
    # a sentence that names a command without what it needs does not call it
    named_only = not arguments or (" ".join(words) == name_of(words) and needs_arguments(words))
    done = subprocess.run(
        [str(Layout().python), "-m", words[0], *(["--help"] if named_only else arguments)],
        cwd=copy,
        input=run.stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert (done.stdout + done.stderr).strip()
    assert run.says in done.stdout or named_only


@pytest.mark.slow
def test_an_environment_lives_by_the_makefile(tmp_path: Path) -> None:
    environment = {**os.environ, "SANDBOX_INSTANCE": str(tmp_path / "instance"), "SHELL": "/bin/sh"}

    def run(*command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    assert " created" in run("make", "up", "ENV=dev")
    # which is `python -m sandbox preview`
    assert "unchanged" in run("make", "preview", "ENV=dev")
    assert "unchanged" in run("make", "refresh", "ENV=dev")
    assert "payments" in run("make", "sandbox-shell", stdin="pulumi stack --show-urns\n")
    assert " deleted" in run("make", "destroy", "ENV=dev")
    assert "removed" in run(str(Layout().python), "-m", "sandbox", "reset")
