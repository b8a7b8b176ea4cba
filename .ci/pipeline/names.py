"""Names in the cloud that stand before there is a stack: identities of a CI and the place of the state. Pure.

The identities are those that the stack declares (components/google/github_federation.py); the bucket and the key are those that
`.ci/bootstrap-state` makes, which no stack can, since its own state lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.naming import Scope, Service, cloud_name
from stacks.settings import EnvironmentSettings

Role = Literal["preview", "deployer"]
#: Of the key ring and of its one key.
KEY_NAME = "pulumi-state"


@dataclass(frozen=True, slots=True)
class StateNames:
    """Where the state of one environment lies: a bucket and a key in the environment's own project and region."""

    project: str
    region: str

    @property
    def bucket(self) -> str:
        """Unique in the whole world, since projects are."""
        return f"{self.project}-pulumi-state"

    @property
    def backend(self) -> str:
        """For `pulumi login` and PULUMI_BACKEND_URL."""
        return f"gs://{self.bucket}"

    @property
    def secrets_provider(self) -> str:
        """For `pulumi stack init --secrets-provider`."""
        parts = ("projects", self.project, "locations", self.region, "keyRings", KEY_NAME, "cryptoKeys", KEY_NAME)
        return f"gcpkms://{'/'.join(parts)}"


def state_names(settings: EnvironmentSettings) -> StateNames:
    """Where the state of an environment lies."""
    return StateNames(settings.project, settings.region)


def account(env: str, settings: EnvironmentSettings, role: Role) -> str:
    """The service account that jobs of the repository may become."""
    account_id = cloud_name(Service.SERVICE_ACCOUNT, Scope(settings.project, env), role)
    return f"{account_id}@{settings.project}.iam.gserviceaccount.com"


def provider(env: str, settings: EnvironmentSettings) -> str:
    """Full name of the workload identity provider that knows the repository."""
    pool = cloud_name(Service.IDENTITY_POOL, Scope(settings.project, env), "github")
    return f"projects/{settings.project_number}/locations/global/workloadIdentityPools/{pool}/providers/github"
