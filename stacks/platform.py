"""The composer: turns a plan into components and wires them. Declares no cloud resource itself and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

from components.google.cloud_run_model import CloudRunModel, CloudRunModelArgs
from components.google.cluster import Cluster, ClusterArgs
from components.google.google_apis import GoogleApis, GoogleApisArgs, block_of
from components.google.gpu_node_pool import GpuNodePool, GpuNodePoolArgs
from components.google.network import Network, NetworkArgs
from components.google.preflight import run_preflight
from components.kubernetes.compute_class import ComputeClass, ComputeClassArgs
from components.kubernetes.engine_pod import PLATFORM_ACCELERATOR_LABEL, POOL_LABEL
from components.kubernetes.gateway_policies import HEALTH_PORT
from components.kubernetes.gemma_deployment import GemmaDeployment, GemmaDeploymentArgs
from components.kubernetes.priority_classes import BATCH, INTERACTIVE
from components.kubernetes.team import Team, TeamArgs
from components.kubernetes.team_namespace import BASELINE, RESTRICTED
from components.kubernetes.team_quota import TeamWorkload
from components.labels import PRICE_CLASS
from components.naming import Scope, Service, cloud_name
from components.served_model import restricted_user
from stacks.cluster_lifetime import goes_with
from stacks.cost_monitoring import monitor_costs
from stacks.cost_notes import PreviewCost
from stacks.deployed import deployed_outputs
from stacks.endpoints import endpoint_on_gke
from stacks.environment import LoadedTeam
from stacks.foundation import Foundation
from stacks.governance import govern
from stacks.ingress import Ingress
from stacks.node_prices import class_of_pool, class_of_system_nodes, node_prices
from stacks.plan import Plan, PlannedDeployment
from stacks.pools import PlannedLadder, PlannedPool
from stacks.problems import Problem, SettingsError
from stacks.quota_asks import asks_of
from stacks.reloads import reload_notes
from stacks.serving import Serving
from stacks.team_guard import TeamGuard
from stacks.weights import Weights


class Platform:
    """All components of one environment, registered on construction."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.settings = plan.environment.settings
        self.name = plan.environment.name
        self.cost = PreviewCost(plan)
        #: What is published of each deployment.
        self.records = {planned.key: planned.published for planned in plan.deployments}
        self.node_prices = node_prices(plan) if self.settings.cost_monitoring.enabled else {}
        for warning in plan.warnings:
            pulumi.log.warn(warning)
        for note in plan.notes:
            pulumi.log.info(note)
        # explicit, so that project and region stand in the settings alone
        self.google = gcp.Provider("google", project=self.settings.project, region=self.settings.region)
        self._preflight()
        self._tell_changes()
        self.foundation = Foundation(plan, self.google)
        self.network = self._network()
        self.google_apis = self._google_apis()
        self.weights = Weights(plan, self.foundation, self.network)
        self.cluster = self._cluster()
        self.pools = {pool.key: self._pool(ladder, pool) for ladder in plan.ladders for pool in ladder.pools}
        self.kubernetes = k8s.Provider(
            "gke",
            kubeconfig=self.cluster.kubeconfig,
            # a sizing record changes in place, since there must be no moment without it
            enable_config_map_mutable=True,
        )
        self.serving = Serving(plan, self._on_cluster(self.cluster))
        self.ingress = Ingress(plan, self.serving, self.network, self._on_google(), self._on_cluster(self.cluster))
        monitor_costs(
            plan,
            self.serving,
            self._cloud_name(Service.CLUSTER),
            self.node_prices,
            self._on_cluster(self.cluster),
        )
        # objects of teams come once the rules judge them
        self.governance = govern(plan, self.serving, self._on_cluster(self.cluster))
        self.nodes = {ladder.name: self._nodes(ladder) for ladder in plan.ladders}
        self.teams = {loaded.team.team: self._team(loaded) for loaded in plan.environment.teams}
        deployments = {planned.key: self._deployment(planned) for planned in plan.deployments}
        self.endpoints = {key: deployment.endpoint for key, deployment in deployments.items()}
        for loaded in plan.environment.teams:
            self._guard(loaded, deployments)

    def outputs(self) -> dict[str, Any]:
        """Stack outputs: plain data for people, reports and other stacks."""
        return {
            "environment": self.name,
            "deployments": {planned.key: self._described(planned) for planned in self.plan.deployments},
            "dns_records": self.ingress.dns_records,
            "records": self.records,
            "price_classes": {name: str(price) for name, price in sorted(self.node_prices.items())},
            **self.cost.outputs,
        }

    def _described(self, planned: PlannedDeployment) -> pulumi.Output[dict[str, Any]]:
        """How a deployment is called, where it runs, what it costs, and why."""
        record = planned.record
        facts = {
            "runs_on": record.runs_on,
            "catalogue_model": planned.wish.model,
            "checkpoint": planned.checkpoint,
            "mode": self.records[planned.key]["mode"],
            "paused": planned.wish.paused,
            "placement": record.placement,
            "price_usd_per_hour": str(record.usd_per_hour),
            "price_usd_per_month": str(planned.cost.amounts.expected),
            "reason": record.reason,
        }
        return self.endpoints[planned.key].apply(lambda endpoint: {**endpoint, **facts})

    def _preflight(self) -> None:
        """Asks Google whether quota and zones suffice, before anything is registered."""
        result = run_preflight(
            asks_of(self.plan),
            self.settings.project,
            pulumi.InvokeOptions(provider=self.google),
            skip=self.settings.preflight == "off",
        )
        for note in result.notes:
            pulumi.log.info(note)
        if result.problems:
            file = f"Pulumi.{self.name}.yaml"
            raise SettingsError(self.name, [Problem(file, None, "quota", problem) for problem in result.problems])

    def _tell_changes(self) -> None:
        """Says which deployments will load their model anew, and what the month will cost, against what this stack published
        when it was last updated.
        """
        deployed = deployed_outputs()
        for note in [*reload_notes(deployed.get("records"), self.records), *self.cost.notes(deployed)]:
            pulumi.log.info(note)
        for warning in self.cost.warnings:
            pulumi.log.warn(warning)

    def _on_google(self) -> pulumi.ResourceOptions:
        return self.foundation.options()

    def _on_cluster(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            providers=[self.google, self.kubernetes],
            depends_on=list(needed),
            transformations=[goes_with(self.kubernetes)],
        )

    def _cloud_name(self, service: Service, *parts: str) -> str:
        return cloud_name(service, Scope(self.settings.project, self.name), *parts)

    def _network(self) -> Network:
        ranges = self.settings.ranges
        args = NetworkArgs(
            name=self._cloud_name(Service.COMPUTE),
            region=self.settings.region,
            nodes_range=ranges.nodes,
            pods_range=ranges.pods,
            services_range=ranges.services,
        )
        if ranges.proxies is not None:
            args["proxies_range"] = ranges.proxies
        if self.settings.ingress.exposure != "cluster":
            args["health_check_ports"] = [HEALTH_PORT]
        return Network("network", args, self._on_google())

    def _google_apis(self) -> GoogleApis | None:
        """Where engines find Google's APIs; None where any public address will do."""
        if self.settings.google_apis == "public":
            return None
        args = GoogleApisArgs(
            name=self._cloud_name(Service.COMPUTE, "googleapis"),
            network_id=self.network.network_id,
            reach=self.settings.google_apis,
            labels=self.plan.shared_labels.google(),
        )
        return GoogleApis("google-apis", args, self._on_google())

    def _cluster(self) -> Cluster:
        args = ClusterArgs(
            name=self._cloud_name(Service.CLUSTER),
            project=self.settings.project,
            location=self.settings.cluster_location,
            node_locations=self._node_locations(self.settings.zones),
            network_id=self.network.network_id,
            subnetwork_id=self.network.subnetwork_id,
            node_account_id=self._cloud_name(Service.SERVICE_ACCOUNT, "nodes"),
            system_machine_type=self.settings.cluster.system_machine_type,
            system_nodes_per_zone=self.settings.cluster.system_nodes_per_zone,
            system_node_labels={PRICE_CLASS: class_of_system_nodes(self.settings)},
            usage_metrics=self.settings.cost_monitoring.enabled,
            deletion_protection=self.settings.deletion_protection,
            labels=self.plan.shared_labels.google(),
        )
        if self.settings.cluster.security_group:
            args["security_group"] = self.settings.cluster.security_group
        if maintenance := self.settings.cluster.maintenance:
            args["maintenance_window"] = maintenance.window
        authentication = self.settings.ingress.authentication
        if authentication is not None and authentication.api_keys is not None:
            args["secret_manager"] = True
        if (key := self.foundation.key("cluster")) is not None:
            args["database_encryption_key"] = key
        return Cluster("cluster", args, self._on_google())

    def _node_locations(self, zones: tuple[str, ...]) -> list[str]:
        """System nodes of a zonal cluster stay in its zone, to keep it small; a regional one spreads them."""
        return [zones[0]] if self.settings.cluster.location == "zonal" else list(zones)

    def _pool(self, ladder: PlannedLadder, pool: PlannedPool) -> GpuNodePool:
        record = ladder.record
        if record.machine_type is None or record.boot_disk_type is None:
            raise AssertionError(f"pool {pool.key} stands for a record that is not on GKE")
        args = GpuNodePoolArgs(
            name=self._cloud_name(Service.NODE_POOL, pool.key),
            cluster_name=self.cluster.cluster_name,
            location=self.settings.cluster_location,
            node_locations=list(pool.zones),
            machine_type=record.machine_type,
            accelerator=record.accelerator,
            accelerator_count=record.gpus_of_host,
            max_nodes=pool.max_nodes,
            purchase_option=pool.option,
            boot_disk_type=record.boot_disk_type,
            service_account=self.cluster.node_service_account,
            labels=self.plan.shared_labels.google(),
            node_labels={
                **self.plan.shared_labels.google(),
                POOL_LABEL: ladder.name,
                PRICE_CLASS: class_of_pool(ladder, pool),
                PLATFORM_ACCELERATOR_LABEL: record.accelerator,
            },
        )
        if pool.reservation:
            args["reservation"] = pool.reservation
        if ladder.compute_class:
            args["compute_class"] = ladder.compute_class
        if self.settings.catalogue:
            args["catalogue"] = self.settings.catalogue
        return GpuNodePool(pool.key, args, self._on_google())

    def _nodes(self, ladder: PlannedLadder) -> pulumi.Resource:
        """What a deployment on the ladder waits for: the class that names its pools, or its only pool."""
        pools = [self.pools[pool.key] for pool in ladder.pools]
        if ladder.compute_class is None:
            return pools[0]
        args = ComputeClassArgs(
            name=ladder.compute_class,
            pools=[self._cloud_name(Service.NODE_POOL, pool.key) for pool in ladder.pools],
            labels=self.plan.shared_labels.kubernetes(),
        )
        return ComputeClass(ladder.name, args, self._on_cluster(*pools))

    def _team(self, loaded: LoadedTeam) -> Team:
        team = loaded.team
        in_cluster = [p for p in self.plan.deployments if p.loaded is loaded and p.pool is not None]
        args = TeamArgs(
            namespace=self._cloud_name(Service.NAMESPACE, team.team),
            contact=team.contact,
            project=self.settings.project,
            project_number=self.settings.project_number,
            bucket=self.weights.bucket.bucket_name,
            bucket_name=self.plan.bucket,
            checkpoints=sorted({folder for p in in_cluster for folder in (p.checkpoint, *p.model["reads"])}),
            pod_security=RESTRICTED if all(restricted_user(p.record) for p in in_cluster) else BASELINE,
            workloads=[_workload(planned) for planned in in_cluster],
            labels=self.plan.team_labels[team.team].kubernetes(),
        )
        if team.group:
            args["group"] = team.group
        if team.on_call_group:
            args["on_call_group"] = team.on_call_group
            args["on_call_guard"] = self.serving.on_call_guard.policy_name
        # the workload identity pool exists once the cluster does, and quota of kinds once the kinds do
        needed: list[pulumi.Resource] = [self.cluster, self.serving.stack, self.governance]
        if self.google_apis is not None:
            args["google_apis_range"] = block_of(self.settings.google_apis)
            needed.append(self.google_apis)  # or engines would be kept from the addresses that they find
        return Team(team.team, args, self._on_cluster(*needed))

    def _guard(self, loaded: LoadedTeam, deployments: Mapping[str, pulumi.Resource]) -> TeamGuard:
        team = loaded.team.team
        planned = [one for one in self.plan.deployments if one.loaded is loaded]
        held: list[pulumi.Resource] = [self.teams[team], *(deployments[one.key] for one in planned)]
        held += [self.weights.loaders[load] for one in planned for load in one.loads if load in self.weights.loaders]
        if (budget := self.foundation.team_budgets.get(team)) is not None:
            held.append(budget)
        return TeamGuard(team, held, protect=self.settings.deletion_protection)

    def _on_gke(self, planned: PlannedDeployment, pool: str, team: Team) -> GemmaDeploymentArgs:
        namespace = self._cloud_name(Service.NAMESPACE, planned.loaded.team.team)
        args = GemmaDeploymentArgs(
            name=planned.wish.name,
            namespace_name=namespace,
            namespace=team.namespace,
            service_account=team.service_account,
            pool=pool,
            priority_class=BATCH if planned.wish.workload == "batch" else INTERACTIVE,
            labels=planned.labels.kubernetes(),
            model=planned.model,
            record=self.records[planned.key],
            endpoint=endpoint_on_gke(planned, namespace, self.settings.ingress),
        )
        if planned.standard_mode:
            args["metrics"] = self.serving.metrics
        return args

    def _deployment(self, planned: PlannedDeployment) -> GemmaDeployment | CloudRunModel:
        team = self.teams[planned.loaded.team.team]
        if planned.pool is not None:
            return GemmaDeployment(
                planned.key,
                self._on_gke(planned, planned.pool, team),
                self._on_cluster(team, self.nodes[planned.pool], self.serving.stack),
            )
        parts = (planned.loaded.team.team, planned.wish.name)
        args = CloudRunModelArgs(
            name=self._cloud_name(Service.CLOUD_RUN_SERVICE, *parts),
            account_id=self._cloud_name(Service.SERVICE_ACCOUNT, *parts),
            region=self.settings.region,
            network_id=self.network.network_id,
            subnetwork_id=self.network.subnetwork_id,
            bucket=self.weights.bucket.bucket_name,
            bucket_name=self.plan.bucket,
            checkpoint=planned.checkpoint,
            revision=planned.revision,
            weights=planned.weights_way,
            ingress=self.settings.cloud_run.ingress,
            gpu_quota=self.settings.quota.cloud_run.get(planned.record.accelerator, 0),
            callers=planned.callers,
            deletion_protection=False,  # like one on GKE: it keeps nothing, and its team has a guard
            labels=planned.labels.google(),
            model=planned.with_peak_cost,
            usd_per_month=str(planned.cost.amounts.expected),
            inputs=list(planned.wish.inputs),
            cold_start_seconds=planned.limits.cold_start,
        )
        if planned.wish.stable_revision:
            args["stable_revision"] = planned.wish.stable_revision
        if self.settings.catalogue:
            args["catalogue"] = self.settings.catalogue
        return CloudRunModel(planned.key, args, self._on_google())


def _workload(planned: PlannedDeployment) -> TeamWorkload:
    """What a team's namespace must know of a deployment."""
    record = planned.record
    return TeamWorkload(
        name=planned.wish.name,
        gpus=record.gpu_count,
        vcpu=record.vcpu,
        memory_gib=record.memory_gib,
        min_replicas=record.min_replicas,
        max_replicas=record.max_replicas,
        standard_mode=planned.standard_mode,
        bucket_volumes=bool(planned.model["mounted"]),
        caller_namespaces=list(planned.wish.caller_namespaces),
    )
