"""What an environment will consist of, decided before anything is registered: placements, pools, names, labels, warnings.

Pure: the composer (`platform.py`) turns the plan into components without deciding anything more. The same rules that the
policy pack runs on resources are run here on what the plan will declare, because no self-managed backend enforces a pack.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from components.google.registry_references import mirror_prefixes, mirrored
from components.labels import GOOGLE_KEYS, KUBERNETES_KEYS, Labels, make_labels
from components.naming import Scope, Service, cloud_name
from components.served_model import STREAM, ServedModelArgs, served_model, weights_folder, weights_place
from components.sizing.errors import SizingError
from components.sizing.legality import bugs_of
from components.sizing.placement import place
from components.sizing.record import SizingRecord
from policy.rules.required_labels import wrong_labels
from policy.rules.rule import Context
from policy.rules.vram_fit import Workload, judge
from stacks.environment import Environment, LoadedTeam
from stacks.pools import PlannedLadder, PlannedPool, Rungs, make_ladders, notes_of, rungs_of, warnings_of
from stacks.problems import Problem, SettingsError
from stacks.settings import EnvironmentSettings
from stacks.team_file import DeploymentWish

#: Days before `expires_on` from which a preview warns.
EXPIRY_WARNING_DAYS = 14


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """One deployment with its place, labels and what is served."""

    loaded: LoadedTeam
    wish: DeploymentWish
    record: SizingRecord
    labels: Labels
    model: ServedModelArgs
    rungs: Rungs | None
    revision: str

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
    def callers(self) -> list[str]:
        """IAM members that may call it: the team's group and the callers it names."""
        emails = [*([self.loaded.team.group] if self.loaded.team.group else []), *self.wish.callers]
        return list(dict.fromkeys(iam_member(email) for email in emails))


@dataclass(frozen=True, slots=True)
class Plan:
    """An environment, decided."""

    environment: Environment
    deployments: tuple[PlannedDeployment, ...]
    ladders: tuple[PlannedLadder, ...]
    shared_labels: Labels
    team_labels: dict[str, Labels]
    bucket: str
    #: Repository by registry that it mirrors; empty without mirrors.
    mirror_repositories: dict[str, str]
    warnings: tuple[str, ...]
    #: What the plan takes on trust; worth knowing, nothing to mend.
    notes: tuple[str, ...]

    @property
    def pools(self) -> tuple[PlannedPool, ...]:
        """All GPU node pools."""
        return tuple(pool for ladder in self.ladders for pool in ladder.pools)


def make_plan(environment: Environment, today: datetime.date) -> Plan:
    """Decides everything about an environment as of `today`.

    Raises SettingsError with every wish that cannot be served and every rule that the result would break.
    """
    settings, catalogue = environment.settings, environment.catalogue
    scope = Scope(settings.project, environment.name)
    supply, bucket = settings.supply(today), cloud_name(Service.BUCKET, scope, "models")
    repositories = _mirror_repositories(settings, scope)
    mirrors = mirror_prefixes(settings.project, settings.region, repositories)
    context = Context(settings.allow_tight, supply.allow_unknown, catalogue)
    problems: list[Problem] = []
    deployments: list[PlannedDeployment] = []
    for loaded in environment.teams:
        for index, wish in enumerate(loaded.team.deployments):
            if wish.expires_on is not None and wish.expires_on < today:
                problems.append(
                    _problem(loaded, index, f"expired on {wish.expires_on}; remove it or set a later day", "expires_on")
                )
            try:
                record = place(
                    wish.demand(loaded.team.team), supply, catalogue, f"model, context or concurrency in {loaded.file}"
                )
            except SizingError as error:
                problems.append(_problem(loaded, index, str(error), error.field))
                continue
            labels = make_labels(
                loaded.team.owner, loaded.team.cost_center, loaded.team.team, record.budget.config.model
            )
            try:
                revision = _revision(record, settings)
                image = mirrored(record.image, mirrors) if mirrors else record.image
            except ValueError as error:
                problems.append(_problem(loaded, index, str(error), None))
                continue
            folder = weights_folder(record.budget.config.checkpoint.id, revision)
            way = settings.cloud_run.weights if record.runs_on == "cloud-run" else STREAM
            model = served_model(record, weights_place(way, bucket, folder), image)
            rungs = rungs_of(record, supply, catalogue)
            planned = PlannedDeployment(loaded, wish, record, labels, model, rungs, revision)
            problems += [_problem(loaded, index, message, None) for message in _broken_rules(planned, context)]
            deployments.append(planned)
    ladders = make_ladders([(planned.rungs, planned.record) for planned in deployments if planned.rungs], supply)
    problems += _beyond_quota(deployments, ladders, environment)
    if problems:
        raise SettingsError(environment.name, problems)
    return Plan(
        environment=environment,
        deployments=tuple(deployments),
        ladders=tuple(ladders),
        shared_labels=make_labels(settings.owner, settings.cost_center),
        team_labels={
            loaded.team.team: make_labels(loaded.team.owner, loaded.team.cost_center, loaded.team.team)
            for loaded in environment.teams
        },
        bucket=bucket,
        mirror_repositories=repositories,
        warnings=(*_warnings(deployments, environment, today), *warnings_of(ladders)),
        notes=tuple(notes_of(ladders)),
    )


def _mirror_repositories(settings: EnvironmentSettings, scope: Scope) -> dict[str, str]:
    registries = settings.mirror.registries if settings.mirror else ()
    return {registry: cloud_name(Service.REPOSITORY, scope, registry.replace(".", "-")) for registry in registries}


def _revision(record: SizingRecord, settings: EnvironmentSettings) -> str:
    """The revision that is served. Raises ValueError where nobody has stated one: weights without one could be anything."""
    checkpoint = record.budget.config.checkpoint
    revision = settings.revisions.get(checkpoint.id) or checkpoint.revision
    if revision is None:
        raise ValueError(
            f"no revision of {checkpoint.id} is known: load it once (the loader prints its revision) and write that into "
            "`revisions` of the environment's settings"
        )
    return revision


def iam_member(email: str) -> str:
    """The IAM member that an e-mail address stands for: a service account, else a group."""
    return f"{'serviceAccount' if email.endswith('.gserviceaccount.com') else 'group'}:{email}"


def _problem(loaded: LoadedTeam, index: int, message: str, field: str | None) -> Problem:
    path: tuple[str | int, ...] = ("deployments", index)
    return loaded.problem(message, *path, *([field] if field else []))


def _broken_rules(planned: PlannedDeployment, context: Context) -> list[str]:
    """What the policies would say of the resources that this deployment becomes."""
    model = planned.model
    workload = Workload(
        subject=planned.key,
        image=model["image"],
        arguments=[*model["command"], *model["arguments"]],
        accelerator=model["accelerator"],
        gpu_count=model["accelerator_count"],
        annotations=model["annotations"],
    )
    labels = [
        *wrong_labels(planned.labels.kubernetes(), KUBERNETES_KEYS),
        *wrong_labels(planned.labels.google(), GOOGLE_KEYS),
    ]
    return [*judge(workload, context), *(f"the labels {wrong}" for wrong in labels)]


def _beyond_quota(
    deployments: list[PlannedDeployment], ladders: list[PlannedLadder], environment: Environment
) -> list[Problem]:
    """All deployments together, with the largest rollout of each ladder, may ask for more GPUs than the quota."""
    quota = environment.settings.quota
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    asking: dict[tuple[str, str], list[str]] = defaultdict(list)
    bought: dict[tuple[str, str], set[str]] = defaultdict(set)
    for ladder in ladders:
        wanted["gke", ladder.record.accelerator] += ladder.gpus
        bought["gke", ladder.record.accelerator] |= ladder.quota_kinds
    for planned in deployments:
        place = (planned.record.runs_on, planned.record.accelerator)
        if planned.pool is None:
            wanted[place] += planned.record.max_replicas * planned.record.gpu_count
        asking[place].append(planned.key)
    declared = {"gke": quota.gke, "cloud-run": quota.cloud_run}
    file = f"Pulumi.{environment.name}.yaml"
    return [
        Problem(
            file,
            None,
            f"quota.{runs_on.replace('-', '_')}.{accelerator}",
            f"{count} GPUs are needed at peak and during a rollout by {', '.join(asking[runs_on, accelerator])}, "
            f"{declared[runs_on].get(accelerator, 0)} are declared{_kinds(bought[runs_on, accelerator])}; "
            "ask Google for more, or lower a peak",
        )
        for (runs_on, accelerator), count in sorted(wanted.items())
        if count > declared[runs_on].get(accelerator, 0)
    ]


def _kinds(kinds: set[str]) -> str:
    """One number is declared for a GPU, but Google grants several where it is bought in several ways."""
    return f" ({' and '.join(sorted(kinds))} alike)" if len(kinds) > 1 else ""


def _warnings(deployments: list[PlannedDeployment], environment: Environment, today: datetime.date) -> list[str]:
    """What does not stop the update but should be read."""
    warnings = []
    for planned in deployments:
        end = planned.wish.expires_on
        if end is not None and end <= today + datetime.timedelta(days=EXPIRY_WARNING_DAYS):
            warnings.append(f"{planned.key} expires on {end}; previews fail after that day")
        if idle := [kind for kind in planned.wish.max_items if kind not in planned.wish.inputs]:
            warnings.append(
                f"{planned.key}: max_items for {', '.join(idle)} has no effect, since inputs does not list it"
            )
        for bug in bugs_of(planned.record.budget.config, environment.catalogue):
            warnings.append(f"{planned.key}: {bug.title} ({bug.issue or bug.id}); {bug.avoid}")
        if planned.record.runs_on == "gke" and planned.wish.callers:
            warnings.append(
                f"{planned.key} runs on GKE and is reached from inside the cluster only: callers have no effect there"
            )
    for allowance in environment.settings.allow_unknown:
        if allowance.expires <= today + datetime.timedelta(days=EXPIRY_WARNING_DAYS):
            warnings.append(f"allow_unknown for {allowance.deployment} ends on {allowance.expires}: {allowance.reason}")
    for loaded in environment.teams:
        if loaded.team.group and environment.settings.cluster.security_group is None:
            warnings.append(
                f"{loaded.team.team}: group has no rights in the cluster while cluster.security_group is not set"
            )
        costs = [p.record.usd_per_month for p in deployments if p.loaded is loaded]
        expected = sum(costs, Decimal(0))
        if expected > loaded.team.monthly_budget_usd:
            warnings.append(
                f"{loaded.team.team}: ${expected:,.2f} a month expected, above monthly_budget_usd "
                f"${loaded.team.monthly_budget_usd:,.2f} ({loaded.file})"
            )
    return warnings
