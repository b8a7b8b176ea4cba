"""`register`: looks at what a component registers, without an engine or a cloud. Inputs, parents and refusals are seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

from sandbox.providers.kubernetes import schemas
from sandbox.providers.kubernetes.kind_tables import known_definition
from sandbox.providers.sdk_arguments import arguments_of
from sandbox.providers.strict_inputs import failures


@dataclass(frozen=True)
class Registered:
    """One resource as it was registered; `inputs` in camelCase."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    protect: bool
    retained: bool
    dependencies: tuple[str, ...]
    ignored_changes: tuple[str, ...]


@dataclass
class Program:
    """What a component registered, and its outputs."""

    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, resource_type: str) -> list[Registered]:
        """The resources of a type; fails when there is none, so that no loop over them passes unseen."""
        found = [resource for resource in self.resources if resource.type == resource_type]
        assert found, f"no {resource_type} among {sorted({resource.type for resource in self.resources})}"
        return found

    def one(self, resource_type: str) -> Registered:
        """The only resource of a type."""
        (resource,) = self.of(resource_type)
        return resource

    @property
    def children(self) -> list[Registered]:
        """Everything but the component itself."""
        return [resource for resource in self.resources if not resource.type.startswith("gemma-platform:")]


class Computed(Mocks):
    """Answers with the inputs and, unless it is a preview, with what Google computes; refuses all look-ups."""

    def __init__(self, preview: bool) -> None:
        self.preview = preview

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"{args.token} is looked up")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if self.preview:
            return "", args.inputs
        computed = {}
        if args.typ == "gcp:serviceaccount/account:Account":
            email = f"{args.inputs['accountId']}@p.iam.gserviceaccount.com"
            computed = {
                "email": email,
                "member": f"serviceAccount:{email}",
                "name": f"projects/p/serviceAccounts/{email}",
            }
        elif "name" not in args.inputs:
            computed = {"name": f"computed/{args.name}"}
        return f"{args.name}-id", {**args.inputs, **computed}


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks, program: Program) -> None:
        super().__init__(mocks)
        self.program = program

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the remote procedure
        if request.type != "pulumi:pulumi:Stack":
            self.program.resources.append(
                Registered(
                    request.type,
                    request.name,
                    request.parent,
                    rpc.deserialize_properties(request.object),
                    request.protect,
                    request.retainOnDelete,
                    tuple(request.dependencies),
                    tuple(request.ignoreChanges),
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = rpc.deserialize_properties(request.outputs)
        if outputs:  # the stack registers its own, which are none
            self.program.outputs = outputs
        return super().RegisterResourceOutputs(request)


def registered(build: Callable[[], pulumi.Resource], preview: bool = False) -> Program:
    """What `build` registers, in order, with components inside components."""
    program, mocks = Program(), Computed(preview)
    pulumi.runtime.set_mocks(mocks, preview=preview, monitor=_Recorder(mocks, program))

    @pulumi.runtime.test
    def run() -> None:
        build()

    run()
    return program


def register(build: Callable[[], pulumi.Resource], preview: bool = False) -> Program:
    """Registers what `build` makes and waits for all of it. Every component must also bear the checks at the end."""
    program = registered(build, preview)
    component = program.resources[0]
    assert component.type.startswith("gemma-platform:index:")
    assert program.children
    names = [(resource.type, resource.name) for resource in program.resources]
    assert len(names) == len(set(names)), "two resources of one type share a name"
    for resource in program.children:
        assert resource.parent.endswith(f"{component.type}::{component.name}"), f"{resource.name} is not its child"
        assert not resource.type.startswith("pulumi:providers:"), "a component makes no provider"
        assert "serviceaccount/key" not in resource.type, "no key of a service account"
        assert "secretVersion" not in resource.type, "no secret's value"
        arguments = arguments_of(resource.type)
        assert arguments is not None
        wrong = (
            [] if preview else failures(arguments, resource.inputs)
        )  # inputs that a preview does not know are left out
        assert wrong == [], f"{resource.name} has inputs that the SDK does not know"
        role, member = str(resource.inputs.get("role", "")), str(resource.inputs.get("member", ""))
        assert role not in ("roles/owner", "roles/editor", "roles/viewer"), f"{resource.name} grants a basic role"
        assert member not in ("allUsers", "allAuthenticatedUsers"), f"{resource.name} lets in everybody"
    return program


def previews_the_same(build: Callable[[], pulumi.Resource]) -> bool:
    """True when a preview, which knows nothing that Google computes, registers the same resources as an update."""
    seen = [sorted((r.type, r.name) for r in register(build, preview=preview).resources) for preview in (True, False)]
    return seen[0] == seen[1]


def register_objects(build: Callable[[], pulumi.Resource], preview: bool = False) -> Program:
    """What a component of Kubernetes objects registers; each of them must be its child and pass the API's own schema."""
    program = registered(build, preview)
    component = program.resources[0]
    for resource in program.children:
        assert resource.parent.endswith(f"{component.type}::{component.name}"), f"{resource.name} is not its child"
        if resource.type.startswith("kubernetes:"):
            value = {key: member for key, member in resource.inputs.items() if not key.startswith("__")}
            group, kind = value["apiVersion"].partition("/")[0], value["kind"]
            assert schemas.failures(value, known_definition(group, kind)) == [], resource.name
    return program
