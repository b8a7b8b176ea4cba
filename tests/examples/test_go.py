"""The Go example: the generated SDK compiles, its types refuse wrong arguments, and the program runs through the real engine."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from sandbox.progress import SetupError
from tests.examples.consumer import check_run, make_consumer
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.tools

#: Longer than a build of everything takes, and than one of the example alone.
BUILD_SECONDS = 900
DOWNLOADS = "go: downloading "

#: A change of the example that is wrong, and what the compiler says of it, which names the argument.
WRONG = {
    "misspelt": ("ContextTokens:          8192", "ContextToken: 8192", "unknown field ContextToken in struct literal"),
    "misspelt outside": ("Callers:      []", "Caller: []", "unknown field Caller in struct literal"),
    "wrong type": (
        "PeakConcurrentRequests: 4",
        'PeakConcurrentRequests: "4"',
        'cannot use "4" (untyped string constant)',
    ),
    "not an input": (
        'ServiceAccount: pulumi.String("models")',
        'ServiceAccount: "models"',
        "as pulumi.StringInput value",
    ),
}


@pytest.fixture(scope="module")
def go_settings() -> dict[str, str]:
    """The same build as of other Go programs of the tests, so that what they compiled is not compiled again."""
    return {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0", "GOFLAGS": "-trimpath -mod=readonly"}


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The example with the SDK beside it, as its go.mod wants it."""
    try:
        if shutil.which("go") is None:
            raise SetupError("Go is missing: these tests compile examples/go with it")
        return make_consumer(tmp_path_factory.mktemp("go"), "go", "go")
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)


def _go(consumer: Sandbox, settings: dict[str, str], *arguments: str) -> tuple[int, str]:
    """(exit code, what Go says) without the downloads that it tells of on a fresh machine."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=consumer.project,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines(keepends=True) if not line.startswith(DOWNLOADS)]
    return done.returncode, "".join(said)


def test_the_sdk_and_the_example_compile(consumer: Sandbox, go_settings: dict[str, str]) -> None:
    assert _go(consumer, go_settings, "build", "./...", "example.com/pulumi-gemma-platform/sdk/go/...") == (0, "")
    assert _go(consumer, go_settings, "vet", "./...") == (0, "")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_does_not_compile(consumer: Sandbox, go_settings: dict[str, str], name: str) -> None:
    old, new, says = WRONG[name]
    right = (consumer.project / "main.go").read_text(encoding="utf-8")
    consumer.edit("main.go", old, new)
    try:
        exit_code, said = _go(consumer, go_settings, "build", "-o", os.devnull, ".")
    finally:
        consumer.write("main.go", right)
    assert exit_code != 0
    assert says in said
    assert said.count("./main.go:") == 1, said


@pytest.fixture
def go_environment(go_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The language host compiles the program as the tests do."""
    for name, value in go_settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("go_environment")
def test_the_program_runs_and_makes_both_models(consumer: Sandbox) -> None:
    check_run(consumer)


@pytest.mark.usefixtures("go_environment")
def test_a_missing_argument_which_go_cannot_see_is_refused_by_name(consumer: Sandbox) -> None:
    consumer.edit("main.go", """Region:       "us-central1",\n""", "\n")
    preview = consumer.preview()
    assert preview.exit_code != 0
    assert "assistant: wrong arguments" in preview.output, preview.output
    assert "region" in preview.output
    assert "Traceback" not in preview.output
