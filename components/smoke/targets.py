"""What is tested: the deployments of an environment, read from its stack's outputs. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.served_endpoint import CLOUD_RUN_IDENTITY, NO_AUTHENTICATION, TOKEN
from components.smoke.errors import WrongUseError

#: Environment variable with the token or key, so that it stands in no history and no list of processes.
TOKEN_VARIABLE = "GEMMA_TOKEN"  # noqa: S105 - its name, not the token
#: How names inside a cluster end.
CLUSTER_SUFFIX = ".svc.cluster.local"


class Target(BaseModel):
    """One deployment, as the outputs describe its endpoint; what else stands there is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    """`<team>/<deployment>`."""
    base_url: str = Field(pattern=r"^https?://[^/\s]+/v1$")
    health_url: str | None = Field(pattern=r"^https?://[^/\s]+/")
    model: str
    authentication: str = Field(pattern=f"^({NO_AUTHENTICATION}|{TOKEN}|{CLOUD_RUN_IDENTITY})$")
    reachable_from: str
    inputs: tuple[str, ...]
    expected_cold_start_seconds: int = Field(ge=0)
    mode: str
    """`Knative`, `Standard` or `cloud-run`."""
    paused: bool = False

    @property
    def team(self) -> str:
        """The team."""
        return self.key.partition("/")[0]

    @property
    def deployment(self) -> str:
        """Name within the team."""
        return self.key.partition("/")[2]

    @property
    def origin(self) -> str:
        """Scheme and host of the server."""
        return self.base_url.removesuffix("/v1")

    @property
    def host(self) -> str:
        """Host of the server, with its port where it has one."""
        return urlsplit(self.base_url).netloc


def targets_of(text: str, environment: str | None, team: str | None, deployment: str | None) -> list[Target]:
    """The deployments in `text`, outputs as `pulumi stack output --json` prints them, of one team or name where given.

    Raises WrongUseError, also where the outputs are another environment's.
    """
    outputs = _outputs(text)
    if environment is not None and outputs.get("environment") != environment:
        raise WrongUseError(f"these are the outputs of '{outputs.get('environment')}', not of '{environment}'")
    targets = [_target(key, entry) for key, entry in sorted(outputs["deployments"].items())]
    chosen = [t for t in targets if team in (None, t.team) and deployment in (None, t.deployment)]
    if not chosen:
        asked = " and ".join(f"{name} '{value}'" for name, value in (("team", team), ("name", deployment)) if value)
        known = ", ".join(t.key for t in targets) or "none"
        raise WrongUseError(f"no deployment {f'with {asked}' if asked else 'at all'}; there are: {known}")
    return chosen


def _outputs(text: str) -> Mapping[str, Any]:
    try:
        outputs = json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongUseError(f"the outputs are no JSON ({error}); `pulumi stack output --json` prints them") from None
    if not isinstance(outputs, dict) or not isinstance(outputs.get("deployments"), dict):
        raise WrongUseError(
            "the outputs have no `deployments`: is the stack up? `pulumi stack output --json` prints them"
        )
    return outputs


def _target(key: str, entry: Any) -> Target:
    if not isinstance(entry, dict):
        raise WrongUseError(f"deployments['{key}'] is no object; bring the stack up anew")
    try:
        return Target.model_validate({"key": key, **entry})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise WrongUseError(
            f"deployments['{key}'] does not describe an endpoint ({wrong}); bring the stack up anew"
        ) from None
