"""What `make demo` says at its end. Everything is read from the engine, the state and the policy pack: nothing is
written down here that could become untrue.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from rich.console import Console
from rich.table import Table

from sandbox.instance import Instance, SandboxError

NOT_COUNTED = ("pulumi:pulumi:", "pulumi:providers:")
PACK_SECONDS = 30.0
NUMBERS = ("Count", "USD a month", "No violation", "Violations")


@dataclass(frozen=True)
class Deployment:
    """One model of one team, from the stack's outputs."""

    name: str
    placement: str
    endpoint: str
    usd_per_month: Decimal
    reason: str


@dataclass(frozen=True)
class Policy:
    """A rule of the pack, and on how many resources it found nothing or something; the engine counts all of them."""

    name: str
    level: str
    passed: int
    failed: int


@dataclass(frozen=True)
class Summary:
    """All that is shown."""

    environment: str
    resources: Mapping[str, int]
    deployments: Sequence[Deployment]
    policies: Sequence[Policy]
    seconds: float


def collect(instance: Instance, project: Path, stack: str, pack: Path, events: Path, seconds: float) -> Summary:
    """Read what the update left behind; raises SandboxError when the engine or the pack does not answer."""
    outputs = _pulumi_json(instance, project, ["stack", "output", "--json", "--stack", stack])
    exported = _pulumi_json(instance, project, ["stack", "export", "--stack", stack])
    lines = events.read_text(encoding="utf-8").splitlines()
    return Summary(
        environment=str(outputs.get("environment", stack)),
        resources=count_kinds(resource["type"] for resource in exported["deployment"].get("resources", [])),
        deployments=read_deployments(outputs.get("deployments", {})),
        policies=judge(levels(instance, project, pack), (json.loads(line) for line in lines)),
        seconds=seconds,
    )


def errors(events: Path) -> list[str]:
    """What the engine reported as errors. It may end with code 0 all the same, after a provider that broke off."""
    found = (json.loads(line).get("diagnosticEvent", {}) for line in events.read_text(encoding="utf-8").splitlines())
    return [each["message"] for each in found if each.get("severity") == "error"]


def count_kinds(types: Iterable[str]) -> dict[str, int]:
    """How many resources there are of each kind, most first, without the engine's own and the providers."""
    kinds = Counter(_short(kind) for kind in types if not kind.startswith(NOT_COUNTED))
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _short(kind: str) -> str:
    """`gcp:container/nodePool:NodePool` as `gcp:container:NodePool`, the way the engine shows types."""
    package, _, rest = kind.partition(":")
    module, _, name = rest.rpartition(":")
    head, slash, tail = module.rpartition("/")
    same = slash and tail.lower() == name.lower()
    return f"{package}:{head if same else module}:{name}"


def read_deployments(output: Mapping[str, Mapping[str, Any]]) -> list[Deployment]:
    """The stack's output `deployments`, in the order of their names."""
    return [
        Deployment(
            name=name,
            placement=str(each["placement"]),
            endpoint=str(each["base_url"]),
            usd_per_month=Decimal(str(each["price_usd_per_month"])),
            reason=str(each["reason"]),
        )
        for name, each in sorted(output.items())
    ]


def judge(known: Mapping[str, str], events: Iterable[Mapping[str, Any]]) -> list[Policy]:
    """Join the pack's policies (name and level) with how the engine says that they were judged."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for event in events:
        for key in ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent"):
            passed.update(event.get(key, {}).get("passed") or [])
            failed.update(event.get(key, {}).get("failed") or [])
    return [Policy(name, level, passed[name], failed[name]) for name, level in sorted(known.items())]


def levels(instance: Instance, project: Path, pack: Path) -> dict[str, str]:
    """Each policy's enforcement level, asked of the pack itself over the protocol that the engine uses.

    The engine's events name only the levels of policies that were violated.
    """
    command = [str(instance.layout.python), "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)]
    with subprocess.Popen(
        command, cwd=project, env=instance.environ(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port.isdigit():
                raise SandboxError(f"the policy pack {pack} does not start")
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = analyzer_pb2_grpc.AnalyzerStub(channel)
                info = stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=PACK_SECONDS)
        except grpc.RpcError as error:
            raise SandboxError(f"the policy pack {pack} does not answer: {error}") from None
        finally:
            process.kill()  # a policy pack never ends by itself
    names = analyzer_pb2.EnforcementLevel.Name
    return {policy.name: names(policy.enforcementLevel).lower() for policy in info.policies}


def _pulumi_json(instance: Instance, project: Path, arguments: Sequence[str]) -> dict[str, Any]:
    command = [instance.pulumi(), *arguments, "--non-interactive"]
    answer = subprocess.run(command, cwd=project, env=instance.environ(), capture_output=True, text=True)
    if answer.returncode != 0:
        raise SandboxError(f"`pulumi {' '.join(arguments)}` failed: {answer.stderr.strip()}")
    return json.loads(answer.stdout)


def show(found: Summary, console: Console) -> None:
    """Print the summary for a person."""
    console.print()
    console.rule(f"[bold]{found.environment}[/bold] is up")
    total = sum(found.resources.values())
    console.print(
        _table(f"{total} resources", ("Kind", "Count"), ((kind, str(n)) for kind, n in found.resources.items()))
    )
    money = sum((each.usd_per_month for each in found.deployments), Decimal(0))
    rows = ((each.name, each.placement, f"{each.usd_per_month:,.2f}", each.reason) for each in found.deployments)
    title = f"{len(found.deployments)} deployments, {money:,.2f} USD a month"
    console.print(_table(title, ("Deployment", "Runs on", "USD a month", "Why"), rows))
    for each in found.deployments:
        console.print(f"  {each.name}: {each.endpoint}", highlight=False, soft_wrap=True)
    rows = ((each.name, each.level, str(each.passed), str(each.failed)) for each in found.policies)
    console.print(_table(f"{len(found.policies)} policies", ("Policy", "Level", "No violation", "Violations"), rows))
    console.print(f"Took {found.seconds:.0f} s. The cloud was a stand-in; the engine, program and policies were real.")
    console.print("Next: [bold]make preview ENV=prod[/bold], [bold]make sandbox-shell[/bold], [bold]make help[/bold]")


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in NUMBERS else "left")
    for row in rows:
        table.add_row(*row)
    return table
