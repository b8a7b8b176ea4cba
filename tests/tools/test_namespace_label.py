"""A team's namespace cannot be taken out of the policies' sight: a change that drops its label is refused.

Judged by the API server's own evaluator, since Kyverno's command line has no objects of before a change.
"""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.team_namespace import TEAM_LABEL
from policy.rules.pod_hardening import RULE, UNMARKED
from policy.rules.rule import Context
from tests.tools.api_server_policy import refusals

pytestmark = pytest.mark.tools


def namespace(**labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "team-a", "labels": labels}}


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (namespace(**{TEAM_LABEL: "a"}), namespace(**{TEAM_LABEL: "a"}), False),
        (namespace(**{TEAM_LABEL: "a"}), namespace(), True),
        (namespace(**{TEAM_LABEL: "a"}), {"metadata": {"name": "team-a"}}, True),
        (namespace(**{TEAM_LABEL: "a"}), namespace(team="a"), True),
        (namespace(), namespace(), False),
    ],
)
def test_a_namespace_keeps_the_label_of_its_team(before: dict[str, Any], after: dict[str, Any], refused: bool) -> None:
    (policy,) = [one for one in RULE.admission(Context()) if one.name == "pod-hardening-namespaces"]
    (keeps,) = [one for one in policy.validations if one.message == f"{UNMARKED}."]
    spec = {
        "failurePolicy": "Fail",
        "matchConditions": [{"name": name, "expression": expression} for name, expression in policy.match_conditions],
        "validations": [{"expression": keeps.expression, "message": keeps.message}],
    }
    (said,) = refusals(spec, [{"object": after, "oldObject": before, "verbs": [], "dryRun": False}])
    assert said == ([f"deny: {UNMARKED}."] if refused else [])
