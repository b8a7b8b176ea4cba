"""Names of identities are those that the stack declares, and a run acts in the cloud only where all three conditions hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import names
from pipeline.errors import CiError
from pipeline.identity import identity_of
from sandbox.paths import ROOT
from stacks.environment import read_environment
from stacks.settings import EnvironmentSettings
from tests.ci.fake_github import FakeGitHub
from tests.ci.runs import pull_request_run


@pytest.fixture(scope="module")
def settings() -> EnvironmentSettings:
    return read_environment(ROOT, "prod")[0].settings


@pytest.fixture
def pull(tmp_path: Path) -> dict[str, str]:
    return pull_request_run(tmp_path, FakeGitHub(), CLOUD_ENVIRONMENTS="dev, prod")


def test_the_accounts_are_those_of_the_stack(settings: EnvironmentSettings) -> None:
    # the page is generated from what the stack declares
    page = (ROOT / "docs" / "google.md").read_text(encoding="utf-8")
    for role in ("preview", "deployer"):
        account = names.account("prod", settings, role)
        assert f"service account `{account}`" in page


def test_the_provider_is_the_one_of_the_stack(settings: EnvironmentSettings) -> None:
    foundation = (ROOT / "stacks" / "foundation.py").read_text(encoding="utf-8")
    assert 'pool_id=cloud_name(Service.IDENTITY_POOL, self.scope, "github")' in foundation
    component = (ROOT / "components" / "google" / "github_federation.py").read_text(encoding="utf-8")
    assert 'workload_identity_pool_provider_id="github"' in component
    number = settings.project_number
    wanted = f"projects/{number}/locations/global/workloadIdentityPools/gemma-prod-github/providers/github"
    assert names.provider("prod", settings) == wanted


def test_a_pull_request_of_this_repository_reads(settings: EnvironmentSettings, pull: dict[str, str]) -> None:
    found = identity_of("prod", settings, "preview", pull)
    assert found.lines[0] == "cloud=true"
    assert "-preview@" in found.account


def test_a_pull_request_never_acts_as_the_deployer(settings: EnvironmentSettings, pull: dict[str, str]) -> None:
    with pytest.raises(CiError, match="never acts as the deployer"):
        identity_of("prod", settings, "deployer", pull)


def test_a_fork_gets_no_identity_whatever_it_asks_for(settings: EnvironmentSettings, tmp_path: Path) -> None:
    fork = pull_request_run(tmp_path, FakeGitHub(), "stranger/gemma-platform", CLOUD_ENVIRONMENTS="prod")
    for role in ("preview", "deployer"):
        found = identity_of("prod", settings, role, fork)
        assert found.lines == ["cloud=false", "provider=", "account=", "backend="]


@pytest.mark.parametrize("variable", ["", "dev", "production"])
def test_an_environment_that_the_variable_does_not_name_stays_in_the_sandbox(settings, pull, variable: str) -> None:
    assert identity_of("prod", settings, "preview", {**pull, "CLOUD_ENVIRONMENTS": variable}).why_not


def test_settings_without_an_identity_stay_in_the_sandbox(settings: EnvironmentSettings, pull: dict[str, str]) -> None:
    without = settings.model_copy(update={"github": None})
    assert "Pulumi.prod.yaml has no `github`" in identity_of("prod", without, "preview", pull).why_not


def test_an_event_that_cannot_be_read_is_an_error_and_not_the_sandbox(settings, pull, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{", encoding="utf-8")
    with pytest.raises(CiError, match="the run's event: GITHUB_EVENT_PATH"):
        identity_of("prod", settings, "preview", pull)
