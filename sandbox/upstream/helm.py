"""`rendered`: what a chart makes of values, by the real Helm. No cluster, no chart repository.

Helm is built from the modules that `helm_program/` pins. The charts lie in upstream Go modules (`pins/`); those that their
projects finish at release time only are finished here in a copy. KEDA's module carries no chart: see `keda_keys.yaml`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.versions import CERT_MANAGER, KNATIVE_OPERATOR, Chart
from sandbox.paths import Layout
from sandbox.upstream.go_modules import module_folder
from sandbox.upstream.go_programs import go_program

PACKAGE = "helm.sh/helm/v3/cmd/helm"
SOURCE = Path(__file__).parent / "helm_program"
#: A Helm that is built like this takes the cluster for an old one unless it is told.
KUBERNETES_VERSION = "1.35.3"
#: Longer than any chart takes.
RENDER_SECONDS = 120
#: Module and folder of each chart that a Go module carries.
PLACES = {
    "cert-manager": ("github.com/cert-manager/cert-manager", "deploy/charts/cert-manager"),
    "knative-operator": ("knative.dev/operator", "config/charts/knative-operator"),
    **{
        name: ("github.com/kserve/kserve", f"charts/{name}")
        for name in ("kserve-crd", "kserve-resources", "kserve-runtime-configs")
    },
    "kyverno": ("github.com/kyverno/kyverno", "charts/kyverno"),
}
#: Charts that a chart takes from elsewhere, by chart: module and folder. Those that no module carries are left out.
PARTS = {"kyverno": {"kyverno-api": ("github.com/kyverno/api", "charts/kyverno-api")}}
#: What a release of the project fills in: (file, text, what stands there in the released chart).
FILLED_IN = {
    "cert-manager": (("Chart.yaml", "v0.0.0", CERT_MANAGER.version),),
    "knative-operator": (
        ("Chart.yaml", "{{ version }}", KNATIVE_OPERATOR.version.removeprefix("v")),
        ("values.yaml", "{{ tag }}", KNATIVE_OPERATOR.app_version),
    ),
}


class HelmError(Exception):
    """What Helm says when it refuses."""


def rendered(chart: Chart, values: Mapping[str, Any], namespace: str = "default") -> list[dict[str, Any]]:
    """All objects that the chart makes of `values`, hooks included. Raises HelmError, and SetupError without Go."""
    text = rendered_text(chart, values, namespace)
    return [made for made in yaml.load_all(text, Loader=yaml.CSafeLoader) if made]


def rendered_text(chart: Chart, values: Mapping[str, Any], namespace: str = "default") -> str:
    """The same as Helm prints it."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "values.yaml"
        file.write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
        command = [helm_program(), "template", chart.name, _folder(chart), "--namespace", namespace, "--values", file]
        command += ["--kube-version", KUBERNETES_VERSION, "--include-crds"]
        homes = {f"HELM_{kind}_HOME": str(Path(home) / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        done = subprocess.run(
            command, env={**os.environ, **homes}, capture_output=True, text=True, timeout=RENDER_SECONDS
        )
    if done.returncode != 0:
        raise HelmError(done.stderr.strip())
    return done.stdout


@cache
def values_of(chart: Chart) -> dict[str, Any]:
    """The chart's own values.yaml: its defaults, and with them the keys that it knows."""
    return yaml.safe_load((_folder(chart) / "values.yaml").read_text(encoding="utf-8")) or {}


@cache
def templates_of(chart: Chart) -> str:
    """The text of everything that the chart renders from."""
    folder = _folder(chart)
    parts = sorted(path for place in ("templates", "files") for path in (folder / place).rglob("*") if path.is_file())
    return "\n".join(path.read_text(encoding="utf-8") for path in parts)


def version_of(chart: Chart) -> str:
    """The version that the chart's own Chart.yaml states."""
    return yaml.safe_load((_folder(chart) / "Chart.yaml").read_text(encoding="utf-8"))["version"]


@cache
def helm_program() -> Path:
    """The program that renders charts, built now if it must be. Raises SetupError."""
    return go_program(Layout(), SOURCE, PACKAGE)


@cache
def _place() -> tempfile.TemporaryDirectory[str]:
    """Where the copies of charts lie while the tests run."""
    return tempfile.TemporaryDirectory()


@cache
def _folder(chart: Chart) -> Path:
    """The chart's folder as a release would have it; modules are read-only, so that changes are made in a copy."""
    module, inside = PLACES[chart.name]
    folder = module_folder(module) / inside
    if chart.name not in FILLED_IN and chart.name not in PARTS:
        return folder
    copy = _writable_copy(folder, Path(_place().name) / chart.name)
    if chart.name in PARTS:
        _add_parts(copy, PARTS[chart.name])
    for name, text, released in FILLED_IN.get(chart.name, ()):
        file = copy / name
        content = file.read_text(encoding="utf-8")
        assert text in content, f"{name} of {chart.name} is finished otherwise now"
        file.write_text(content.replace(text, released), encoding="utf-8")
    return copy


def _writable_copy(folder: Path, place: Path) -> Path:
    copy = shutil.copytree(folder, place, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def _add_parts(chart: Path, parts: Mapping[str, tuple[str, str]]) -> None:
    """Puts charts where Helm looks for them, and takes those that are still missing out of the list."""
    for name, (module, inside) in parts.items():
        _writable_copy(module_folder(module) / inside, chart / "charts" / name)
    file = chart / "Chart.yaml"
    described = yaml.safe_load(file.read_text(encoding="utf-8"))
    described["dependencies"] = [one for one in described["dependencies"] if (chart / "charts" / one["name"]).is_dir()]
    file.write_text(yaml.safe_dump(described), encoding="utf-8")
    (chart / "Chart.lock").unlink(missing_ok=True)
