"""The GitLab pipeline of docs/ci.md runs what exists here: make targets with their variables, and every environment."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from pipeline.engine import environments
from sandbox.paths import ROOT

#: Keywords of a pipeline file that are no jobs (docs.gitlab.com/ci/yaml, 2026).
GLOBAL = {"default", "include", "stages", "variables", "workflow", "spec"}


@cache
def pipeline() -> dict[str, Any]:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8").partition("## GitLab")[2]
    [block] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return yaml.safe_load(block)


def jobs() -> dict[str, dict[str, Any]]:
    return {name: job for name, job in pipeline().items() if name not in GLOBAL and not name.startswith(".")}


def scripts() -> list[str]:
    return [*pipeline()["default"]["before_script"], *(line for job in jobs().values() for line in job["script"])]


@pytest.mark.parametrize("line", scripts())
def test_every_line_is_a_make_target_with_variables_that_it_reads(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    program, target, *variables = line.split()
    assert program == "make"
    found = re.search(rf"(?m)^{target}:.*\n((?:\t.*\n)*)", makefile)
    assert found, target
    for variable in variables:
        assert f"$({variable.partition('=')[0]})" in found.group(1), variable


def test_every_job_belongs_to_a_stage() -> None:
    assert {job["stage"] for job in jobs().values()} == set(pipeline()["stages"])


def test_every_environment_is_previewed_and_updated_one_at_a_time() -> None:
    [matrix] = jobs()["preview"]["parallel"]["matrix"]
    assert matrix == {"ENVIRONMENT": environments()}
    for env in environments():
        job = jobs()[f"update-{env}"]
        assert (job["environment"], job["resource_group"], job["interruptible"]) == (env, f"stack-{env}", False)
        assert any(f"ENV={env} " in line for line in job["script"])
    assert jobs()["update-prod"]["rules"][0]["when"] == "manual"


def test_it_checks_what_github_checks() -> None:
    github = yaml.safe_load((ROOT / ".github" / "workflows" / "pull-request.yaml").read_text(encoding="utf-8"))
    checks = {name: github["jobs"][name]["steps"][-1]["run"] for name in ("lint", "test", "tools", "cluster")}
    assert {name: jobs()[name]["script"][0] for name in checks} == checks
