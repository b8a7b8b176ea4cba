"""The pages about Google Cloud are what the program declares, the description touches nothing, and no table is silently short.

The program runs against mocks here, as for the pages: what Google would make of it is not seen.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.cost.money import to_cents
from components.cost.prices import shared_prices
from sandbox.providers.sdk_arguments import arguments_of
from stacks.costs import cost_of
from stacks.describe.deployer_roles import granted_on_project, needed_roles
from stacks.describe.diagram import arrows, components, mermaid
from stacks.describe.identities import GRANTED_ON, grants, identities_table
from stacks.describe.idle_cost import BY_USE, NODE_POOL, idle_lines
from stacks.describe.missing import MissingRowError
from stacks.describe.protected import guards, protected_table
from stacks.describe.quotas import quota_rows
from stacks.describe.resource_graph import CLUSTER, Node, ResourceGraph, load_plan, resource_graph
from stacks.describe.role_table import ROLES
from stacks.google_page import DEPLOYER_PAGE, PAGE, ROOT, environment_graphs, render_deployer_page, render_page
from tests.generated_pages import assert_not_stale

NAT = "gcp:compute/routerNat:RouterNat"


@pytest.fixture(scope="module")
def graphs() -> list[ResourceGraph]:
    """All environments as committed."""
    return environment_graphs()


@pytest.fixture(scope="module")
def dev(graphs: list[ResourceGraph]) -> ResourceGraph:
    return next(graph for graph in graphs if graph.environment == "dev")


@pytest.fixture(scope="module")
def prod(graphs: list[ResourceGraph]) -> ResourceGraph:
    return next(graph for graph in graphs if graph.environment == "prod")


def node(resource_type: str, parent: str = "", protect: bool = False, **inputs: Any) -> Node:
    """A resource called `extra`."""
    urn = f"urn:pulumi:x::y::{resource_type}::extra"
    return Node(urn, resource_type, "extra", parent, inputs, protect, frozenset(), {}, "")


def with_node(graph: ResourceGraph, extra: Node) -> ResourceGraph:
    """The graph with one resource more."""
    return dataclasses.replace(graph, nodes={**graph.nodes, extra.urn: extra})


def test_the_pages_are_not_stale(graphs: list[ResourceGraph]) -> None:
    assert_not_stale(PAGE.read_text(encoding="utf-8"), render_page(graphs))
    assert DEPLOYER_PAGE.read_text(encoding="utf-8") == render_deployer_page(graphs), "run `make docs`"


def test_the_pages_name_every_environment_and_no_place_of_this_machine(graphs: list[ResourceGraph]) -> None:
    page = render_page(graphs)
    for path in ROOT.glob("Pulumi.*.yaml"):
        assert f"\n## {path.name.split('.')[1]}\n" in page
    assert str(ROOT) not in page + render_deployer_page(graphs)
    assert page.count("```mermaid\nflowchart LR\n") == len(graphs)


def test_a_second_run_sees_the_same_whatever_the_users_environment_says(
    dev: ResourceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_PROJECT", "somebody-elses")
    monkeypatch.setenv("KUBECONFIG", "elsewhere")
    before = (pulumi.get_stack(), pulumi.get_project(), pulumi.runtime.get_root_resource())
    assert resource_graph(load_plan(ROOT, "dev")).nodes == dev.nodes
    assert (pulumi.get_stack(), pulumi.get_project(), pulumi.runtime.get_root_resource()) == before


def test_every_resource_is_in_one_box_with_its_number(prod: ResourceGraph) -> None:
    members = components(prod)
    assert sorted(r.urn for found in members.values() for r in found) == sorted(r.urn for r in prod.resources)
    text = mermaid(prod)
    assert text.count('["<b>') == len(members)
    (network,) = [urn for urn in members if prod.nodes[urn].kind == "Network"]
    assert f"<b>Network</b><br/>network<br/>{len(members[network])} resources" in text


def test_an_arrow_is_a_real_reference_that_does_not_follow_from_others(dev: ResourceGraph) -> None:
    drawn = {(dev.nodes[a].kind, dev.nodes[b].kind) for a, b in arrows(dev)}
    assert {("Cluster", "Network"), ("GpuNodePool", "Cluster"), ("CloudRunModel", "ModelBucket")} <= drawn
    assert ("GemmaDeployment", "Cluster") not in drawn, "it follows from the pool"
    assert all(a != b for a, b in arrows(dev))


def test_a_component_reached_through_its_provider_alone_needs_the_cluster(dev: ResourceGraph) -> None:
    (provider,) = [urn for urn in dev.nodes if urn.endswith("pulumi:providers:kubernetes::gke")]
    extra = dataclasses.replace(node("kubernetes:helm.sh/v3:Release"), provider=provider)
    wider = with_node(dev, extra)
    assert {wider.nodes[b].kind for a, b in arrows(wider) if a == extra.urn} == {"Cluster"}


def test_references_in_a_circle_are_all_drawn(dev: ResourceGraph) -> None:
    kinds = {n.kind: n for n in dev.nodes.values() if n.is_component}
    cluster, network = kinds["Cluster"], kinds["Network"]
    circle = dataclasses.replace(network, dependencies=frozenset({cluster.urn}))
    drawn = arrows(dataclasses.replace(dev, nodes={**dev.nodes, network.urn: circle}))
    assert {(cluster.urn, network.urn), (network.urn, cluster.urn)} <= drawn


@pytest.mark.parametrize(
    ("read", "table"),
    [
        (idle_lines, "stacks/describe/idle_cost.py"),
        (lambda graph: needed_roles([graph]), "stacks/describe/role_table.py"),
    ],
    ids=["idle", "roles"],
)
def test_a_type_without_a_row_fails_and_names_the_table(
    dev: ResourceGraph, read: Callable[[ResourceGraph], Any], table: str
) -> None:
    with pytest.raises(MissingRowError, match=f"gcp:redis/instance:Instance.*{table}"):
        read(with_node(dev, node("gcp:redis/instance:Instance")))


def test_a_kind_of_grant_or_a_role_without_a_row_fails(dev: ResourceGraph) -> None:
    unknown = node("gcp:redis/instanceIamMember:InstanceIamMember", role="roles/redis.viewer", member="group:a@b.c")
    with pytest.raises(MissingRowError, match="GRANTED_ON"):
        grants(with_node(dev, unknown))
    odd = node("gcp:projects/iAMMember:IAMMember", role="roles/redis.admin", member="group:a@b.c", project="p")
    with pytest.raises(MissingRowError, match=r"roles/redis\.admin has no row in MAY"):
        identities_table(with_node(dev, odd))


@pytest.mark.parametrize("resource_type", sorted({*ROLES, *GRANTED_ON, *(t for t in BY_USE if t.startswith("gcp:"))}))
def test_every_type_in_a_table_exists(resource_type: str) -> None:
    assert arguments_of(resource_type) is not None


def test_every_grant_of_the_program_is_listed(prod: ResourceGraph) -> None:
    declared = [n for n in prod.resources if {"role", "member"} <= set(n.inputs) or "roleRef" in n.inputs]
    assert len(grants(prod)) == len(declared) > 0
    nodes = [g for g in grants(prod) if g.identity == "service account `gemma-prod-nodes`"]
    assert set() < {g.role for g in nodes} <= set(granted_on_project([prod]))
    assert "Kubernetes service account `team-payments/models`" in identities_table(prod)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (
            "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com",
            "Google's agent `gs-project-accounts`",
        ),
        ("group:a@b.c", "group `a@b.c`"),
        ("serviceAccount:x@p.iam.gserviceaccount.com", "service account `x@p.iam.gserviceaccount.com`"),
        (
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/g/attribute.repository/a/b",
            "outside identities whose repository is `a/b`",
        ),
    ],
)
def test_members_are_named_as_people_call_them(dev: ResourceGraph, member: str, expected: str) -> None:
    extra = node("gcp:projects/iAMMember:IAMMember", role="roles/browser", member=member, project="p")
    assert expected in {grant.identity for grant in grants(with_node(dev, extra))}


def test_an_identity_without_a_grant_is_listed_with_nothing(dev: ResourceGraph) -> None:
    text = identities_table(with_node(dev, node("gcp:serviceaccount/account:Account", accountId="idle")))
    assert "| service account `idle` | nothing |" in text


def test_idle_cost_counts_what_stays(dev: ResourceGraph, prod: ResourceGraph) -> None:
    lines = {line.what: line for line in idle_lines(dev)}
    assert lines["fee of the cluster"].usd == 73
    assert lines["nodes of cluster-system"].usd == Decimal("0.134023") * 730
    assert lines["minimum replicas of support/helpdesk"].usd == 0
    # 41.6 GiB of two checkpoints at USD 0.020
    assert to_cents(lines["bucket models"].usd or Decimal(0)) == Decimal("0.83")
    held = sum(p.record.usd_per_hour * p.record.min_replicas * 730 for p in prod.plan.deployments)
    assert sum(line.usd or 0 for line in idle_lines(prod) if line.what.startswith("minimum")) >= held > 0
    assert all(line.source for line in [*idle_lines(dev), *idle_lines(prod)])


def test_the_idle_table_and_the_least_of_the_planned_month_are_one_number(graphs: list[ResourceGraph]) -> None:
    for graph in graphs:
        known = sum(to_cents(line.usd) for line in idle_lines(graph) if line.usd is not None)
        assert known == cost_of(graph.plan).total.minimum, graph.environment


def test_nat_is_paid_by_machine_up_to_a_limit(dev: ResourceGraph) -> None:
    many = node(NODE_POOL, nodeCount=40, nodeLocations=["a"], nodeConfig={"machineType": "e2-standard-4"})
    (nat,) = [line for line in idle_lines(with_node(dev, many)) if line.what == "Cloud NAT"]
    assert nat.usd == (shared_prices.NAT_MOST_HOUR + shared_prices.NAT_ADDRESS_HOUR) * 730


def test_a_price_that_is_not_known_is_not_invented(dev: ResourceGraph) -> None:
    pool = node(NODE_POOL, nodeCount=2, nodeConfig={"machineType": "n9-odd", "diskType": "hyperdisk-balanced"})
    found = [line for line in idle_lines(with_node(dev, pool)) if "extra" in line.what]
    assert [line.usd for line in found] == [None, None]
    assert all("no price known" in line.how for line in found)


def test_quota_rows_hold_what_the_ladders_need(graphs: list[ResourceGraph]) -> None:
    for graph in graphs:
        rows = quota_rows(graph.plan)
        (ceiling,) = [row for row in rows if row.quota and row.quota.quota_id == "GPUS-ALL-REGIONS-per-project"]
        assert ceiling.needed == sum(ladder.gpus for ladder in graph.plan.ladders) > 0
        on_gke = {row.quota.quota_id for row in rows if row.runtime == "GKE" and row.quota and row is not ceiling}
        kinds = {"preemptible" if quota_id.startswith("PREEMPTIBLE") else "on-demand" for quota_id in on_gke}
        assert kinds == {kind for ladder in graph.plan.ladders for kind in ladder.quota_kinds}
        declared = {*graph.plan.environment.settings.quota.gke, *graph.plan.environment.settings.quota.cloud_run}
        assert declared <= {row.accelerator for row in rows}


def test_protected_resources_are_listed_with_what_keeps_them(dev: ResourceGraph, prod: ResourceGraph) -> None:
    assert protected_table(dev) is None
    (cluster,) = prod.of(CLUSTER)
    assert "`protect`" in guards(cluster)
    assert "`deletion_protection`" in guards(cluster)
    assert "`cluster`" in str(protected_table(prod))
    assert guards(node("gcp:storage/bucket:Bucket")) == ["its objects (`force_destroy` is off)"]
    assert guards(node("gcp:storage/bucket:Bucket", forceDestroy=True)) == []


def test_the_table_of_roles_can_be_read_without_pulumi() -> None:
    program = "import stacks.describe.role_table, sys; print([m for m in sys.modules if m.startswith('pulumi')])"
    answer = subprocess.run([sys.executable, "-c", program], cwd=Path(ROOT), capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
