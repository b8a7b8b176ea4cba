"""The replacement alarm through the real engine: a cluster that would move stops the update until that is acknowledged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

import pytest

from policy.plan_check.report import Report, check_plan
from sandbox.plan_check import check_before_up, has_resources, preview_and_check
from stacks.environment import read_environment
from tests.sandbox.harness import Sandbox

NAMES = ("cluster", "cluster-system", "g2-standard-24-on-demand", "g2-standard-24-spot")


def acknowledge(names: Sequence[str], expires: str) -> str:
    row = "      - {{resource: {}, reason: the region has no GPUs left, expires: {}}}\n"
    return "    acknowledge:\n" + "".join(row.format(name, expires) for name in names)


def ask_alone(sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    """`python -m policy.plan_check` without a preview, as in CI."""
    command = [sys.executable, "-m", "policy.plan_check", "--env", "dev"]
    return subprocess.run(command, cwd=sandbox.project, env=sandbox.environ("dev"), capture_output=True, text=True)


@pytest.mark.slow
def test_a_cluster_that_moves_alarms_until_each_loss_is_acknowledged(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    def run(command: Sequence[str], environ: Mapping[str, str], output: IO[bytes] | None) -> int:
        return subprocess.run(command, cwd=sandbox.project, env=environ, stdout=output, stderr=output).returncode

    def preview_line() -> list[str]:
        return [sandbox.instance.pulumi(), "preview", "--stack", "dev", "--non-interactive", "--suppress-progress"]

    environ = sandbox.environ("dev")
    assert not has_resources(sandbox.instance, sandbox.project, "dev")
    up = sandbox.up("dev")
    assert up.exit_code == 0, up.output
    assert has_resources(sandbox.instance, sandbox.project, "dev")
    sandbox.edit("Pulumi.dev.yaml", "location: zonal", "location: regional")
    environ = sandbox.environ("dev")

    capfd.readouterr()
    assert check_before_up(run, [*preview_line(), "--yes"], environ, sandbox.project, "dev") == 1
    told = capfd.readouterr()
    assert "cluster 'cluster' would be replaced, because location changes from us-central1-a to us-central1" in told.err
    assert told.out == ""

    digest = sandbox.preview("dev", as_json=True).stdout

    def check() -> Report:
        environment, today = read_environment(sandbox.project, "dev")
        return check_plan(digest, environment.settings.acknowledgements, "dev", today)

    # the command by itself, which asks pulumi for the preview
    alone = ask_alone(sandbox)
    assert alone.returncode == 1, alone.stdout + alone.stderr
    assert "cluster 'cluster' would be replaced" in alone.stdout

    report = check()
    assert report.refused
    assert sorted(line.split("'")[1] for line in report.lines if line.startswith("replacement alarm: ")) == sorted(
        NAMES
    )

    program = (sandbox.project / "__main__.py").read_text(encoding="utf-8")
    settings = (sandbox.project / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    sandbox.write("Pulumi.dev.yaml", settings + acknowledge(NAMES, "2020-12-31"))
    assert check().refused
    sandbox.write("Pulumi.dev.yaml", settings + acknowledge(NAMES[:-1], "2999-12-31"))
    assert check().refused
    sandbox.write("Pulumi.dev.yaml", settings + acknowledge(NAMES, "2999-12-31"))
    assert not check().refused
    assert ask_alone(sandbox).returncode == 0
    sandbox.write("__main__.py", "raise SystemExit(1)\n")
    broken = ask_alone(sandbox)
    assert (broken.returncode, "the preview failed" in broken.stderr) == (2, True)
    sandbox.write("__main__.py", program)

    environ = sandbox.environ("dev")
    assert preview_and_check(run, preview_line(), environ, sandbox.project, "dev") == 0
    told = capfd.readouterr()
    assert "to replace" in told.out
    assert "acknowledged: cluster 'cluster'" in told.err
