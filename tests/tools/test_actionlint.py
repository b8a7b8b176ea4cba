"""The workflows are what GitHub reads: actionlint, which knows its syntax, contexts and event types, finds nothing in them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.paths import ROOT, Layout
from sandbox.progress import SetupError
from sandbox.upstream.go_programs import go_program

pytestmark = pytest.mark.tools

MODULE = "github.com/rhysd/actionlint/cmd/actionlint"
SOURCE = Path(__file__).parent / "actionlint"


@pytest.fixture(scope="module")
def actionlint() -> Path:
    try:
        return go_program(Layout(), SOURCE, MODULE)
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with our workflows, which refer to actions beside them."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    (tmp_path / ".git").mkdir()
    return tmp_path


def problems(actionlint: Path, project: Path) -> list[str]:
    # without the linters of shell and Python that may be installed: the result must not depend on the machine
    command = [actionlint, "-no-color", "-oneline", "-shellcheck=", "-pyflakes="]
    return subprocess.run(command, cwd=project, capture_output=True, text=True).stdout.splitlines()


def test_nothing_is_wrong_with_the_workflows(actionlint: Path, project: Path) -> None:
    assert problems(actionlint, project) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("permissions: {}", "permissions: {content: read}", "unknown permission scope"),
        ("needs: preview", "needs: previews", "needs job"),
        ("matrix.environment", "matrix.environ", "is not defined"),
        ("steps.cloud.outputs.backend", "steps.clouds.outputs.backend", "is not defined"),
        ("role: preview", "rôle: preview", "is not defined in action"),
        ("BASE=HEAD^1", "BASE=${{ github.event.pull_request.title }}", "potentially untrusted"),
    ],
    ids=["permission", "job", "matrix", "step", "input", "injection"],
)
def test_what_is_broken_is_found(actionlint: Path, project: Path, old: str, new: str, said: str) -> None:
    file = project / ".github" / "workflows" / "pull-request.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert said in "\n".join(problems(actionlint, project))
