"""The resources that the composer registers for a plan, and how they refer to each other.

The program runs in this process against Pulumi's mocks, as in a preview: no engine, no cloud, no credentials, and whatever
Google would compute is unknown. Inputs of providers are left out, since the SDK fills them from the user's environment.
"""

from __future__ import annotations

import contextvars
import dataclasses
import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import ROOT

from components.package import PACKAGE
from stacks.deployed import READ_OUTPUTS
from stacks.environment import read_environment
from stacks.plan import Plan, make_plan
from stacks.platform import Platform

ACCOUNT = "gcp:serviceaccount/account:Account"
CLUSTER = "gcp:container/cluster:Cluster"
PROVIDER = "pulumi:providers:"
STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Node:
    """One resource as it is registered. `inputs` in camelCase, without what is unknown before an update."""

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    protect: bool
    #: URNs of what it refers to or waits for.
    dependencies: frozenset[str]
    #: The same by input.
    input_dependencies: Mapping[str, frozenset[str]]
    #: URN of the provider that it goes through, empty for a component.
    provider: str

    @property
    def is_component(self) -> bool:
        """True for a component of this project, which is no resource of a cloud."""
        return self.type.startswith(f"{PACKAGE}:")

    @property
    def is_provider(self) -> bool:
        """True for the configuration of a provider."""
        return self.type.startswith(PROVIDER)

    @property
    def kind(self) -> str:
        """Last part of the type."""
        return self.type.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class ResourceGraph:
    """Everything that one environment registers, by URN."""

    plan: Plan
    nodes: dict[str, Node]

    @property
    def environment(self) -> str:
        """Name of the environment."""
        return self.plan.environment.name

    @property
    def resources(self) -> list[Node]:
        """What exists in a cloud, in an order that is always the same."""
        found = [node for node in self.nodes.values() if not node.is_component and not node.is_provider]
        return sorted(found, key=lambda node: (node.type, node.name, node.urn))

    @property
    def guards(self) -> list[Node]:
        """Entries of the stack that are nothing in a cloud and stand there to be protected."""
        return [node for node in self.nodes.values() if node.is_component and node.protect]

    def of(self, *types: str) -> list[Node]:
        """The resources of these types."""
        return [node for node in self.resources if node.type in types]

    def needs(self, node: Node) -> frozenset[str]:
        """URNs of all that must be there before a resource; what its provider needs is among it."""
        through = self.nodes.get(node.provider)
        return node.dependencies | (through.dependencies if through else frozenset())

    def owner(self, node: Node) -> Node:
        """The outermost component that a resource belongs to, or the resource itself."""
        while node.parent in self.nodes:
            node = self.nodes[node.parent]
        return node


def load_plan(root: Path, name: str, today: datetime.date | None = None) -> Plan:
    """The plan of the environment `name` of the project in folder `root`.

    Without `today` it is the day that the settings name, or today.
    """
    environment, day = read_environment(root, name)
    return make_plan(environment, today or day)


def resource_graph(plan: Plan) -> ResourceGraph:
    """Runs the composer for a plan and returns what it registers; the same for the same plan."""
    # Pulumi keeps its settings and the stack in context variables: in a context of its own nothing is left behind
    nodes = contextvars.copy_context().run(_register, plan)
    return ResourceGraph(plan, dict(sorted(nodes.items())))


def _register(plan: Plan) -> dict[str, Node]:
    ROOT.set(None)
    mocks = _Preview(plan.environment.settings.project)
    monitor = _Recorder(mocks)
    silent = logging.Logger("described", level=logging.CRITICAL + 1)  # the plan's warnings are for a preview to show
    pulumi.runtime.set_mocks(
        mocks, project=PACKAGE, stack=plan.environment.name, preview=True, logger=silent, monitor=monitor
    )

    @pulumi.runtime.test  # waits until everything is registered
    def run() -> None:
        Platform(_without_questions(plan))

    run()
    return monitor.nodes


def _without_questions(plan: Plan) -> Plan:
    """The same plan with preflight off: what Google would answer is no part of a description."""
    settings = plan.environment.settings.model_copy(update={"preflight": "off"})
    return dataclasses.replace(plan, environment=dataclasses.replace(plan.environment, settings=settings))


class _Preview(Mocks):
    """Answers as a preview does: with the inputs, and nothing that is computed but what can be told from them."""

    def __init__(self, project: str) -> None:
        self.project = project

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        if args.token == READ_OUTPUTS:
            return {}, []  # nothing was ever deployed
        raise AssertionError(f"the program looks up {args.token}; a description must not ask a cloud")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        state = {key: value for key, value in args.inputs.items() if value is not None}
        if args.typ == ACCOUNT:
            email = f"{state['accountId']}@{state.get('project', self.project)}.iam.gserviceaccount.com"
            state |= {"email": email, "member": f"serviceAccount:{email}", "name": email}
        if args.typ == CLUSTER:
            state.pop("controlPlaneEndpointsConfig", None)  # holds the endpoint, which is known after an update only
        return "", state


class _Recorder(MockMonitor):
    """Notes every registration, with what the mocks do not hand on: parents, dependencies and protection."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.nodes: dict[str, Node] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the remote procedure
        response = super().RegisterResource(request)
        if request.type == STACK:
            return response
        if response.urn in self.nodes:
            raise AssertionError(f"two resources have the URN {response.urn}")
        provider = request.type.startswith(PROVIDER)
        self.nodes[response.urn] = Node(
            urn=response.urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs={} if provider else _known(rpc.deserialize_properties(request.object)),
            protect=request.protect,
            dependencies=frozenset(request.dependencies),
            input_dependencies={
                field: frozenset(found.urns) for field, found in request.propertyDependencies.items() if found.urns
            },
            provider=request.provider.rpartition("::")[0],  # <urn>::<id>
        )
        return response


def _known(value: Any) -> Any:
    """The same without what is unknown, whole numbers as such (they arrive as floats)."""
    if isinstance(value, dict):
        return {key: _known(member) for key, member in value.items() if not isinstance(member, Unknown)}
    if isinstance(value, list):
        return [_known(member) for member in value if not isinstance(member, Unknown)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
