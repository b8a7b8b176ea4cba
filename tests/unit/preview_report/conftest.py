"""What is deployed and what would be, planned once for all tests of the report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.preview_report.made import outputs_of, project_in

SUPPORT = "stacks/dev/teams/support.yaml"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The outputs of dev as it is committed."""
    return outputs_of(project_in(tmp_path_factory.mktemp("deployed")))


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same with more active hours of support and one more team."""
    project = project_in(tmp_path_factory.mktemp("planned"))
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    summary = {
        "name": "summary",
        "model": "gemma-4-e4b-it",
        "context_tokens": 8192,
        "peak_concurrent_requests": 8,
        "typical_tokens": 2000,
        "active_hours_per_month": 200,
        "runs_on": "gke",
    }
    return outputs_of(project.team("dev", "risk", summary))
