"""One deployment of a plan: from a team's wish to what is served where, in an environment. Pure.

Owns what the environment adds: its settings, its team, its ladder of node pools, and who may call. How a wish becomes a model is
`components/planned_model.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from components.google.registry_references import mirrored
from components.kubernetes.inference_service import make_template
from components.planned_model import Operation, Ownership, PlannedModel, plan_model
from components.revisions import DIGEST, revision_digest
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Supply
from components.wish import DeploymentWish
from stacks.environment import LoadedTeam
from stacks.pools import Rungs, rungs_of
from stacks.settings import EnvironmentSettings


@dataclass(frozen=True, slots=True)
class PlannedDeployment(PlannedModel):
    """One deployment with its team, its place, labels and what is served."""

    loaded: LoadedTeam
    rungs: Rungs | None

    @property
    def pool(self) -> str | None:
        """Name of the ladder of node pools that it runs on; None on Cloud Run."""
        return self.rungs.name if self.rungs else None

    @property
    def callers(self) -> list[str]:
        """IAM members that may call it: the team's group and the callers it names."""
        return [iam_member(email) for email in self.caller_emails]

    @property
    def caller_emails(self) -> list[str]:
        """The team's group and the callers it names."""
        emails = [*([self.loaded.team.group] if self.loaded.team.group else []), *self.wish.callers]
        return list(dict.fromkeys(emails))

    @property
    def published(self) -> dict[str, Any]:
        """The sizing record as plain data, with a digest of all that makes a new revision."""
        return {**self.plain_record, DIGEST: revision_digest(self._template())}

    def _template(self) -> dict[str, Any]:
        """All that makes a new revision; account and priority are told apart here, and named elsewhere."""
        if self.pool is not None:
            labels = self.labels.kubernetes()
            return make_template(self.wish.name, self.model, self.pool, "models", labels, self.wish.workload)
        kept = {key: value for key, value in self.model.items() if key not in ("canary_percent", "paused")}
        return {"model": kept, "labels": self.labels.google()}


def plan_deployment(
    loaded: LoadedTeam,
    wish: DeploymentWish,
    settings: EnvironmentSettings,
    supply: Supply,
    catalogue: Catalogue,
    bucket: str,
    mirrors: dict[str, str],
) -> PlannedDeployment:
    """Decides everything about one wish.

    Raises SizingError where it cannot be placed, and ValueError for what stands in the way of serving it, prices that nobody
    knows included.
    """
    team = loaded.team
    operation = Operation(
        bucket=bucket,
        where=f"model, context or concurrency in {loaded.file}",
        where_revisions="`revisions` of the environment's settings",
        weights_on_cloud_run=settings.cloud_run.weights,
        revisions=settings.revisions,
        image=partial(_image, settings=settings, mirrors=mirrors),
        expected_share=settings.cost.expected_share,
    )
    planned = plan_model(wish, Ownership(team.team, team.owner, team.cost_center), supply, catalogue, operation)
    decided = {each.name: getattr(planned, each.name) for each in fields(planned)}
    return PlannedDeployment(**decided, loaded=loaded, rungs=rungs_of(planned.record, supply, catalogue))


def _image(reference: str, settings: EnvironmentSettings, mirrors: dict[str, str]) -> str:
    """Where the engine's image is pulled from, by its digest where the settings name that of this release."""
    digest = settings.image_digests.get(reference)
    return (mirrored(reference, mirrors) if mirrors else reference) + (f"@{digest}" if digest else "")


def iam_member(email: str) -> str:
    """The IAM member that an e-mail address stands for: a service account, else a group."""
    return f"{'serviceAccount' if email.endswith('.gserviceaccount.com') else 'group'}:{email}"
