"""checkov over every Kubernetes object that dev and prod declare, and over the pods that KServe makes of them.

It judges what the objects say, by the rules of its release; what a chart renders is not among them. What fails on purpose is in
`tests/checkov_waivers.yaml`.
"""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from sandbox.paths import Layout
from tests.kubernetes_api.declared import ENVIRONMENTS, graph_of, manifests_of
from tests.kubernetes_api.pods import with_pods
from tests.tools.checkov_program import Failed, checkov, failed_checks
from tests.tools.waivers import FILE, Waiver, not_waived, read_waivers, unused

pytestmark = pytest.mark.tools

WAIVERS = read_waivers(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def program() -> Path:
    return checkov(Layout())


@pytest.fixture(scope="module")
def failed(program: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Failed]]:
    """What checkov finds in each environment."""
    return {
        env: failed_checks(program, with_pods(manifests_of(graph_of(env))), tmp_path_factory.mktemp(env))
        for env in ENVIRONMENTS
    }


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_no_object_fails_a_check_that_is_not_waived(failed: dict[str, list[Failed]], env: str) -> None:
    assert not_waived(failed[env], WAIVERS) == []


def test_every_waiver_is_still_needed(failed: dict[str, list[Failed]]) -> None:
    assert unused(WAIVERS, [one for found in failed.values() for one in found]) == []


def test_a_privileged_engine_fails(program: Path, tmp_path: Path) -> None:
    pods = [pod for pod in with_pods(manifests_of(graph_of("prod"))) if pod["kind"] == "Pod"]
    pod = copy.deepcopy(pods[0])
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    pod["spec"]["hostNetwork"] = True
    assert {"CKV_K8S_16", "CKV_K8S_19"} <= {
        one.check for one in not_waived(failed_checks(program, [pod], tmp_path), WAIVERS)
    }


def test_a_waiver_covers_its_check_and_its_resources_only() -> None:
    waiver = Waiver("CKV_K8S_43", "Pod.team-*.*", "the reason")
    assert waiver.covers(Failed("CKV_K8S_43", "Pod.team-payments.assistant", ""))
    others = [
        Failed("CKV_K8S_16", "Pod.team-payments.assistant", ""),
        Failed("CKV_K8S_43", "Pod.gemma-ingress.opa", ""),
    ]
    assert not_waived(others, [waiver]) == others
    assert unused([waiver], others) == [waiver]


@pytest.mark.parametrize(
    "text",
    [
        "- {check: CKV_K8S_43, resources: '*'}",
        "- {check: CKV_K8S_43, resources: '*', reason: later}",
        "- {check: CKV_K8S_43, resource: '*', reason: a reason in many words}",
    ],
)
def test_a_waiver_without_its_resources_or_a_reason_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a waiver needs"):
        read_waivers(text)
