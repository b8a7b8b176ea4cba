"""The Python example: the component classes themselves, in another team's program, previewed and brought up for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.consumer import check_compliance
from tests.examples.running import run_example

pytestmark = pytest.mark.slow


def test_the_program_makes_both_models_that_comply_with_the_policies_and_stay_as_they_are(tmp_path: Path) -> None:
    check_compliance(run_example(tmp_path, "python"))
