"""Imports point one way, pure code stays pure, what is used is pinned, and the package other teams consume can be described."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypedDict

import pulumi
import pulumi_gcp
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components.package import PACKAGE
from components.schema import COMPONENTS, package_schema
from components.sizing import evidence_report, guide
from components.sizing.catalogue import load_catalogue
from components.sizing.cli import predict, table
from policy.google_label_fields import TARGET, label_fields, render
from stacks.schema import REFERENCE, SCHEMA, render_reference, render_schema

ROOT = Path(__file__).resolve().parents[2]
BANNED = {
    "components/sizing": {"pulumi", "stacks", "policy", "sandbox", "tests"},
    "components/cost": {"pulumi", "stacks", "policy", "sandbox", "tests"},
    "components": {"stacks", "policy", "sandbox", "tests"},
    "policy/rules": {"pulumi", "stacks", "sandbox", "tests"},
    "policy": {"stacks", "sandbox", "tests"},
    "stacks": {"sandbox", "tests"},
    "sandbox": {"tests"},
    ".ci/release": {"pulumi", "components", "stacks", "policy", "sandbox", "tests"},
}
#: A command line stands above the stacks, wherever it lies: this one file of it may read an environment.
ABOVE = {
    "components/sizing/cli/wishes.py": {"stacks"},
    "components/cost/cli/environments.py": {"stacks", "policy"},
    "components/cost/cli/report_environment.py": {"stacks"},
    "components/preview_report/environment.py": {"stacks", "policy"},
    # what an environment allows, and what it waives, stands in its files
    "policy/environment.py": {"stacks"},
    "policy/waivers.py": {"stacks"},
    "policy/plan_check/__main__.py": {"stacks"},
    # it writes its tables as the other generated pages do
    "policy/page.py": {"stacks"},
}

#: Classes of the SDK from packages with many modules, of which an import in the wrong order loses some.
PARTS_OF_THE_SDK = {
    "compute": ("Firewall", "Network", "Subnetwork"),
    "container": ("Cluster", "NodePool"),
    "kms": ("CryptoKey", "CryptoKeyIAMMember", "KeyRing"),
}


def imported(path: Path) -> set[str]:
    """Top-level packages that a file imports; `pulumi_gcp` and the like count as pulumi."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return {"pulumi" if name.startswith("pulumi") else name for name in found}


@pytest.mark.parametrize(("folder", "banned"), BANNED.items())
def test_imports_point_down_only(folder: str, banned: set[str]) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        excused = ABOVE.get(path.relative_to(ROOT).as_posix(), set())
        assert not imported(path) & (banned - excused), path


@pytest.mark.parametrize(
    "module", ["components.sizing", "components.sizing.placement", "policy.rules", "stacks.plan", "stacks.costs"]
)
def test_pure_code_does_not_drag_pulumi_in(module: str) -> None:
    program = f"import {module}, sys; print([m for m in sys.modules if m.startswith('pulumi')])"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("folder", ["components", "stacks", "policy"])
def test_the_product_does_not_know_of_the_sandbox(folder: str) -> None:
    for path in [*(ROOT / folder).rglob("*.py"), ROOT / "__main__.py"]:
        assert "sandbox" not in path.read_text(encoding="utf-8").lower(), path


def pinned(name: str) -> set[str]:
    """Packages that a requirements file pins, by their import-like names."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    for line in lines:
        assert not line or line.startswith("-r ") or "==" in line, f"{name}: {line} is not pinned"
    return {line.split("==")[0].split("[")[0].lower().replace("-", "_") for line in lines if "==" in line}


def test_whatever_the_program_and_the_pack_import_is_pinned_in_requirements_txt() -> None:
    own = {"components", "stacks", "policy"}
    names = {"yaml": "pyyaml", "google": "protobuf", "jinja2": "jinja2"}
    used: set[str] = set()
    for folder in sorted(own):
        for path in (ROOT / folder).rglob("*.py"):
            used |= imported(path)
    third_party = used - own - set(sys.stdlib_module_names) - {"pulumi"}
    assert third_party
    assert {names.get(name, name) for name in third_party} <= pinned("requirements.txt")
    assert {"pulumi", "pulumi_gcp", "pulumi_kubernetes", "pulumi_policy"} <= pinned("requirements.txt")


def test_development_requirements_are_pinned_too() -> None:
    assert {"pytest", "ruff", "pyright", "kubernetes_validate"} <= pinned("requirements-dev.txt")


def test_the_package_schema_describes_every_component_and_argument() -> None:
    schema = package_schema(COMPONENTS)
    assert set(schema["resources"]) == {f"{PACKAGE}:index:{component.__name__}" for component in COMPONENTS}
    described = [*schema["resources"].items(), *schema["types"].items()]
    for token, entry in described:
        fields = entry.get("inputProperties", entry.get("properties", {}))
        assert fields, token
        for name, field in fields.items():
            assert field.get("description"), f"{token}.{name} has no description"
            assert "gcp" not in str(field.get("$ref", "")), f"{token}.{name} is a provider's own class"


def test_arguments_that_a_package_cannot_describe_fail_the_schema() -> None:
    class WrongArgs(TypedDict):
        size: Literal["small", "large"]

    class Wrong(pulumi.ComponentResource):
        def __init__(self, name: str, args: WrongArgs, opts: pulumi.ResourceOptions | None = None) -> None:
            super().__init__("x:index:Wrong", name, {}, opts)

    with pytest.raises(Exception, match="issubclass"):
        ComponentProvider([Wrong], "x")


@pytest.mark.parametrize(
    ("path", "text"), [(SCHEMA, render_schema), (REFERENCE, render_reference)], ids=["schema", "reference"]
)
def test_generated_descriptions_of_the_settings_are_not_stale(path: Path, text) -> None:
    assert path.read_text(encoding="utf-8") == text(), "run `make docs`"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (guide.PAGE, guide.render_guide),
        (ROOT / table.PAGE, table.render_page),
        (ROOT / predict.REPORT, evidence_report.render_report),
    ],
    ids=["guide", "table", "evidence"],
)
def test_generated_pages_about_sizing_are_not_stale(path: Path, text) -> None:
    assert path.read_text(encoding="utf-8") == text(load_catalogue()), "run `make docs`"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_list_of_google_resources_with_labels_is_that_of_the_installed_sdk() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(label_fields()), "run `python -m policy.google_label_fields`"
    # whoever uses the SDK in this process afterwards finds it whole
    classes = [(service, name) for service, names in PARTS_OF_THE_SDK.items() for name in names]
    assert [f"{service}.{name}" for service, name in classes if not hasattr(getattr(pulumi_gcp, service), name)] == []
