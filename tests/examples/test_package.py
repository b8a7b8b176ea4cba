"""The package as Pulumi starts it from its folder, and what it needs where it was fetched."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from components.schema_changes import changes
from components.version import VERSION
from sandbox.paths import ROOT
from tests.sandbox.harness import Sandbox

#: The modules of `google`, a namespace of many distributions, that the package uses: protobuf's.
OF_PROTOBUF = {"google", "google.protobuf", "google._upb"}


def pins(file: Path) -> dict[str, str]:
    """Version by name of what a requirements file pins."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, version in pinned}


def test_the_packages_requirements_are_the_projects_own_versions() -> None:
    wanted, known = pins(ROOT / "components" / "requirements.txt"), pins(ROOT / "requirements.txt")
    assert wanted.items() <= known.items()


@pytest.mark.slow
def test_whatever_the_package_imports_is_in_its_requirements() -> None:
    program = "import components.provider, sys; print('\\n'.join({'.'.join(m.split('.')[:2]) for m in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = set(answer.stdout.split())
    assert {module for module in modules if module.split(".")[0] == "google"} <= OF_PROTOBUF
    owners = packages_distributions()
    used = {
        name for module in modules for name in owners.get(module.split(".")[0], ()) if not module.startswith("google")
    }
    # the standard library loads setuptools where it is there, and nothing needs it
    missing = {name.lower().replace("_", "-") for name in used} - set(pins(ROOT / "components" / "requirements.txt"))
    assert missing <= {"setuptools"}


@pytest.mark.slow
def test_the_engine_reads_the_committed_schema_off_the_package(sandbox: Sandbox) -> None:
    answer = sandbox.pulumi("package", "get-schema", "./components", check=True)
    committed = json.loads((ROOT / "components" / "schema.json").read_text(encoding="utf-8"))
    described = json.loads(answer.stdout)
    assert described["version"] == VERSION
    assert changes(committed, described) == []
