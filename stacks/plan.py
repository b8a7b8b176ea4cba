"""What an environment will consist of, decided before anything is registered: placements, pools, names, labels, warnings.

Pure: the composer (`platform.py`) turns the plan into components without deciding anything more. The same rules that the
policy pack runs on resources are run here on what the plan will declare, because no self-managed backend enforces a pack.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass

from components.labels import GOOGLE_KEYS, KUBERNETES_KEYS, Labels, make_labels
from components.naming import Scope, Service, cloud_name
from components.sizing.errors import SizingError
from policy.environment import standards_of
from policy.judging import Standards, judge_findings, stopping
from policy.rules import required_labels, vram_fit
from policy.rules.required_labels import wrong_labels
from policy.rules.rule import Finding
from policy.rules.workload import Workload
from stacks.environment import Environment, LoadedTeam
from stacks.installed_images import digest_problems, digest_warnings
from stacks.mirrors import image_mirrors, mirror_repositories
from stacks.network_room import network_problems
from stacks.plan_warnings import warnings_about
from stacks.planned_deployment import PlannedDeployment, plan_deployment
from stacks.pools import PlannedLadder, PlannedPool, make_ladders, notes_of, warnings_of
from stacks.problems import Problem, SettingsError


@dataclass(frozen=True, slots=True)
class Plan:
    """An environment, decided."""

    environment: Environment
    #: The day as of which it was made.
    today: datetime.date
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
    mirrors = image_mirrors(settings, environment.name)
    standards = standards_of(environment, today, environment.waivers)
    problems: list[Problem] = []
    deployments: list[PlannedDeployment] = []
    for loaded in environment.teams:
        for index, wish in enumerate(loaded.team.deployments):
            if wish.expires_on is not None and wish.expires_on < today:
                problems.append(
                    _problem(loaded, index, f"expired on {wish.expires_on}; remove it or set a later day", "expires_on")
                )
            try:
                planned = plan_deployment(loaded, wish, settings, supply, catalogue, bucket, mirrors)
            except SizingError as error:
                problems.append(_problem(loaded, index, str(error), error.field))
                continue
            except ValueError as error:
                problems.append(_problem(loaded, index, str(error), None))
                continue
            problems += [_problem(loaded, index, message, None) for message in _broken_rules(planned, standards)]
            deployments.append(planned)
    ladders = make_ladders([(planned.rungs, planned.record) for planned in deployments if planned.rungs], supply)
    problems += network_problems(environment, ladders)
    problems += digest_problems(environment)
    problems += _beyond_quota(deployments, ladders, environment)
    if problems:
        raise SettingsError(environment.name, problems)
    return Plan(
        environment=environment,
        today=today,
        deployments=tuple(deployments),
        ladders=tuple(ladders),
        shared_labels=make_labels(settings.owner, settings.cost_center),
        team_labels={
            loaded.team.team: make_labels(loaded.team.owner, loaded.team.cost_center, loaded.team.team)
            for loaded in environment.teams
        },
        bucket=bucket,
        mirror_repositories=mirror_repositories(settings, environment.name),
        warnings=(
            *warnings_about(deployments, environment, today),
            *digest_warnings(environment),
            *warnings_of(ladders),
        ),
        notes=tuple(notes_of(ladders)),
    )


def _problem(loaded: LoadedTeam, index: int, message: str, field: str | None) -> Problem:
    path: tuple[str | int, ...] = ("deployments", index)
    return loaded.problem(message, *path, *([field] if field else []))


def _broken_rules(planned: PlannedDeployment, standards: Standards) -> list[str]:
    """What the policies would stop of the resources that this deployment becomes, waivers counted."""
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
        Finding(f"the labels {wrong}")
        for wrong in (
            *wrong_labels(planned.labels.kubernetes(), KUBERNETES_KEYS),
            *wrong_labels(planned.labels.google(), GOOGLE_KEYS),
        )
    ]
    fit = vram_fit.findings_of(workload, standards.context, planned.key)
    names = (planned.key,)
    return stopping(
        [
            *judge_findings(vram_fit.RULE, fit, names, standards),
            *judge_findings(required_labels.RULE, labels, names, standards),
        ]
    )


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
