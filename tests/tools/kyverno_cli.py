"""`judge`: what Kyverno itself says of objects, through its command line, for each pair of policy and object.

Its exit codes are no evidence: it ends with 0 for a misspelt kind, field or version and for a file that is not there. So nothing
counts here but a result in its report, which is found by a mark that each object is given.
"""

from __future__ import annotations

import copy
import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.team_namespace import TEAM_LABEL
from sandbox.paths import ROOT, Layout
from sandbox.providers.kubernetes.kind_tables import known_definition
from sandbox.upstream.go_programs import go_program

SOURCE = ROOT / "sandbox" / "cluster" / "modules" / "kyverno"
PACKAGE = "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno"
#: Longer than a run takes; each policy is compiled anew for each object.
RUN_SECONDS = 900

Manifest = Mapping[str, Any]


class KyvernoError(Exception):
    """What Kyverno says when it reports on nothing at all."""


@dataclass(frozen=True)
class Request:
    """An object that somebody asks for, and what the cluster holds already."""

    object: Manifest
    beside: tuple[Manifest, ...] = ()
    operation: str = "CREATE"


@dataclass(frozen=True)
class Answer:
    """What one policy says of one object: pass, fail, skip, warn or error, and in which words."""

    result: str
    message: str


#: Answers by name of the policy; without those that do not match the object.
Answers = dict[str, Answer]


@dataclass
class _Run:
    """Requests that are judged together: each in namespaces of its own, so that none sees what another's cluster holds."""

    operation: str
    objects: dict[tuple[str, str, str], Manifest] = field(default_factory=dict)
    held: list[Manifest] = field(default_factory=list)

    def takes(self, index: int, request: Request) -> bool:
        """True when the request has found its place here; what has no namespace may have another's name."""
        made = _inside(index, request.object)
        metadata = made["metadata"]
        identity = made["kind"], metadata.get("namespace", ""), metadata["name"]
        if request.operation != self.operation or identity in self.objects:
            return False
        self.objects[identity] = {**made, "metadata": {**metadata, "uid": str(index)}}
        self.held += [_inside(index, one) for one in request.beside]
        return True


def judge(
    policies: Sequence[Manifest], requests: Sequence[Request], exceptions: Sequence[Manifest] = ()
) -> list[Answers]:
    """The answers to each request. Raises KyvernoError when Kyverno ends without a report, and SetupError without Go."""
    runs: list[_Run] = []
    for index, request in enumerate(requests):
        if not any(run.takes(index, request) for run in runs):
            runs.append(_Run(request.operation))
            assert runs[-1].takes(index, request)
    answers: list[Answers] = [{} for _ in requests]
    for run in runs:
        for row in _report(policies, run, exceptions):
            (subject,) = row["resources"]
            index = int(subject["uid"])
            # of a policy on pods and the one that Kyverno makes of it for their controllers, only one matches
            assert row["policy"] not in answers[index], f"two answers of {row['policy']} about one object"
            message = row.get("message", "")
            answers[index][row["policy"]] = Answer(
                row["result"], message.replace(_mark(index), "") if index else message
            )
    return answers


def command() -> Path:
    """Kyverno's command line, built when it is not there yet."""
    return _program()


@cache
def _program() -> Path:
    return go_program(Layout(), SOURCE, PACKAGE)


def _mark(index: int) -> str:
    """The first keeps its own namespace, so that one request alone is as it is."""
    return f"-request-{index}" if index else ""


def _inside(index: int, manifest: Manifest) -> dict[str, Any]:
    """An object in a namespace of the request's own; a namespace becomes that namespace."""
    metadata = dict(manifest["metadata"])
    place = "name" if manifest["kind"] == "Namespace" else "namespace"
    if place in metadata:
        metadata[place] += _mark(index)
    return {**manifest, "metadata": metadata}


def _report(policies: Sequence[Manifest], run: _Run, exceptions: Sequence[Manifest]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        _write(folder / "policies.yaml", [_without_subresources(one) for one in policies])
        _write(folder / "objects.yaml", run.objects.values())
        _write(folder / "context.yaml", [_context(run)])
        _write(folder / "values.yaml", [_values(run)])
        line = [_program(), "apply", "policies.yaml", "--resource", "objects.yaml", "--context-file", "context.yaml"]
        line += ["--values-file", "values.yaml", "--policy-report", "--output-format", "json", "--remove-color"]
        if definitions := _definitions(run):
            _write(folder / "definitions.yaml", definitions)
            line += ["--crd-paths", "definitions.yaml"]
        if exceptions:
            _write(folder / "exceptions.yaml", exceptions)
            line += ["--exception", "exceptions.yaml"]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS)
    reports = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if len(reports) != 1:
        raise KyvernoError(f"{len(reports)} reports\n{done.stdout}{done.stderr}".strip())
    return json.loads(reports[0])["results"]


def _write(file: Path, manifests: Iterable[Manifest]) -> None:
    file.write_text(yaml.safe_dump_all([dict(one) for one in manifests], sort_keys=False), encoding="utf-8")


def _marked(index: int, manifest: Manifest) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "uid": str(index)}}


def _without_subresources(policy: Manifest) -> Manifest:
    """The command line knows whole objects only; those that a subresource is judged by are the same."""
    changed = copy.deepcopy(dict(policy))
    for rule in changed.get("spec", {}).get("matchConstraints", {}).get("resourceRules", ()):
        rule["resources"] = sorted({plural.partition("/")[0] for plural in rule["resources"]})
    return changed


def _definitions(run: _Run) -> list[Manifest]:
    """Definitions of the custom kinds of a run, from which their plurals are known; without them Kyverno guesses."""
    kinds = {(one["apiVersion"].rpartition("/")[0], one["kind"]) for one in (*run.objects.values(), *run.held)}
    return [found for group, kind in sorted(kinds) if (found := known_definition(group, kind)) is not None]


def _context(run: _Run) -> Manifest:
    """What policies can read of the cluster."""
    return {
        "apiVersion": "cli.kyverno.io/v1alpha1",
        "kind": "Context",
        "metadata": {"name": "cluster"},
        "spec": {"resources": [one for one in run.held if one["kind"] != "Namespace"]},
    }


def _values(run: _Run) -> Manifest:
    """Namespaces with their labels: where none is said, that of a team which is called like it."""
    names = {namespace for _, namespace, _ in run.objects if namespace}
    labels = {name: {TEAM_LABEL: name.removeprefix("team-").partition("-request-")[0]} for name in names}
    for one in run.held:
        if one["kind"] == "Namespace":
            labels[one["metadata"]["name"]] = one["metadata"].get("labels", {})
    # the API server itself adds the name
    namespaces = [
        {"metadata": {"name": name, "labels": {**own, "kubernetes.io/metadata.name": name}}}
        for name, own in labels.items()
    ]
    return {
        "apiVersion": "cli.kyverno.io/v1alpha1",
        "kind": "Value",
        "metadata": {"name": "cluster"},
        "globalValues": {"request.operation": run.operation},
        "namespaces": namespaces,
    }
