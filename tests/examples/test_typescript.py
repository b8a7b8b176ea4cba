"""The TypeScript example: the generated SDK's types refuse wrong arguments, and the program runs through the real engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.paths import Layout
from sandbox.progress import SetupError, run_logged, step
from tests.examples.consumer import check_run, make_consumer
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.tools

#: Longer than the compiler takes.
CHECK_SECONDS = 180

#: A change of the example that is wrong, and what the compiler says of it: its error, and the argument's name.
WRONG = {
    "misspelt": ("contextTokens: 8192", "contextToken: 8192", "'contextToken' does not exist in type"),
    "misspelt_outside": ("callers: [", "caller: [", "'caller' does not exist in type 'CloudRunModelArgs'"),
    "wrong_type": (
        "peakConcurrentRequests: 4",
        'peakConcurrentRequests: "4"',
        "'string' is not assignable to type 'number'",
    ),
    "missing": ('region: "us-central1",\n    networkId', "networkId", "Property 'region' is missing in type"),
    "missing_inside": (
        'model: "gemma-4-e4b-it",\n        contextTokens: 8192',
        "contextTokens: 8192",
        "'model' is missing",
    ),
}


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The example with its packages, as the lock file pins them."""
    try:
        made = make_consumer(tmp_path_factory.mktemp("typescript"), "typescript", "nodejs")
        _install(Layout(), made.project)
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    return made


def _install(layout: Layout, program: Path) -> None:
    if shutil.which("npm") is None:
        raise SetupError("npm is missing: these tests need Node.js 22 or later with its npm")
    npm = ["npm", "--cache", layout.private / "tools" / "npm-cache", "--prefer-offline", "--no-audit", "--no-fund"]
    with step("installing the packages of examples/typescript (about a minute)"):
        # no package's own scripts are run but the SDK's, which compiles it
        run_logged(
            [*npm, "ci", "--ignore-scripts"], layout.logs / "npm-ci.log", doing="installing npm packages", cwd=program
        )
        run_logged(
            [*npm, "rebuild", "@pulumi/gemma-platform"],
            layout.logs / "npm-sdk.log",
            doing="compiling the SDK",
            cwd=program,
        )


def _compile(folder: Path) -> tuple[int, str]:
    """Exit code and words of the strict compiler on the programs that the folder's tsconfig.json lists."""
    command = [
        "npm",
        "exec",
        "--offline",
        "--",
        "tsc",
        "--strict",
        "--noEmit",
        "--pretty",
        "false",
        "--project",
        folder,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=CHECK_SECONDS)
    return done.returncode, done.stdout + done.stderr


def test_the_example_passes_the_strict_compiler(consumer: Sandbox) -> None:
    assert _compile(consumer.project) == (0, "")


@pytest.fixture(scope="module")
def refusals(consumer: Sandbox) -> list[str]:
    """The compiler's errors in all wrong programs, each of which is a file of its own."""
    right = (consumer.project / "index.ts").read_text(encoding="utf-8")
    wrong = consumer.project / "wrong"
    wrong.mkdir()
    for name, (old, new, _) in WRONG.items():
        assert right.count(old) == 1, f"{old!r} stands {right.count(old)} times in the example"
        (wrong / f"{name}.ts").write_text(right.replace(old, new), encoding="utf-8")
    settings = {"extends": "../tsconfig.json", "files": [f"{name}.ts" for name in WRONG]}
    (wrong / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    exit_code, said = _compile(wrong)
    assert exit_code != 0
    # an error begins at the margin with the file's name; the lines below it are indented
    return re.split(r"\n(?=\S)", said)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_refused_by_name(refusals: list[str], name: str) -> None:
    said = [line for line in refusals if line.startswith(f"{name}.ts(")]
    assert len(said) == 1, refusals
    assert WRONG[name][2] in said[0]


def test_the_program_runs_and_makes_both_models(consumer: Sandbox) -> None:
    check_run(consumer)


def test_what_the_types_cannot_see_is_refused_in_the_callers_words(consumer: Sandbox) -> None:
    consumer.edit("index.ts", "contextTokens: 8192", "contextTokens: 262144")
    preview = consumer.preview()
    assert preview.exit_code != 0
    assert "assistant: wrong arguments" in preview.output, preview.output
    assert "wish.contextTokens" in preview.output
    assert "Traceback" not in preview.output
