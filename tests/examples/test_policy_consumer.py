"""The policy pack on another team's stack: the example complies, and what README.md shows is refused in the words it quotes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.paths import ROOT
from tests.sandbox.harness import Sandbox

EXAMPLE = ROOT / "examples" / "policy-consumer"

pytestmark = pytest.mark.slow


@pytest.fixture
def consumer(tmp_path: Path) -> Sandbox:
    return Sandbox.create(tmp_path, project=EXAMPLE, policy_pack=str(ROOT / "policy"))


def test_the_example_complies_with_the_pack(consumer: Sandbox) -> None:
    result = consumer.preview()
    assert result.exit_code == 0, result.output
    assert "gemma-platform@v" in result.output
    assert "[mandatory]" not in result.output


def test_the_violation_that_its_readme_shows_is_refused_as_it_says(consumer: Sandbox) -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"Take the line `(.+)` out", readme)
    (quoted,) = re.findall(r"```\n(documents: .+)\n```", readme)
    consumer.edit("__main__.py", f"    {line}\n", "")
    result = consumer.preview()
    assert result.exit_code != 0
    assert re.search(r"\[mandatory\].*  private-by-default  \(gcp:storage:Bucket: documents\)", result.output)
    assert quoted in result.output
    assert consumer.up().exit_code != 0
    assert not any(resource["type"] == "gcp:storage/bucket:Bucket" for resource in consumer.resources())
