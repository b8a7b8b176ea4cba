"""The command around the checks: whose outputs, which deployments, what is refused beforehand, and what is printed."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from components.served_endpoint import make_endpoint
from components.smoke import questions
from tests.tools.smoke_recorded import RecordedEngine, Reply
from tests.unit.smoke.calling import HOST, KEY, endpoint, run, run_text

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "tok-" + "Abc1" * 6


def test_the_table_shows_each_row_with_its_time_to_first_token(engine: RecordedEngine) -> None:
    # what a server says is no markup
    engine.replies["health"] = Reply("[bold]", 500)
    engine.replies["chat"] = Reply(str(engine.replies["chat"].body).replace("The sea", "[red]"))
    result = run({KEY: endpoint(engine.url, inputs=["text"])})
    assert result.code == 1
    lines = [[cell.strip() for cell in line.split("│")] for line in result.out.splitlines() if line.startswith("│")]
    rows = {cells[2]: cells for cells in lines}
    assert rows["health"][1] == KEY
    assert rows["health"][3] == "failed"
    assert "'[red] is wide" in rows["chat completion"][6]
    assert f"\n{KEY}, health: expected 200, came 500 with '[bold]'\n" in result.out
    assert float(rows["streaming"][5]) <= float(rows["streaming"][4])
    assert rows["chat completion"][5] == ""
    assert result.out.splitlines()[-1] == "4 passed, 1 failed, 3 skipped"


def test_all_deployments_are_tried_and_one_failure_counts(engine: RecordedEngine) -> None:
    bad = endpoint(engine.url, model="other")
    result = run({KEY: endpoint(engine.url), "risk/assistant": bad}, "--json")
    assert result.code == 1
    by_deployment = {
        key: [row["result"] for row in json.loads(result.out)["rows"] if row["deployment"] == key]
        for key in (KEY, "risk/assistant")
    }
    assert "failed" not in by_deployment[KEY]
    assert "failed" in by_deployment["risk/assistant"]
    assert json.loads(result.out)["passed"] is False


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(("--team", "risk"), {"risk/assistant", "risk/review"}), (("--deployment", "assistant"), {KEY, "risk/assistant"})],
)
def test_only_the_named_ones_are_tried(engine: RecordedEngine, arguments: tuple[str, ...], expected: set[str]) -> None:
    three = {key: endpoint(engine.url) for key in (KEY, "risk/assistant", "risk/review")}
    result = run(three, "--json", *arguments)
    assert {row["deployment"] for row in json.loads(result.out)["rows"]} == expected


def test_an_endpoint_as_the_components_describe_it_is_understood() -> None:
    described = make_endpoint(
        f"http://{HOST}",
        "assistant",
        authentication="token",
        reachable_from="pods of the cluster",
        inputs=["text"],
        expected_cold_start_seconds=480,
    )
    result = run({KEY: {**described, "mode": "Knative"}})
    assert result.code == 2
    assert f"{KEY} asks for authentication" in result.err


WRONG: dict[str, tuple[str, tuple[str, ...], str | None, str]] = {
    "no JSON": ("Current stack outputs (3):", (), None, "the outputs are no JSON"),
    "no deployments": ('{"environment": "dev"}', (), None, "the outputs have no `deployments`: is the stack up?"),
    "an old stack": (
        json.dumps({"deployments": {KEY: {"endpoint": "http://x", "model": "gemma"}}}),
        (),
        None,
        f"deployments['{KEY}'] does not describe an endpoint (base_url: Field required;",
    ),
    "no such team": (
        json.dumps({"deployments": {KEY: endpoint("http://127.0.0.1:1")}}),
        ("--team", "risk"),
        None,
        f"no deployment with team 'risk'; there are: {KEY}",
    ),
    "another environment": (
        json.dumps({"environment": "prod", "deployments": {}}),
        ("--env", "dev"),
        None,
        "these are the outputs of 'prod', not of 'dev'",
    ),
    "no token": (
        json.dumps({"deployments": {KEY: endpoint("https://x.example.com", authentication="cloud-run-identity")}}),
        (),
        None,
        "set GEMMA_TOKEN to $(gcloud auth print-identity-token)",
    ),
    "a broken token": (
        json.dumps({"deployments": {KEY: endpoint("https://x.example.com", authentication="token")}}),
        (),
        "two words",
        "GEMMA_TOKEN: holds blanks",
    ),
    "a token over plain HTTP": (
        json.dumps({"deployments": {KEY: endpoint("http://models.example.com", authentication="token")}}),
        (),
        TOKEN,
        "http://models.example.com: the token would travel unencrypted; use https",
    ),
    "a path in via": (
        json.dumps({"deployments": {KEY: endpoint("http://127.0.0.1:1")}}),
        ("--via", "http://127.0.0.1:8080/v1"),
        None,
        "--via http://127.0.0.1:8080/v1: must be an address without a path",
    ),
}


@pytest.mark.parametrize(("text", "arguments", "token", "says"), WRONG.values(), ids=WRONG)
def test_wrong_use_ends_with_2_and_says_what_to_do(
    text: str, arguments: tuple[str, ...], token: str | None, says: str
) -> None:
    result = run_text(text, *arguments, token=token)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert TOKEN not in result.err


class TestWithoutOutputs:
    def call(self, monkeypatch: pytest.MonkeyPatch, folder: Path, script: str | None) -> tuple[int, str, str]:
        """The command with a `pulumi` of this test, or with none."""
        if script is not None:
            program = folder / "pulumi"
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(folder))
        result = run_text("", "--env", "dev", "--json", asks_pulumi=True)
        return result.code, result.out, result.err

    def test_the_stack_of_that_name_is_asked_in_the_projects_folder(
        self, engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        answer = json.dumps({"environment": "dev", "deployments": {KEY: endpoint(engine.url)}})
        code, out, err = self.call(monkeypatch, tmp_path, f"echo $(pwd) $* > {tmp_path}/asked; echo '{answer}'")
        assert code == 0, out + err
        asked = (tmp_path / "asked").read_text(encoding="utf-8")
        assert asked.strip() == f"{ROOT} stack output --json --stack dev --non-interactive"

    def test_a_missing_pulumi_is_named_with_the_other_way(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        code, _, err = self.call(monkeypatch, tmp_path, None)
        assert code == 2
        assert "there is no `pulumi` on the PATH; install it, or give its outputs" in err

    def test_what_pulumi_complains_of_is_passed_on(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        code, _, err = self.call(monkeypatch, tmp_path, "echo 'error: no stack named dev found' >&2; exit 255")
        assert code == 2
        assert "failed: 'error: no stack named dev found'; log in with `pulumi login`" in err

    def test_and_without_environment_nothing_is_asked(self) -> None:
        result = run_text("", asks_pulumi=True)
        assert result.code == 2
        assert "name the environment with --env" in result.err


def test_the_picture_is_a_png_that_others_can_read() -> None:
    picture = Image.open(io.BytesIO(questions.picture()))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (64, 64), "RGB")
    assert picture.getcolors() == [(64 * 64, (230, 0, 0))]


def test_answers_are_short_since_they_cost_a_gpu() -> None:
    asked = [questions.question("m"), questions.streamed_question("m"), questions.image_question("m")]
    assert all(body["max_completion_tokens"] <= 16 for body in asked)
