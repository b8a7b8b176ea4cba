"""Reports of previews that go wrong, of another day, and of secrets, through the real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.paths import ROOT, Layout
from tests.preview_report.pull_requests import ENVIRONMENT, SUPPORT
from tests.preview_report.running import copy_of, report, run_with
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow

#: Two values of one secret, of which neither may be seen anywhere.
BEFORE, AFTER = "planted-value-one", "planted-value-two"
PROGRAM = """\
import pulumi
import pulumi_gcp as gcp

secret = pulumi.Output.secret("{word}")
gcp.storage.Bucket("kept", name="kept-1", location="US-CENTRAL1", labels={{"word": secret, "plain": "{plain}"}})
pulumi.export("word", secret)
pulumi.export("records", {{}})
pulumi.export("cost", {{"shared": {{}}}})
"""


@pytest.fixture
def with_a_secret(set_up: Layout, tmp_path: Path) -> Sandbox:
    """A small program with a secret in a resource and in its outputs, brought up."""
    source = tmp_path / "source"
    source.mkdir()
    runtime = "{name: python, options: {toolchain: pip, virtualenv: .venv}}"
    (source / "Pulumi.yaml").write_text(f"name: small\nruntime: {runtime}\n", encoding="utf-8")
    (source / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    (source / "__main__.py").write_text(PROGRAM.format(plain="one", word=BEFORE), encoding="utf-8")
    (source / "policy").symlink_to(ROOT / "policy", target_is_directory=True)
    for name in ("components", "stacks"):
        (source / name).symlink_to(ROOT / name, target_is_directory=True)
    sandbox = Sandbox.create(tmp_path, project=source, policy_pack=None)
    result = sandbox.up("dev")
    assert result.exit_code == 0, result.output
    return sandbox


def test_a_secret_is_seen_nowhere_in_a_report_of_its_change(with_a_secret: Sandbox) -> None:
    with_a_secret.write("__main__.py", PROGRAM.format(plain="two", word=AFTER))
    reported = report(with_a_secret, env="dev")
    everything = reported.markdown + json.dumps(reported.data) + reported.output
    assert "labels.plain: one" in reported.markdown, reported.output
    assert "labels.word: another secret" in reported.markdown
    assert BEFORE not in everything
    assert AFTER not in everything


def test_a_program_that_breaks_off_is_reported_with_its_error(base: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(base, tmp_path)
    sandbox.write("__main__.py", "raise RuntimeError('the program is broken')\n")
    reported = report(sandbox)
    assert reported.exit_code == 2, reported.output
    assert "### prod: not previewed, the engine could not preview it" in reported.markdown
    assert "RuntimeError: the program is broken" in reported.markdown
    assert "By team" not in reported.markdown


def test_another_day_is_that_of_program_and_policies(base: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(base, tmp_path)
    sandbox.edit(SUPPORT, "scale_to_zero: true", "scale_to_zero: true\n    expires_on: 2026-12-01")
    settings = (sandbox.project / "Pulumi.prod.yaml").read_bytes()
    reported = report(sandbox, "--today", "2026-12-02")
    assert reported.exit_code == 1, reported.output
    assert "expired on 2026-12-01" in reported.markdown
    assert f"{SUPPORT}:" in reported.markdown
    assert reported.data["inputs"]["date"] == "2026-12-02"
    assert (sandbox.project / "Pulumi.prod.yaml").read_bytes() == settings


def test_a_stack_that_does_not_exist_is_said_with_what_to_do(base: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(base, tmp_path)
    state = sandbox.instance.state / ".pulumi" / "stacks" / "gemma-platform" / f"{ENVIRONMENT}.json"
    environ = sandbox.environ(ENVIRONMENT)
    state.unlink()
    answer = run_with(sandbox, environ, "--env", ENVIRONMENT)
    assert answer.returncode == 2
    assert f"make the stack with `pulumi stack init {ENVIRONMENT}`" in answer.stderr
