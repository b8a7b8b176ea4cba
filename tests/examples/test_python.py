"""The Python example: the component classes themselves, in another team's program, previewed and brought up for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.paths import ROOT
from tests.examples.consumer import check_both_models
from tests.examples.running import run_example

pytestmark = pytest.mark.slow


def test_the_program_makes_both_models_that_comply_with_the_policies_and_stay_as_they_are(tmp_path: Path) -> None:
    example = run_example(tmp_path, "python")
    preview = example.preview("dev", "--policy-pack", str(ROOT / "policy"))
    assert preview.exit_code == 0, preview.output
    assert "[mandatory]" not in preview.output
    up = example.up()
    assert up.exit_code == 0, up.output
    check_both_models(example)
    again = example.preview(expect_no_changes=True)
    assert again.exit_code == 0, again.output
