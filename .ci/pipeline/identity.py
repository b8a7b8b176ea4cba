"""As whom a job of GitHub Actions acts in the cloud, or that it does not: the settings say it, no copied variable.

A job acts in the cloud where the repository's variable CLOUD_ENVIRONMENTS names the environment, its settings have `github`, and
the run is not one of a pull request whose token may only read. That GitHub gives such a run no identity is GitHub's rule; asking
for none here only keeps the job from failing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline import names
from pipeline.errors import CiError
from pipeline.github.api import GitHubError
from pipeline.github.run import pull_request
from stacks.settings import EnvironmentSettings

VARIABLE = "CLOUD_ENVIRONMENTS"


@dataclass(frozen=True)
class Identity:
    """What the next steps of a job need; `why_not` says why they stay in the sandbox, and is empty where they do not."""

    provider: str = ""
    account: str = ""
    backend: str = ""
    why_not: str = ""

    @property
    def lines(self) -> list[str]:
        """For GITHUB_OUTPUT."""
        return [
            f"cloud={'false' if self.why_not else 'true'}",
            f"provider={self.provider}",
            f"account={self.account}",
            f"backend={self.backend}",
        ]


def identity_of(env: str, settings: EnvironmentSettings, role: names.Role, environ: Mapping[str, str]) -> Identity:
    """The identity for an environment in this run. Raises CiError for an event that cannot be read."""
    if env not in environ.get(VARIABLE, "").replace(",", " ").split():
        return Identity(why_not=f"the repository's variable {VARIABLE} does not name {env}")
    if settings.github is None:
        return Identity(why_not=f"Pulumi.{env}.yaml has no `github`, so there is no identity (docs/ci.md)")
    try:
        pull = pull_request(environ)
    except (GitHubError, KeyError) as error:
        raise CiError(f"the run's event: {error}") from None
    if pull is not None and pull.read_only:
        return Identity(
            why_not="the pull request comes from another repository or from Dependabot: no identity, no secrets"
        )
    if pull is not None and role != "preview":
        raise CiError("a pull request previews; it never acts as the deployer")
    state = names.state_names(settings)
    return Identity(names.provider(env, settings), names.account(env, settings, role), state.backend)
