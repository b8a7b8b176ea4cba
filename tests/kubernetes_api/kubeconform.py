"""Asks kubeconform what is wrong with Kubernetes objects: kinds, fields, types, what is required, patterns, formats."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.paths import Layout
from sandbox.upstream.go_programs import go_program
from tests.kubernetes_api.schemas import schema_folder

SOURCE = Path(__file__).parents[1] / "tools" / "kubeconform"
PACKAGE = "github.com/yannh/kubeconform/cmd/kubeconform"

#: One error in the text of all, and what it says of an object whose fields are named after it.
AT, ELSEWHERE = re.compile(r"- at '([^']*)': (.*?)(?=\s+- at '|$)"), "validation failed"

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one object: `who` is its kind and name, `path` the field as `/spec/replicas`."""

    who: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.who}: {self.path or 'it'}: {self.reason}"


def validate(manifests: Sequence[Manifest]) -> list[Finding]:
    """Everything that the schemas refuse; an object whose kind has no schema is a finding too. Raises SetupError."""
    return [found for one in validate_each(manifests) for found in one]


def validate_each(manifests: Sequence[Manifest]) -> list[list[Finding]]:
    """The same for each object by itself, in one run."""
    program, schemas = go_program(Layout(), SOURCE, PACKAGE), schema_folder()
    location = f"{schemas}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"
    with tempfile.TemporaryDirectory() as folder:
        for index, manifest in enumerate(manifests):
            Path(folder, f"{index}.json").write_text(json.dumps(manifest), encoding="utf-8")
        answer = subprocess.run(
            [program, "-strict", "-summary", "-output", "json", "-n", "1", "-schema-location", location, folder],
            capture_output=True,
            text=True,
        )
    assert answer.stdout.startswith("{"), answer.stdout + answer.stderr
    report = json.loads(answer.stdout)
    summary = report["summary"]
    seen = summary["valid"] + summary["invalid"] + summary["errors"]
    assert (seen, summary["skipped"]) == (len(manifests), 0), f"{len(manifests)} objects were given, it saw {summary}"
    rows = {int(Path(row["filename"]).stem): row for row in report["resources"] or []}
    return [_findings(manifest, rows[index]) if index in rows else [] for index, manifest in enumerate(manifests)]


def _findings(manifest: Manifest, row: Mapping[str, Any]) -> list[Finding]:
    metadata = manifest.get("metadata") or {}
    name = "/".join(metadata[key] for key in ("namespace", "name") if key in metadata)
    who = f"{manifest.get('apiVersion')} {manifest.get('kind')} {name}"
    # its list of errors ends at the outermost object that is wrong; its text goes down to the fields
    errors = [(path, reason) for path, reason in AT.findall(row["msg"]) if reason != ELSEWHERE]
    return [Finding(who, path, reason) for path, reason in sorted(errors) or [("", row["msg"])]]
