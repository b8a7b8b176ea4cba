"""The guides of docs/CONTRIBUTING.md work as they are written: a GPU, a model, a policy and a component are added by them.

All four are followed in one copy of the project, since a real tree gets one after the other too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.committed_files import ROOT
from tests.docs.documents import Block
from tests.docs.guides import guide_commands, step_of, steps
from tests.sandbox.harness import Sandbox, copy_tree

RULE = "policy/rules/no_scratch_buckets.py"
#: `make docs` runs first, and `make preview` in the sandbox.
COMMANDS = [words for words in guide_commands() if words[0] != "make"]


def test_every_step_can_be_done_in_the_tree_as_it_stands() -> None:
    found = steps()
    assert len({step.file for step in found}) >= 12
    assert [problem for step in found if (problem := step.problem(ROOT))] == []
    assert [words for words in guide_commands() if words[0] == "make"] == [["make", "docs"]] * 4 + [
        ["make", "preview", "ENV=dev"]
    ]


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("yaml file=Makefile", "x.md:1: Makefile is there already"),
        ("yaml file=nothing.yaml append", "there is no nothing.yaml"),
        ('yaml file=Makefile after="PYTHON ?= python4"', "has the line 'PYTHON ?= python4' 0 times"),
    ],
)
def test_a_step_that_cannot_be_done_is_told(info: str, message: str) -> None:
    assert message in (step_of(Block("x.md", 1, info, "a\n")).problem(ROOT) or "")


def test_a_block_that_says_more_than_it_may_is_no_step() -> None:
    with pytest.raises(ValueError, match="says more than"):
        step_of(Block("x.md", 1, "yaml file=a.yaml apend", "a\n"))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with all four examples, and what is generated of it."""
    root = tmp_path_factory.mktemp("project")
    copy_tree(ROOT, root)
    (root / ".venv").symlink_to(ROOT / ".venv")
    for step in steps():
        step.do(root)
    # set-up is that of the project
    run(root, "make", "-o", "setup", "docs")
    return root


def run(root: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_commands_of_the_guides_pass(followed: Path, words: list[str]) -> None:
    said = run(followed, *words)
    if "explain" in words:
        assert "fits" in said
        assert words[-1] if "--gpu" in words else words[words.index("--model") + 1] in said


@pytest.mark.slow
def test_the_pages_and_schemas_know_what_was_added(followed: Path) -> None:
    def text(file: str) -> str:
        return (followed / file).read_text(encoding="utf-8")

    assert "example-gpu" in text("docs/sizing-table.md")
    assert "example-model-it" in json.loads(text("stacks/team.schema.json"))["$defs"]["DeploymentWish"]["properties"][
        "model"
    ].get("examples", [])
    assert "the bucket is called 'scratch-1'" in text("docs/policies.md")
    assert "gemma-platform:index:ExampleTopic" in json.loads(text("components/schema.json"))["resources"]


@pytest.mark.slow
def test_what_was_written_is_in_the_style_of_the_project(followed: Path) -> None:
    written = sorted({step.file for step in steps() if step.file.endswith(".py")})
    run(followed, sys.executable, "-m", "ruff", "check", *written)
    run(followed, sys.executable, "-m", "ruff", "format", "--check", *written)


@pytest.mark.slow
def test_the_new_component_is_in_the_preview_of_dev(followed: Path, tmp_path: Path) -> None:
    sandbox = Sandbox.create(tmp_path, project=followed)
    created = {step.urn.rpartition("::")[0].rpartition("::")[2] for step in sandbox.steps() if step.name == "news"}
    assert {name.rpartition("$")[2] for name in created} == {
        "gemma-platform:index:ExampleTopic",
        "gcp:pubsub/topic:Topic",
    }


@pytest.mark.slow
def test_the_tests_of_the_guides_notice_a_rule_that_lets_everything_pass(followed: Path) -> None:
    path = followed / RULE
    good = path.read_text(encoding="utf-8")
    assert good.count("if not str(name)") == 1
    path.write_text(good.replace("if not str(name)", "if str(name) or not str(name)"), encoding="utf-8")
    try:
        with pytest.raises(AssertionError, match="no-scratch-buckets"):
            run(
                followed, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/policy/test_mutants.py"
            )
    finally:
        path.write_text(good, encoding="utf-8")
