"""One deployment of a plan: from a team's wish to what is served where, under which limits and address. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.cost.plan.deployment_cost import DeploymentCost, deployment_cost
from components.cost.plan.published_cost import KEY as COST
from components.cost.plan.published_cost import published_cost
from components.google.registry_references import mirrored
from components.kubernetes.inference_service import KNATIVE, STANDARD, make_template
from components.labels import Labels, make_labels
from components.served_model import STREAM, ServedModelArgs, served_model, weights_folder, weights_place
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Supply
from components.sizing.extra_checkpoints import extra_checkpoints
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.record import SizingRecord
from components.sizing.speed import longest_generation_seconds
from components.time_limits import TimeLimits, time_limits
from components.weights_way import probe_seconds, start_seconds, weights_way
from stacks.environment import LoadedTeam
from stacks.pools import Rungs, rungs_of
from stacks.reloads import DIGEST, revision_digest
from stacks.settings import EnvironmentSettings
from stacks.team_file import DeploymentWish


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """One deployment with its place, labels and what is served."""

    loaded: LoadedTeam
    wish: DeploymentWish
    record: SizingRecord
    cost: DeploymentCost
    labels: Labels
    model: ServedModelArgs
    limits: TimeLimits
    rungs: Rungs | None
    revision: str
    #: Where the engine reads its weights, and its drafter if it has one; how it reads the former.
    weights: str
    weights_way: str
    drafter: str | None
    #: (id, revision) of the checkpoints that must be in the bucket: its own, and the drafter's.
    loads: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """`<team>/<deployment>`."""
        return self.record.demand.key

    @property
    def checkpoint(self) -> str:
        """Id of the checkpoint that it serves."""
        return self.record.budget.config.checkpoint.id

    @property
    def pool(self) -> str | None:
        """Name of the ladder of node pools that it runs on; None on Cloud Run."""
        return self.rungs.name if self.rungs else None

    @property
    def standard_mode(self) -> bool:
        """True on GKE without Knative."""
        return self.pool is not None and self.model["mode"] == STANDARD

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
        """The sizing record as plain data, with what the platform adds to it: how it is served, within which limits, and what a
        month of it is expected to cost (`cost`; the record's own `usd_per_month` is what placement compared).
        """
        return {
            **published(self.record, self.weights, self.drafter),
            "image": self.model["image"],  # where it is pulled from, which may be a mirror
            "mode": "cloud-run" if self.pool is None else self.model["mode"],
            COST: published_cost(self.cost),
            DIGEST: revision_digest(self._template()),
            "seconds": {
                "longest_generation": self.limits.longest_generation,
                "request": self.limits.request,
                "startup": self.limits.startup,
                "startup_probe": self.limits.startup_probe,
                "progress_deadline": self.limits.progress_deadline,
                "cold_start": self.limits.cold_start,
            },
        }

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
    record = place(wish.demand(loaded.team.team), supply, catalogue, f"model, context or concurrency in {loaded.file}")
    checkpoint = record.budget.config.checkpoint
    revision = revision_of(checkpoint.id, checkpoint.revision, settings)
    mode = mode_of(wish)
    _check_canary(wish, record, mode)
    _check_adapters(wish, loaded.team.team)
    way = weights_way(record, settings.cloud_run.weights)
    weights = weights_place(way, bucket, weights_folder(checkpoint.id, revision))
    extras = extra_checkpoints(record, catalogue)
    drafters = [(e.id, revision_of(e.id, e.revision, settings)) for e in extras if e.kind == "drafter"]
    drafter = weights_place(STREAM, bucket, weights_folder(*drafters[0])) if drafters else None
    limits = limits_of(record, way)
    return PlannedDeployment(
        loaded=loaded,
        wish=wish,
        record=record,
        cost=deployment_cost(record, catalogue, settings.cost.expected_share, paused=wish.paused),
        labels=make_labels(loaded.team.owner, loaded.team.cost_center, loaded.team.team, record.budget.config.model),
        model=served_model(
            record,
            weights,
            limits,
            mode=mode,
            bucket_name=bucket,
            drafter=drafter,
            reads=sorted({extra.id for extra in extras}),
            image=_image(record.image, settings, mirrors),
            paused=wish.paused,
            canary_percent=wish.canary_percent,
        ),
        limits=limits,
        rungs=rungs_of(record, supply, catalogue),
        revision=revision,
        weights=weights,
        weights_way=way,
        drafter=drafter,
        loads=((checkpoint.id, revision), *drafters),
    )


def _image(reference: str, settings: EnvironmentSettings, mirrors: dict[str, str]) -> str:
    """Where the engine's image is pulled from, by its digest where the settings name that of this release."""
    digest = settings.image_digests.get(reference)
    return (mirrored(reference, mirrors) if mirrors else reference) + (f"@{digest}" if digest else "")


def mode_of(wish: DeploymentWish) -> str:
    """Standard where the team states a goal for latency or wants no cold start: there KEDA scales by the time that requests
    queue. Knative for all else, since it alone scales to zero and holds requests meanwhile."""
    goals = wish.first_token_ms is not None or wish.tokens_per_second is not None
    return STANDARD if not wish.scale_to_zero and (goals or wish.max_cold_start_seconds == 0) else KNATIVE


def limits_of(record: SizingRecord, way: str) -> TimeLimits:
    """The time limits of a deployment whose weights are read in that way."""
    return time_limits(
        longest_generation_seconds(record),
        start_seconds(record, way),
        probe_seconds(record, way),
        from_zero=record.min_replicas == 0,
        new_node=record.runs_on == "gke",
    )


def revision_of(checkpoint: str, known: str | None, settings: EnvironmentSettings) -> str:
    """The revision that is served; `known` is the catalogue's.

    Raises ValueError where nobody has stated one: weights without one could be anything.
    """
    revision = settings.revisions.get(checkpoint) or known
    if revision is None:
        raise ValueError(
            f"no revision of {checkpoint} is known: load it once (the loader prints its revision) and write that into "
            "`revisions` of the environment's settings"
        )
    return revision


def iam_member(email: str) -> str:
    """The IAM member that an e-mail address stands for: a service account, else a group."""
    return f"{'serviceAccount' if email.endswith('.gserviceaccount.com') else 'group'}:{email}"


def _check_canary(wish: DeploymentWish, record: SizingRecord, mode: str) -> None:
    """Traffic is split by Knative or by Cloud Run; in Standard mode nothing stands before the pods that could."""
    if wish.canary_percent is None:
        return
    if record.runs_on == "cloud-run":
        if wish.stable_revision is None:
            raise ValueError(
                "canary_percent on Cloud Run needs stable_revision, the revision that keeps the rest "
                "(`gcloud run revisions list --service <service>` names them)"
            )
    elif mode == STANDARD:
        raise ValueError(
            "canary_percent needs Knative's traffic split, which a deployment with a goal for latency or cold starts does not "
            "have; drop the goal, or try the change in a second deployment"
        )


def _check_adapters(wish: DeploymentWish, team: str) -> None:
    """A team reads its own adapters only: whatever it names here its identity may read."""
    for adapter in wish.adapters:
        if not adapter.source.startswith(f"adapters/{team}/"):
            raise ValueError(
                f"adapters: source of '{adapter.name}' is '{adapter.source}'; adapters of this team lie below adapters/{team}/"
            )
