"""What an environment will consist of, decided before anything is registered: placements, pools, names, labels, warnings.

Pure: the composer (`platform.py`) turns the plan into components without deciding anything more. The same rules that the
policy pack runs on resources are run here on what the plan will declare, because no self-managed backend enforces a pack.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from components.labels import GOOGLE_KEYS, KUBERNETES_KEYS, Labels, make_labels
from components.naming import Scope, Service, cloud_name
from components.served_model import ServedModelArgs, served_model, weights_uri
from components.sizing.errors import SizingError
from components.sizing.legality import bugs_of
from components.sizing.placement import place
from components.sizing.record import SizingRecord
from policy.rules.required_labels import wrong_labels
from policy.rules.rule import Context
from policy.rules.vram_fit import Workload, judge
from stacks.environment import Environment, LoadedTeam
from stacks.problems import Problem, SettingsError
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
        """Key of the node pool that it runs on; None on Cloud Run."""
        return pool_key(self.record)

    @property
    def callers(self) -> list[str]:
        """IAM members that may call it: the team's group and the callers it names."""
        emails = [*([self.loaded.team.group] if self.loaded.team.group else []), *self.wish.callers]
        return list(dict.fromkeys(iam_member(email) for email in emails))


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """One GPU node pool and the deployments that share it, a node a replica.

    `max_nodes` holds all of them at peak and, beside that, the largest rollout: a new revision starts its minimum replicas
    before the old ones go, so without room for it no change would ever come up.
    """

    key: str
    record: SizingRecord
    zones: tuple[str, ...]
    max_nodes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An environment, decided."""

    environment: Environment
    deployments: tuple[PlannedDeployment, ...]
    pools: tuple[PlannedPool, ...]
    shared_labels: Labels
    team_labels: dict[str, Labels]
    bucket: str
    warnings: tuple[str, ...]
    #: What the plan takes on trust; worth knowing, nothing to mend.
    notes: tuple[str, ...]


def make_plan(environment: Environment, today: datetime.date) -> Plan:
    """Decides everything about an environment as of `today`.

    Raises SettingsError with every wish that cannot be served and every rule that the result would break.
    """
    settings, catalogue = environment.settings, environment.catalogue
    scope = Scope(settings.project, environment.name)
    supply, bucket = settings.supply(today), cloud_name(Service.BUCKET, scope, "models")
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
            model = served_model(record, weights_uri(bucket, record.budget.config.checkpoint.id))
            planned = PlannedDeployment(loaded, wish, record, labels, model)
            context = Context(settings.allow_tight, supply.allow_unknown, catalogue)
            problems += [_problem(loaded, index, message, None) for message in _broken_rules(planned, context)]
            deployments.append(planned)
    pools = _pools(deployments)
    problems += _beyond_quota(deployments, pools, environment)
    if problems:
        raise SettingsError(environment.name, problems)
    return Plan(
        environment=environment,
        deployments=tuple(deployments),
        pools=tuple(pools),
        shared_labels=make_labels(settings.owner, settings.cost_center),
        team_labels={
            loaded.team.team: make_labels(loaded.team.owner, loaded.team.cost_center, loaded.team.team)
            for loaded in environment.teams
        },
        bucket=bucket,
        warnings=tuple(_warnings(deployments, environment, today)),
        notes=tuple(_notes(pools)),
    )


def pool_key(record: SizingRecord) -> str | None:
    """Key of the pool for a record: one pool a machine type and purchase option (and reservation)."""
    if record.machine_type is None:
        return None
    key = f"{record.machine_type}-{record.purchase_option}"
    return f"{key}-{record.reservation}" if record.reservation else key


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


def _pools(deployments: list[PlannedDeployment]) -> list[PlannedPool]:
    grouped: dict[str, list[SizingRecord]] = defaultdict(list)
    for planned in deployments:
        if planned.pool is not None:
            grouped[planned.pool].append(planned.record)
    return [
        PlannedPool(
            key=key,
            record=records[0],
            zones=records[0].zones,
            max_nodes=sum(_nodes(r, r.max_replicas) for r in records)
            + max(_nodes(r, max(1, r.min_replicas)) for r in records),
        )
        for key, records in sorted(grouped.items())
    ]


def _nodes(record: SizingRecord, replicas: int) -> int:
    """Machines that hold so many replicas of a deployment."""
    return -(-replicas // record.replicas_per_host)


def _beyond_quota(
    deployments: list[PlannedDeployment], pools: list[PlannedPool], environment: Environment
) -> list[Problem]:
    """All deployments together, with the largest rollout of each pool, may ask for more GPUs than the quota."""
    quota = environment.settings.quota
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    asking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for pool in pools:
        wanted["gke", pool.record.accelerator] += pool.max_nodes * pool.record.gpus_of_host
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
            f"{declared[runs_on].get(accelerator, 0)} are declared; ask Google for more, or lower a peak",
        )
        for (runs_on, accelerator), count in sorted(wanted.items())
        if count > declared[runs_on].get(accelerator, 0)
    ]


def _notes(pools: list[PlannedPool]) -> list[str]:
    """GPUs of which the catalogue knows the region only, so that the zones of the settings are taken as they are."""
    trusted = {pool.record.accelerator: pool.zones for pool in pools if not pool.record.zones_known}
    return [
        f"{accelerator}: the catalogue knows its regions only; the zones of the settings are trusted ({', '.join(zones)})"
        for accelerator, zones in sorted(trusted.items())
    ]


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
